"""Imports over the API: a file is taken, worked through, watched, cancelled, and its bad rows are handed back."""

import gzip
import time
from collections.abc import Callable
from typing import Any

import pytest

from leadlight.principal import Scope
from tests.conftest import Client, Server, problems_of
from tests.imports.files import workbook
from tests.imports.uploads import (
    IMPORTS,
    PEOPLE,
    begin,
    bring_in,
    counts,
    end_of,
    errors,
    get,
    kept,
    leads,
    send,
    wait_for,
    work_on,
)

MANY = "name,email\n" + "".join(f"Person {number},p{number}@example.com\n" for number in range(30_000))


@pytest.fixture
def idle(start_server: Callable[..., Server]) -> Server:
    """Works on no import until it is told to."""
    return start_server(background=False)


def key(server: Server, *scopes: Scope) -> Client:
    return server.client(server.workspace(), *scopes)


def test_a_file_is_taken_and_answered_with_where_to_look(idle: Server) -> None:
    api = key(idle)

    response = send(api, PEOPLE, "people.csv")

    job = response.json()["data"]
    assert response.status_code == 202
    assert response.headers["Location"] == f"{IMPORTS}/{job['id']}"
    assert job == {
        "id": job["id"],
        "status": "queued",
        "fileName": "people.csv",
        "format": None,
        "size": len(PEOPLE),
        "dryRun": False,
        "onDuplicate": "create",
        "matchOn": "email",
        "mapping": None,
        "processed": 0,
        "total": None,
        "created": 0,
        "updated": 0,
        "skipped": 0,
        "failed": 0,
        "bytesRead": 0,
        "ratePerSecond": 0,
        "error": None,
        "operationId": None,
        "createdAt": "2026-01-15T10:30:00.000Z",
        "startedAt": None,
        "finishedAt": None,
    }
    assert get(api, job["id"]) == job


def test_its_end_tells_what_became_of_the_rows(api: Client) -> None:
    job = bring_in(api, "Full name;E-Mail;Firma\nAda;ada@example.com;Parkside\nBen;nobody;Ito KG\n", "leads.csv")

    assert job == {
        "id": job["id"],
        "status": "completed",
        "fileName": "leads.csv",
        "format": "csv",
        "size": 70,
        "dryRun": False,
        "onDuplicate": "create",
        "matchOn": "email",
        "mapping": {"Full name": "name", "E-Mail": "email", "Firma": "metadata.Firma"},
        "processed": 2,
        "total": 2,
        "created": 1,
        "updated": 0,
        "skipped": 0,
        "failed": 1,
        "bytesRead": 70,
        "ratePerSecond": job["ratePerSecond"],
        "error": None,
        "operationId": job["operationId"],
        "createdAt": "2026-01-15T10:30:00.000Z",
        "startedAt": "2026-01-15T10:30:00.000Z",
        "finishedAt": "2026-01-15T10:30:00.000Z",
    }
    assert job["operationId"].startswith("op_")
    [lead] = leads(api)
    assert (lead["name"], lead["source"], lead["metadata"]) == ("Ada", "import", {"Firma": "Parkside"})


FILES: dict[str, tuple[str | bytes, str]] = {
    "people.csv": (PEOPLE, "csv"),
    "people.tsv": (PEOPLE.replace(",", "\t"), "tsv"),
    "people.txt": (PEOPLE.replace(",", ";"), "csv"),
    "people.xlsx": (
        workbook(["name", "email"], ["Ada Park", "ada@example.com"], ["Ben Ito", "ben@example.com"]),
        "xlsx",
    ),
    "people.jsonl": (
        '{"name": "Ada Park", "email": "ada@example.com"}\n{"name": "Ben Ito", "email": "ben@example.com"}\n',
        "jsonl",
    ),
}


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("name", FILES)
def test_each_format_is_told_by_what_the_file_holds(api: Client, name: str, compressed: bool) -> None:
    content, expected = FILES[name]
    data = content.encode() if isinstance(content, str) else content

    job = bring_in(api, gzip.compress(data) if compressed else data, f"{name}.gz" if compressed else "whatever")

    assert (job["status"], job["format"], counts(job)) == ("completed", expected, (2, 0, 0, 0))
    assert leads(api, "name", "email") == [("Ada Park", "ada@example.com"), ("Ben Ito", "ben@example.com")]


