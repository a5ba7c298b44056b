"""Uploads: a multipart body is read as it comes, and all that is wrong with it is named."""

import asyncio
from typing import Any

import pytest

from leadlight.errors import InvalidInput
from leadlight.http.errors import BadRequest, PayloadTooLarge, UnsupportedMediaType
from leadlight.http.upload import Upload

PEOPLE = "name,email\nAda Park,ada@example.com\nBen Ito,ben@example.com\n"
TYPE = b"multipart/form-data; boundary=edge"
END = b"--edge--\r\n"


def part(name: str, content: bytes | str, *, file_name: str | None = None) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    named = "" if file_name is None else f'; filename="{file_name}"'
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"


FILE = part("file", PEOPLE, file_name="people.csv")


def upload(
    body: bytes,
    *,
    piece: int = 1 << 16,
    content_type: bytes = TYPE,
    limit: int = 1 << 20,
    breaks_off: bool = False,
    announced: bytes = b"",
) -> Upload:
    """One whose body comes in pieces."""
    messages = iter(
        [
            {"type": "http.request", "body": body[at : at + piece], "more_body": breaks_off or at + piece < len(body)}
            for at in range(0, max(1, len(body)), piece)
        ]
    )

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    return Upload(receive, content_type, names=("mapping", "defaults"), limit=limit, announced=announced)


async def taken(upload: Upload) -> tuple[dict[str, str], str, bytes]:
    await upload.begin()
    return upload.texts, upload.file_name, b"".join([piece async for piece in upload.pieces()])


async def refused(upload: Upload) -> list[tuple[str, str]]:
    """The problems that it is refused for."""
    with pytest.raises(InvalidInput) as error:
        await taken(upload)
    return [(problem.field, problem.code) for problem in error.value.problems]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 1 << 16])
async def test_texts_and_the_file_are_the_same_however_they_are_cut(piece: int) -> None:
    content = b"--edge\r\n-edge--\r\n\r\n--edg\x00\xff" * 3
    body = part("mapping", "hubspot") + part("defaults", "ü") + part("file", content, file_name="ü.csv") + END

    assert await taken(upload(body, piece=piece)) == (
        {"mapping": "hubspot", "defaults": "ü"},
        "ü.csv",
        content[:0] + content,
    )


async def test_a_file_of_no_bytes_is_a_file() -> None:
    assert await taken(upload(part("file", b"", file_name="a.csv") + END)) == ({}, "a.csv", b"")


async def test_what_stands_before_and_behind_the_form_is_left_out() -> None:
    assert await taken(upload(b"\r\n" + FILE + END + b"epilogue" * 1000)) == ({}, "people.csv", PEOPLE.encode())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\leads\\people.csv", "people.csv"),
        ("a\x00b\x1b[31m.csv", "ab[31m.csv"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
        ("", ""),
        ("..", ".."),
    ],
)
async def test_a_file_name_is_no_path_and_holds_no_control_characters(given: str, expected: str) -> None:
    _, name, _ = await taken(upload(part("file", b"x", file_name=given) + END))

    assert name == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (part("mapping", "{}") + END, [("file", "required")]),
        (END, [("file", "required")]),
        (FILE + FILE + END, [("file", "order")]),
        (FILE + part("mapping", "{}") + END, [("mapping", "order")]),
        (FILE + part("colour", "blue") + END, [("colour", "order")]),
        (part("colour", "blue") + FILE + END, [("colour", "unknown_field")]),
        (part("mapping", "a") + part("mapping", "b") + FILE + END, [("mapping", "duplicate")]),
        (part("mapping", b"\xff") + FILE + END, [("mapping", "invalid_encoding")]),
        (part("mapping", b"x" * 262_145) + FILE + END, [("mapping", "too_long")]),
        (part("", "x") + FILE + END, [("(a part without a name)", "unknown_field")]),
        (b"--edge\r\n\r\nx\r\n" + FILE + END, [("(a part without a name)", "unknown_field")]),
        (
            part("colour", "blue") + part("mapping", b"\xff") + part("mapping", "{}") + END,
            [
                ("colour", "unknown_field"),
                ("mapping", "invalid_encoding"),
                ("mapping", "duplicate"),
                ("file", "required"),
            ],
        ),
    ],
)
async def test_every_problem_of_the_parts_is_named(body: bytes, expected: list[tuple[str, str]]) -> None:
    assert await refused(upload(body)) == expected


