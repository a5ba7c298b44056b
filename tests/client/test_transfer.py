"""Files on their way: they stream, a download is whole or not there, an upload is not sent twice."""

import io
import os
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from leadlight.client import InvalidArgument, Leadlight, RateLimited, Unreachable, ValidationFailed
from tests.client.scripted import Scripted, answer, break_off, failure, hang_up, success
from tests.client.shapes import IMPORT
from tests.client.test_retries import BUSY

Connect = Callable[..., Leadlight]

TAKEN = success({**IMPORT, "status": "queued"}, 202)
PART = re.compile(rb'Content-Disposition: form-data; name="(\w+)"(?:; filename="([^"]*)")?[^\r]*\r\n', re.IGNORECASE)


class _Growing(io.BytesIO):
    """Has more in it than it said at first."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(size) or b"more"


class _Shrinking(io.BytesIO):
    """Has less."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(size)[:-1]


def parts(body: bytes) -> list[tuple[str, str]]:
    """Names and file names, in their order."""
    return [(name.decode(), file.decode()) for name, file in PART.findall(body)]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_bytes(b"name,email\nAda,ada@example.com\n")
    return file


# Downloads


def test_a_download_is_written_to_a_file(connect: Connect, tmp_path: Path) -> None:
    with Scripted(answer(200, b"id,name\n")) as server:
        size = connect(server.url).leads.export(tmp_path / "leads.csv", status="new")

    assert server.requests[0].path == "/api/v1/exports/leads?format=csv&status=new"
    assert (size, (tmp_path / "leads.csv").read_bytes()) == (8, b"id,name\n")
    assert names(tmp_path) == ["leads.csv"]


def test_a_download_that_breaks_off_begins_again(connect: Connect, tmp_path: Path) -> None:
    with Scripted(break_off(), BUSY, answer(200, b"whole")) as server:
        connect(server.url).leads.export(tmp_path / "leads.csv")

    assert (tmp_path / "leads.csv").read_bytes() == b"whole"