def test_bad_rows_come_back_with_their_number_their_line_and_why(api: Client) -> None:
    content = 'name,email,note\nAda,ada@example.com,"two\nlines"\n,ben@example.com,=1+1\nCleo,nobody,x\n'

    job = bring_in(api, content)

    response = api.get(f"{IMPORTS}/{job['id']}/errors")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"{job['id']}-errors.csv" in response.headers["Content-Disposition"]
    assert errors(api, job["id"]) == [
        ["_row", "_line", "_error", "name", "email", "note"],
        ["2", "4", "name: is empty, and every lead needs one", "", "ben@example.com", "'=1+1"],
        [
            "3",
            "5",
            "email: must be a valid email address: An email address must have an @-sign.",
            "Cleo",
            "nobody",
            "x",
        ],
    ]


def test_the_error_file_once_mended_is_a_file_like_any_other(api: Client) -> None:
    first = bring_in(api, "name,email,note\nAda,,=1+1\nBen,,'tis\nCleo,c@example.com,3\n")
    mended = api.get(f"{IMPORTS}/{first['id']}/errors").text.replace(",Ada,,", ",Ada,a@example.com,")

    second = bring_in(api, mended.replace(",Ben,,", ",Ben,b@example.com,"), "errors.csv")

    assert counts(second) == (2, 0, 0, 0)
    assert leads(api, "name", "metadata")[1:] == [("Ada", {"note": "=1+1"}), ("Ben", {"note": "'tis"})]


def test_without_bad_rows_the_error_file_has_its_header(api: Client) -> None:
    job = bring_in(api)

    assert errors(api, job["id"]) == [["_row", "_line", "_error", "name", "email"]]


def test_the_file_is_gone_once_its_import_has_ended(server: Server, api: Client) -> None:
    for content in (PEOPLE, "", "name,email\n" + "x" * 100):
        bring_in(api, content)

    assert kept(server) == []


def test_imports_are_listed_newest_first_page_by_page(idle: Server) -> None:
    api = key(idle)
    ids = [begin(api, name=f"{number}.csv")["id"] for number in range(3)]

    first = api.get(f"{IMPORTS}?limit=2").json()["data"]
    second = api.get(f"{IMPORTS}?limit=2&after={first['pagination']['nextCursor']}").json()["data"]

    assert [job["id"] for job in first["imports"]] == [ids[2], ids[1]]
    assert first["pagination"] == {"limit": 2, "hasNext": True, "nextCursor": ids[1]}
    assert [job["id"] for job in second["imports"]] == [ids[0]]
    assert second["pagination"] == {"limit": 2, "hasNext": False, "nextCursor": None}


def test_what_is_not_a_cursor_or_a_limit_is_named(api: Client) -> None:
    response = api.get(f"{IMPORTS}?after=lead_1&limit=0&page=2")

    assert problems_of(response) == {"after": "invalid_cursor", "limit": "out_of_range", "page": "unknown_parameter"}


def test_one_that_waits_is_cancelled_at_once(idle: Server) -> None:
    api = key(idle)
    job = begin(api)

    cancelled = api.post(f"{IMPORTS}/{job['id']}/cancel")
    work_on(idle, api, job["id"])

    assert (cancelled.status_code, cancelled.json()["data"]["status"]) == (200, "cancelled")
    assert cancelled.json()["data"]["finishedAt"] == "2026-01-15T10:30:00.000Z"
    assert (get(api, job["id"])["status"], leads(api)) == ("cancelled", [])


def test_the_file_of_one_that_was_cancelled_while_it_waited_is_removed_later(idle: Server) -> None:
    api = key(idle)
    api.post(f"{IMPORTS}/{begin(api)['id']}/cancel")

    idle.do(idle.services.imports.clean(kept_days=30))

    assert kept(idle) == []


def test_one_that_runs_ends_soon_and_what_it_took_in_stays(server: Server, api: Client) -> None:
    job = begin(api, MANY)
    wait_for(api, job["id"], lambda found: found["processed"])

    asked = api.post(f"{IMPORTS}/{job['id']}/cancel")
    again = api.post(f"{IMPORTS}/{job['id']}/cancel")
    ended = end_of(api, job["id"])
    late = api.post(f"{IMPORTS}/{job['id']}/cancel")

    assert (late.status_code, late.json()["data"]) == (200, ended)
    assert (asked.status_code, again.status_code, ended["status"]) == (200, 200, "cancelled")
    assert 0 < ended["created"] < 30_000
    assert api.get("/api/v1/leads?limit=1").json()["data"]["pagination"]["total"] == ended["created"]
    operation = api.get(f"/api/v1/operations/{ended['operationId']}").json()["data"]
    assert (operation["status"], operation["leads"]) == ("completed", ended["created"])
    assert kept(server) == []


