"""Files that are not what they should be, through the API: each has its answer, and the server goes on."""

import gzip
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from leadlight.imports.run import ImportRun
from tests.conftest import Client, Server
from tests.imports.files import altered, workbook
from tests.imports.uploads import PEOPLE, begin, bring_in, counts, errors, get, kept, leads

WORKBOOK = workbook(["name", "email"], ["Ada", "ada@example.com"])


def zipped(**parts: str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


FAILURES: dict[str, tuple[bytes | str, str]] = {
    "empty": ("", "The file is empty: it needs a line with the names of its columns and rows below."),
    "blank": ("\n \n\t\n", "The file is empty"),
    "empty and compressed": (gzip.compress(b""), "The file is empty"),
    "header only": ("name,email\n", "The file holds the names of its columns, and no rows below them."),
    "header only in a workbook": (workbook(["name", "email"]), "The file holds the names of its columns, and no rows"),
    "without a header": ("\n" + "Ada;1;a\n" * 9, "no column is known to hold an email"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "The file is a PNG image: send the table as CSV, TSV, XLSX"),
    "a document": (b"%PDF-1.7\n", "The file is a PDF document"),
    "a program": (b"\x7fELF" + bytes(range(256)) * 9, "The file is neither text nor an XLSX workbook"),
    "a web page": ("<!DOCTYPE html><html>Sign in</html>", "The file is a web page, perhaps one that asks to sign in"),
    "an archive": (zipped(a="x"), "The file is a ZIP archive: take the file out of it"),
    "a Word document": (zipped(**{"word/document.xml": "x"}), "The file is a Word document"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "The file is an old .xls workbook"),
    "compressed twice": (gzip.compress(gzip.compress(PEOPLE.encode())), "The file is compressed with gzip twice"),
    "a JSON array": ('[{"name": "Ada"}]', "The file is one JSON array: write each object of it on a line of its own"),
    "half a workbook": (WORKBOOK[: len(WORKBOOK) // 2], "The workbook is damaged"),
    "a workbook that says it is larger": (
        altered(WORKBOOK, {"xl/workbook.xml": b"<a>" * 99}),
        "The workbook is damaged",
    ),
    "10,000 columns": (",".join(f"c{i}" for i in range(10_000)) + "\nx\n", "The file has more than 1,000 columns"),
    "NULs in its header": ("na\0me,email\nAda,a@example.com\n", "The names of the columns hold what no text holds"),
    "broken quotes in its header": ('"name,email\nAda,a@example.com\n', "The quotes in the first line do not match"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_file_that_is_none_fails_and_says_why(server: Server, api: Client, kind: str) -> None:
    content, error = FAILURES[kind]

    job = bring_in(api, content)

    assert (job["status"], counts(job), leads(api)) == ("failed", (0, 0, 0, 0), [])
    assert error in job["error"]
    assert job["finishedAt"] is not None
    assert kept(server) == []


def test_of_a_compressed_file_that_breaks_off_nothing_comes_in(api: Client) -> None:
    rows = "".join(f"Person {number},p{number}@example.com\n" for number in range(2_500))

    job = bring_in(api, gzip.compress(("name,email\n" + rows).encode())[:-1000], "people.csv.gz")

    assert (job["status"], counts(job)) == ("failed", (0, 0, 0, 0))
    assert job["error"] == "The gzip file is damaged or cut off: compress it anew, or send it uncompressed."


def test_of_a_workbook_that_is_damaged_somewhere_all_before_that_comes_in(api: Client) -> None:
    rows = [[f"Person {number}", f"p{number}@example.com"] for number in range(1_500)]
    whole = workbook(["name", "email"], *rows)
    with ZipFile(BytesIO(whole)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")

    job = bring_in(api, altered(whole, {"xl/worksheets/sheet1.xml": sheet[:-100]}), "people.xlsx")

    assert (job["status"], job["error"][:23]) == ("failed", "The workbook is damaged")
    assert job["created"] == job["processed"] > 1_400
    assert api.get("/api/v1/leads?limit=1").json()["data"]["pagination"]["total"] == job["created"]
    assert api.get(f"/api/v1/operations/{job['operationId']}").json()["data"]["status"] == "completed"


def bomb(row: str) -> bytes:
    return gzip.compress(b"name,email\n" + row.encode() * 2_000_000)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(bomb("Ada,a@example.com\n"), id="gzip of rows"),
        pytest.param(bomb("a" * 30), id="gzip of one row"),
        pytest.param(altered(WORKBOOK, {"xl/worksheets/sheet1.xml": b"<a>" + b" " * 40_000_000}), id="workbook"),
    ],
)
def test_a_file_that_expands_too_far_is_given_up(start_server: Callable[..., Server], content: bytes) -> None:
    server = start_server(background=False)
    api = server.client(server.workspace())
    job = begin(api, content)

    run_with(server, api, job["id"], max_expanded_bytes=20 << 20)

    job = get(api, job["id"])
    assert (job["status"], job["error"]) == (
        "failed",
        "The file expands to more than 20 MiB: split it into smaller ones.",
    )
    assert kept(server) == []


def run_with(server: Server, api: Client, import_id: str, **limits: int) -> None:
    its = server.services
    run = ImportRun(server.database, its.events, its.intake, its.operation_log, server.clock, **limits)
    server.do(run.run(api.workspace_id, import_id, "test"))


ROWS: dict[str, tuple[bytes | str, tuple[int, int, int, int], list[Any]]] = {
    "duplicate headers": (
        "name,email,note,note\nAda,ada@example.com,a,b\n",
        (1, 0, 0, 0),
        [("Ada", "ada@example.com", {"note": "a", "note (2)": "b"})],
    ),
    "formulas": (
        'name,email,note\n=HYPERLINK("http://x"),ada@example.com,@SUM(1+1)\n',
        (1, 0, 0, 0),
        [('=HYPERLINK("http://x")', "ada@example.com", {"note": "@SUM(1+1)"})],
    ),
    "UTF-16": ("name,email\nÄda,ada@example.com\n".encode("utf-16"), (1, 0, 0, 0), [("Äda", "ada@example.com", {})]),
    "UTF-16 without a mark": (
        "name,email\nÄda,ada@example.com\n".encode("utf-16-le"),
        (1, 0, 0, 0),
        [("Äda", "ada@example.com", {})],
    ),
    "cp1252": ("name,email\nJürgen,j@example.com\n".encode("cp1252"), (1, 0, 0, 0), [("Jürgen", "j@example.com", {})]),
    "NUL": ("name,email\nA\0da,ada@example.com\nBen,b@example.com\n", (1, 0, 0, 1), [("Ben", "b@example.com", {})]),
    "too many cells": (
        "name,email\nAda,a@example.com,x,y\nBen,b@example.com\n",
        (1, 0, 0, 1),
        [("Ben", "b@example.com", {})],
    ),
    "half a surrogate": (
        '{"name": "\\ud800", "email": "a@example.com"}\n{"name": "Ben", "email": "b@example.com"}\n',
        (1, 0, 0, 1),
        [("Ben", "b@example.com", {})],
    ),
    "deep JSON": (
        '{"name": "A", "email": "a@example.com", "x": '
        + "[" * 500
        + "]" * 500
        + '}\n{"name": "Ben", "email": "b@example.com"}\n',
        (1, 0, 0, 1),
        [("Ben", "b@example.com", {})],
    ),
    "10,000 names": (
        '{"name": "Ben", "email": "b@example.com"}\n' + json.dumps({f"c{i}": 1 for i in range(10_000)}) + "\n",
        (1, 0, 0, 1),
        [("Ben", "b@example.com", {})],
    ),
    "metadata of 70 KB": (
        f"name,email,note\nAda,a@example.com,{'x' * 70_000}\nBen,b@example.com,\n",
        (1, 0, 0, 1),
        [("Ben", "b@example.com", {})],
    ),
}


@pytest.mark.parametrize("kind", ROWS)
def test_what_is_wrong_with_a_row_is_that_rows_trouble(api: Client, kind: str) -> None:
    content, expected, stored = ROWS[kind]

    job = bring_in(api, content)

    assert (job["status"], job["error"], counts(job)) == ("completed", None, expected)
    assert leads(api, "name", "email", "metadata") == stored
    assert len(errors(api, job["id"])) == 1 + job["failed"]


def test_formulas_are_neutral_in_the_error_file(api: Client) -> None:
    job = bring_in(api, "name,email,=note\n=cmd|' /C calc'!A0,,+1+1\n")

    assert errors(api, job["id"]) == [
        ["_row", "_line", "_error", "name", "email", "'=note"],
        ["1", "2", "email: is empty, and every lead needs one", "'=cmd|' /C calc'!A0", "", "'+1+1"],
    ]


def test_large_rows_come_back_whole(api: Client) -> None:
    row = "Ada,," + "x" * 60_000 + "\n"

    job = bring_in(api, "name,email,note\n" + row * 60)

    lines = errors(api, job["id"])
    assert (len(lines), {len(line[5]) for line in lines[1:]}) == (61, {60_000})