def test_a_file_is_whole_or_as_it_was(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_bytes(b"as it was")

    with Scripted(break_off()) as server, pytest.raises(Unreachable):
        connect(server.url).leads.export(tmp_path / "leads.csv")

    assert (tmp_path / "leads.csv").read_bytes() == b"as it was"
    assert names(tmp_path) == ["leads.csv"]


def test_a_refused_download_leaves_no_file(connect: Connect, tmp_path: Path) -> None:
    with Scripted(failure(400, "VALIDATION_ERROR")) as server, pytest.raises(ValidationFailed):
        connect(server.url).leads.export(tmp_path / "leads.csv")

    assert names(tmp_path) == []


def test_a_folder_that_is_not_there_is_an_error_of_the_system(connect: Connect, tmp_path: Path) -> None:
    with Scripted(answer(200, b"x")) as server, pytest.raises(FileNotFoundError):
        connect(server.url).leads.export(tmp_path / "nowhere" / "leads.csv")


def test_a_download_goes_into_an_open_stream(connect: Connect) -> None:
    stream = io.BytesIO()

    with Scripted(BUSY, answer(200, b"whole")) as server:
        connect(server.url).leads.export(stream, format="jsonl")

    assert stream.getvalue() == b"whole"


def test_what_a_stream_was_given_is_not_given_twice(connect: Connect) -> None:
    stream = io.BytesIO()

    with Scripted(break_off(b"half"), answer(200, b"whole")) as server, pytest.raises(Unreachable):
        connect(server.url).leads.export(stream)

    assert stream.getvalue() == b"half"


def test_rows_with_errors_are_written_to_a_file(connect: Connect, tmp_path: Path) -> None:
    with Scripted(answer(200, b"_row\n")) as server:
        connect(server.url).imports.errors("imp_1", str(tmp_path / "errors.csv"))

    assert server.requests[0].path == "/api/v1/imports/imp_1/errors"
    assert (tmp_path / "errors.csv").read_bytes() == b"_row\n"


# Uploads


def test_a_file_is_sent_behind_its_options(connect: Connect, people: Path) -> None:
    with Scripted(TAKEN) as server:
        connect(server.url).imports.create(
            people,
            mapping={"Kunde": "name"},
            on_duplicate="update",
            match_on="phone",
            defaults={"source": "fair"},
            dry_run=True,
            webhooks=True,
        )

    body = server.requests[0].body
    options = ["mapping", "onDuplicate", "matchOn", "dryRun", "defaults", "webhooks"]
    assert parts(body) == [*((name, "") for name in options), ("file", "people.csv")]
    assert b'{"Kunde":"name"}' in body
    assert b'{"source":"fair"}' in body
    assert body.count(b"\r\n\r\ntrue\r\n") == 2
    assert b"\r\n\r\nname,email\nAda,ada@example.com\n\r\n" in body
    assert int(server.requests[0].headers["content-length"]) == len(body)


def test_a_ready_made_mapping_is_named(connect: Connect, people: Path) -> None:
    with Scripted(TAKEN) as server:
        connect(server.url).imports.create(people, mapping="hubspot")

    assert parts(server.requests[0].body) == [("mapping", ""), ("file", "people.csv")]
    assert b"\r\n\r\nhubspot\r\n" in server.requests[0].body


def test_an_upload_whose_answer_is_lost_is_not_sent_again(connect: Connect, people: Path) -> None:
    with Scripted(hang_up(), TAKEN) as server, pytest.raises(Unreachable) as lost:
        connect(server.url).imports.create(people)

    assert lost.value.maybe_done
    assert len(server.requests) == 1


def test_an_upload_that_was_refused_for_the_window_is_sent_again_whole(connect: Connect, people: Path) -> None:
    with Scripted(failure(429, "RATE_LIMIT_EXCEEDED"), TAKEN) as server, people.open("rb") as file:
        connect(server.url).imports.create(file)

    first, second = server.requests
    assert b"Ada" in first.body
    assert b"Ada" in second.body
    assert parts(second.body) == [("file", "people.csv")]


def test_a_stream_of_unknown_length_is_sent_in_pieces(connect: Connect) -> None:
    source, sink = os.pipe()
    writer = Thread(target=lambda: _write(sink, b"name\n" * 50_000))
    writer.start()

    with Scripted(TAKEN) as server, os.fdopen(source, "rb") as file:
        connect(server.url).imports.create(file, file_name="people.csv")

    writer.join()
    assert server.requests[0].headers["transfer-encoding"] == "chunked"
    assert server.requests[0].body.count(b"name\n") == 50_000
    assert parts(server.requests[0].body) == [("file", "people.csv")]


def test_a_stream_that_is_used_up_is_not_sent_again(connect: Connect) -> None:
    source, sink = os.pipe()
    _write(sink, b"name\n")

    refusing = Scripted(failure(429, "RATE_LIMIT_EXCEEDED"), TAKEN)
    with refusing as server, os.fdopen(source, "rb") as file, pytest.raises(RateLimited):
        connect(server.url).imports.create(file)

    assert len(server.requests) == 1


def test_a_path_where_no_file_is_is_told_before_anything_is_sent(connect: Connect, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(InvalidArgument, match="there is no file "):
            connect("http://127.0.0.1:1").imports.create(path)


@pytest.mark.parametrize("kind", [_Growing, _Shrinking])
def test_a_file_that_changes_while_it_is_sent_is_told(connect: Connect, kind: type[io.BytesIO]) -> None:
    with Scripted(TAKEN) as server, pytest.raises(InvalidArgument, match="the file changed while it was sent"):
        connect(server.url).imports.create(kind(b"name\n"), file_name="people.csv")

    assert [request for request in server.requests if len(request.body) == int(request.headers["content-length"])] == []


def test_a_large_file_does_not_fill_the_memory(connect: Connect, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(64 << 20)
    with Scripted(TAKEN, keeps_bodies=False) as server:
        client = connect(server.url, timeout_seconds=20)
        tracemalloc.start()
        client.imports.create(large)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert int(server.requests[0].headers["content-length"]) > 64 << 20
    assert peak < 4 << 20


def test_a_large_download_does_not_fill_the_memory(connect: Connect, tmp_path: Path) -> None:
    with Scripted(answer(200, bytes(64 << 20))) as server:
        client = connect(server.url, timeout_seconds=20)
        tracemalloc.start()
        size = client.leads.export(tmp_path / "leads.csv")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert size == (tmp_path / "leads.csv").stat().st_size == 64 << 20
    assert peak < 4 << 20


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