def test_one_that_has_ended_can_not_be_cancelled(api: Client) -> None:
    job = bring_in(api)

    response = api.post(f"{IMPORTS}/{job['id']}/cancel")

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert get(api, job["id"])["status"] == "completed"


def test_one_that_was_let_go_while_it_was_to_end_ends_without_a_row(idle: Server) -> None:
    api = key(idle)
    job = begin(api)
    idle.do(idle.database.write(_set_running, job["id"]))

    api.post(f"{IMPORTS}/{job['id']}/cancel")
    work_on(idle, api, job["id"])

    assert (get(api, job["id"])["status"], leads(api), kept(idle)) == ("cancelled", [], [])


async def _set_running(tx: Any, import_id: str) -> None:
    """As a process leaves it that was killed."""
    await tx.execute("UPDATE imports SET status = 'running', runner = 'x' WHERE id = :id", id=import_id)


def test_the_files_of_a_workspace_come_in_one_after_another(idle: Server) -> None:
    api = key(idle)
    first, second = begin(api), begin(api)

    work_on(idle, api, second["id"])
    assert get(api, second["id"])["status"] == "queued"
    work_on(idle, api, first["id"])
    work_on(idle, api, second["id"])

    assert [get(api, job["id"])["status"] for job in (first, second)] == ["completed", "completed"]


def test_an_import_counts_as_one_request(server: Server, api: Client) -> None:
    limited = server.client(api.workspace_id, rate_limit=2)

    responses = [send(limited) for _ in range(3)]

    assert [response.status_code for response in responses] == [202, 202, 429]
    assert [response.headers["X-RateLimit-Remaining"] for response in responses] == ["1", "0", "0"]


CALLS = [("POST", ""), ("GET", ""), ("GET", "/{id}"), ("GET", "/{id}/errors"), ("POST", "/{id}/cancel")]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_without_a_key_nothing_is_told(api: Client, method: str, path: str) -> None:
    job = bring_in(api)

    response = api.request(
        method,
        IMPORTS + path.format(**job),
        headers={"Authorization": ""},
        files={"file": ("f", PEOPLE)} if method == "POST" else None,
    )

    assert response.status_code == 401
    assert job["id"] not in response.text


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_key_needs_the_scope(server: Server, api: Client, method: str, path: str) -> None:
    job = bring_in(api)
    scope = Scope.LEADS_READ if method == "POST" else Scope.LEADS_WRITE
    client = server.client(api.workspace_id, scope)

    response = client.request(
        method, IMPORTS + path.format(**job), files={"file": ("f", PEOPLE)} if method == "POST" else None
    )

    assert (response.status_code, response.json()["code"]) == (403, "INSUFFICIENT_SCOPE")
    assert len(api.get(IMPORTS).json()["data"]["imports"]) == 1


@pytest.mark.parametrize(("method", "path"), CALLS[2:])
def test_another_workspaces_import_is_not_there(api: Client, stranger: Client, method: str, path: str) -> None:
    job = begin(api)

    response = stranger.request(method, IMPORTS + path.format(**job))

    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    assert response.json()["details"] == {"importId": job["id"]}
    assert end_of(api, job["id"])["status"] == "completed"
    assert stranger.get(IMPORTS).json()["data"]["imports"] == []


def test_what_is_no_id_of_an_import_is_refused(api: Client) -> None:
    response = api.get(f"{IMPORTS}/lead_1")

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ID_FORMAT")


@pytest.mark.slow
def test_a_large_import_is_not_in_the_way_of_another_workspaces(api: Client, stranger: Client) -> None:
    large = begin(api, MANY)
    wait_for(api, large["id"], lambda found: found["processed"])
    started = time.monotonic()

    assert bring_in(stranger)["status"] == "completed"

    assert time.monotonic() - started < 5
    assert get(api, large["id"])["status"] == "running"
    api.post(f"{IMPORTS}/{large['id']}/cancel")
