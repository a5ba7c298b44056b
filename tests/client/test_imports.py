"""Imports through both clients, on a real server: a file goes in, is watched, and its bad rows come back."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from leadlight.client import Conflict, Import, ImportStatus, Leadlight, NotFound, TooLarge, ValidationFailed
from tests.conftest import Client, MovableClock, Server

pytestmark = pytest.mark.engine("sqlite")

PEOPLE = b"Name;E-Mail;Firma\nAda Park;ada@example.com;Parkside\nBen;ben;\n;cleo@example.com;\nDan;dan@example.com;\n"


def workbook() -> bytes:
    book, file = Workbook(), io.BytesIO()
    book.active.append(["name", "email"])
    book.active.append(["Ada Park", "ada@example.com"])
    book.save(file)
    return file.getvalue()


def taken_in(client: Leadlight, data: bytes, name: str = "people.csv", **options: object) -> Import:
    """An import that has ended."""
    begun = client.imports.create(io.BytesIO(data), file_name=name, **options)  # type: ignore[arg-type]  # any of them
    return client.imports.wait(begun.id)


def test_a_file_becomes_leads(client: Leadlight, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(PEOPLE)
    seen: list[Import] = []

    begun = client.imports.create(tmp_path / "people.csv")
    ended = client.imports.wait(begun.id, on_progress=seen.append)

    assert (begun.file_name, begun.size, begun.has_ended) == ("people.csv", len(PEOPLE), False)
    assert seen[-1] == ended == client.imports.get(begun.id)
    assert (ended.status, ended.format, ended.error) == (ImportStatus.COMPLETED, "csv", None)
    assert ended.mapping == {"Name": "name", "E-Mail": "email", "Firma": "metadata.Firma"}
    assert (ended.processed, ended.total, ended.created, ended.failed) == (4, 4, 2, 2)
    assert (ended.updated, ended.skipped, ended.bytes_read, ended.dry_run) == (0, 0, len(PEOPLE), False)
    assert {lead.email: lead.metadata for lead in client.leads.list()} == {
        "ada@example.com": {"Firma": "Parkside"},
        "dan@example.com": {},
    }


def test_the_bad_rows_come_back_with_their_reasons(client: Leadlight, tmp_path: Path) -> None:
    ended = taken_in(client, PEOPLE)

    size = client.imports.errors(ended.id, tmp_path / "errors.csv")

    assert size == (tmp_path / "errors.csv").stat().st_size
    rows = list(csv.DictReader((tmp_path / "errors.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["_row"], row["_line"], row["Name"], row["E-Mail"]) for row in rows] == [
        ("2", "3", "Ben", "ben"),
        ("3", "4", "", "cleo@example.com"),
    ]
    assert "email" in rows[0]["_error"]


def test_mended_rows_go_in_again(client: Leadlight) -> None:
    ended = taken_in(client, PEOPLE)
    errors = io.BytesIO()
    client.imports.errors(ended.id, errors)

    mended = errors.getvalue().replace(b",ben,", b",ben@example.com,").replace(b",,cleo@", b",Cleo,cleo@")
    again = taken_in(client, mended)

    assert (again.created, again.failed) == (2, 0)
    assert len(list(client.leads.list())) == 4


@pytest.mark.parametrize(
    ("name", "data", "format_"),
    [
        ("people.csv", b"name,email\nAda Park,ada@example.com\n", "csv"),
        ("people.tsv", b"name\temail\nAda Park\tada@example.com\n", "tsv"),
        ("people.jsonl", b'{"name":"Ada Park","email":"ada@example.com"}\n', "jsonl"),
        ("people.xlsx", workbook(), "xlsx"),
        ("people.csv.gz", gzip.compress(b"name,email\nAda Park,ada@example.com\n"), "csv"),
        ("people", "name,email\nAda Park,ada@example.com\n".encode("utf-16"), "csv"),
    ],
    ids=["csv", "tsv", "jsonl", "xlsx", "gz", "utf-16"],
)
def test_every_kind_of_file_is_taken(client: Leadlight, name: str, data: bytes, format_: str) -> None:
    ended = taken_in(client, data, name)

    assert (ended.status, ended.format, ended.created) == (ImportStatus.COMPLETED, format_, 1)
    assert [lead.name for lead in client.leads.list()] == ["Ada Park"]


def test_the_options_hold(client: Leadlight, api: Client) -> None:
    there = api.create("Ada", "ada@example.com", metadata={"customer": "7"})

    ended = taken_in(
        client,
        b"Kunde,E-Mail,Nr,Notes\nAda Park,other@example.com,7,secret\nBen,ben@example.com,8,\n",
        mapping={"Kunde": "name", "Nr": "metadata.customer", "Notes": ""},
        on_duplicate="update",
        match_on="metadata.customer",
        defaults={"source": "fair", "metadata": {"event": "spring"}},
        webhooks=True,
    )

    assert (ended.created, ended.updated, ended.on_duplicate, ended.match_on) == (1, 1, "update", "metadata.customer")
    assert client.leads.get(there["id"]).email == "other@example.com"
    (ben,) = client.leads.list(email="ben@example.com")
    assert (ben.source, ben.metadata) == ("fair", {"customer": "8", "event": "spring"})


def test_the_columns_of_a_known_program_are_known(client: Leadlight) -> None:
    ended = taken_in(client, b"First Name,Last Name,Email\nAda,Park,ada@example.com\n", mapping="hubspot")

    assert ended.created == 1
    assert [lead.name for lead in client.leads.list()] == ["Ada Park"]


def test_a_dry_run_counts_and_stores_nothing(client: Leadlight) -> None:
    ended = taken_in(client, PEOPLE, dry_run=True)

    assert (ended.created, ended.failed, ended.dry_run, ended.operation_id) == (2, 2, True, None)
    assert list(client.leads.list()) == []


def test_an_import_is_taken_back(client: Leadlight) -> None:
    ended = taken_in(client, PEOPLE)

    undone = client.operations.undo(str(ended.operation_id))

    assert (undone.kind, undone.subject_id, undone.restored) == ("import", ended.id, 2)
    assert list(client.leads.list()) == []


def test_an_import_that_waits_is_cancelled(
    start_server: Callable[..., Server], connect_either: Callable[..., Leadlight]
) -> None:
    server = start_server(background=False)
    api = server.client(server.workspace())
    client = connect_either(api.url, api.key)
    begun = client.imports.create(io.BytesIO(PEOPLE))

    cancelled = client.imports.cancel(begun.id)

    assert (cancelled.status, cancelled.processed) == (ImportStatus.CANCELLED, 0)
    assert client.imports.wait(begun.id) == client.imports.cancel(begun.id) == cancelled


def test_an_import_that_has_ended_is_not_cancelled(client: Leadlight) -> None:
    ended = taken_in(client, PEOPLE)

    with pytest.raises(Conflict, match="It has ended already"):
        client.imports.cancel(ended.id)


def test_an_import_that_runs_is_cancelled_and_what_it_stored_stays(client: Leadlight) -> None:
    rows = b"".join(b"Lead %d,%d@example.com\n" % (n, n) for n in range(60_000))
    begun = client.imports.create(io.BytesIO(b"name,email\n" + rows))
    while client.imports.get(begun.id).processed == 0:
        pass

    client.imports.cancel(begun.id)
    ended = client.imports.wait(begun.id)

    assert ended.status == ImportStatus.CANCELLED
    assert 0 < ended.created < 60_000
    assert client.leads.page(1).pagination.total == ended.created


def test_imports_are_listed_newest_first(client: Leadlight, clock: MovableClock) -> None:
    first = taken_in(client, PEOPLE, "first.csv")
    clock.advance(seconds=1)
    second = taken_in(client, PEOPLE, "second.csv")

    assert list(client.imports.list(page_size=1)) == [second, first]


def test_a_file_that_can_not_be_read_says_why(client: Leadlight) -> None:
    ended = taken_in(client, b"\x00\x01\x02\xff" * 100, "people.xlsx")

    assert (ended.status, ended.processed) == (ImportStatus.FAILED, 0)
    assert "neither text nor an XLSX workbook" in str(ended.error)


def test_every_problem_with_the_options_is_told(client: Leadlight) -> None:
    with pytest.raises(ValidationFailed) as refused:
        client.imports.create(
            io.BytesIO(PEOPLE), on_duplicate="nope", match_on="age", mapping="nope", defaults={"email": "a@example.com"}
        )

    fields = {problem.field for problem in refused.value.problems}
    assert fields == {"mapping", "onDuplicate", "matchOn", "defaults.email"}


def test_a_file_that_is_too_large_is_told(
    start_server: Callable[..., Server], connect_either: Callable[..., Leadlight]
) -> None:
    server = start_server(import_max_bytes=1 << 20)
    api = server.client(server.workspace())
    client = connect_either(api.url, api.key)

    with pytest.raises(TooLarge) as refused:
        client.imports.create(io.BytesIO(bytes(8 << 20)))

    assert refused.value.limit == 1 << 20
    assert list(client.imports.list()) == []


def test_an_import_of_another_workspace_is_not_there(client: Leadlight, stranger: Client) -> None:
    with Leadlight(stranger.url, stranger.key) as theirs:
        begun = theirs.imports.create(io.BytesIO(PEOPLE))

    for attempt in (client.imports.get, client.imports.cancel, client.imports.wait):
        with pytest.raises(NotFound):
            attempt(begun.id)
    with pytest.raises(NotFound):
        client.imports.errors(begun.id, io.BytesIO())