async def test_of_a_flood_of_parts_the_first_problems_are_told() -> None:
    assert len(await refused(upload(part("x", "") * 10_000 + FILE + END))) == 20


async def test_a_file_that_begins_too_late_is_refused() -> None:
    body = b"".join(part(name, b"x" * 1_500_000) for name in ("mapping", "defaults"))

    assert await refused(upload(body + FILE + END)) == [("mapping", "too_long"), ("file", "too_large")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--edg",
        FILE[:20],
        FILE[:-10],
        FILE,
        FILE + b"--edge",
        part("mapping", "{}")[:-3],
    ],
)
@pytest.mark.parametrize("breaks_off", [False, True], ids=["ended", "disconnected"])
async def test_a_body_that_breaks_off_is_no_file(body: bytes, breaks_off: bool) -> None:
    with pytest.raises(BadRequest, match="The body broke off before its end: send it again"):
        await taken(upload(body, breaks_off=breaks_off))


async def test_a_client_that_leaves_behind_the_form_has_not_sent_what_it_announced() -> None:
    with pytest.raises(BadRequest, match="broke off"):
        await taken(upload(FILE + END, breaks_off=True))


async def test_a_client_that_sends_nothing_for_long_is_not_waited_for() -> None:
    async def receive() -> Any:
        await asyncio.sleep(60)

    waiting = Upload(receive, TYPE, names=(), limit=99, idle_seconds=0.01)

    with pytest.raises(BadRequest, match=r"Nothing came for 0.01 seconds: send it again"):
        await waiting.begin()


@pytest.mark.parametrize(
    "body",
    [
        b"--other\r\n\r\nx\r\n--other--\r\n",
        b"{}",
        b"\x1f\x8b" * 100,
        b"--edge\r\nContent Disposition: form-data\r\n\r\n",
        b"--edge\r\n: x\r\n\r\n",
        b"--edge\r\n" + b"X-Header: y\r\n" * 100 + b"\r\n",
        b"--edge\r\nContent-Disposition: form-data; name=" + b"x" * 10_000,
        b"--edge\r\n" + b"x" * 10_000,
        b"--edge\nContent-Disposition: form-data; name=a\n\nb\n--edge--\n",
    ],
)
async def test_what_is_no_form_is_told_as_such(body: bytes) -> None:
    with pytest.raises(BadRequest, match=r"The body is not multipart/form-data as it should be: "):
        await taken(upload(body))


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"text/csv",
        b"application/json",
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/mixed; boundary=a",
        b"\xff;;=",
    ],
)
def test_another_kind_of_body_is_told_what_to_send(content_type: bytes) -> None:
    with pytest.raises(UnsupportedMediaType) as error:
        upload(b"", content_type=content_type)

    assert error.value.message == "Send multipart/form-data with a boundary, and in it the part `file` last"


def test_a_boundary_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadRequest, match="The body's boundary can't be used"):
        upload(b"", content_type=b"multipart/form-data; boundary=" + b"x" * 300)


async def test_a_file_that_is_too_large_ends_there() -> None:
    body = part("file", b"x" * 101, file_name="a") + END

    with pytest.raises(PayloadTooLarge) as error:
        await taken(upload(body, limit=100))
    assert error.value.details == {"limit": 100}
    assert len((await taken(upload(body, limit=101)))[2]) == 101


def test_a_file_that_is_announced_as_too_large_is_not_waited_for() -> None:
    with pytest.raises(PayloadTooLarge):
        upload(b"", limit=100, announced=b"99999999999")
    upload(b"", limit=100, announced=b"1000")


async def test_pieces_are_handed_on_as_they_come() -> None:
    large = upload(part("file", b"x" * 1_000_000, file_name="a") + END, piece=10_000)
    await large.begin()

    sizes = [len(piece) async for piece in large.pieces()]

    assert (sum(sizes), max(sizes) <= 10_000) == (1_000_000, True)
