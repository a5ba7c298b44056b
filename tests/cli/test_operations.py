"""`leadlight operations` and `leadlight imports`: what was done to many leads, and how it ends or is taken back."""

from typing import Any

import pytest

from tests.cli.remote import Remote
from tests.client.conftest import KEY
from tests.client.scripted import Reaction, Scripted, failure, success
from tests.client.shapes import IMPORT, OPERATION
from tests.conftest import Client

RUNNING = {**IMPORT, "status": "running", "processed": 1200, "total": 5000, "finishedAt": None}


def page(name: str, *items: dict[str, Any], after: str | None = None) -> list[Reaction]:
    pagination = {"limit": 20, "hasNext": after is not None, "nextCursor": after}
    return success({name: items, "pagination": pagination})


def test_operations_are_listed() -> None:
    with Scripted(page("operations", OPERATION, after="op_1"), page("operations", OPERATION)) as server:
        told = Remote(server.url, KEY).text("operations", "list", "--kind", "import")

    assert [request.path for request in server.requests] == [
        "/api/v1/operations?kind=import&limit=21",
        "/api/v1/operations?kind=import&limit=21&after=op_1",
    ]
    assert told.count("op_1") == 2
    assert "2026-01-15 10:30:00" in told


def test_no_more_are_asked_for_than_are_wanted() -> None:
    with Scripted(page("operations", OPERATION, {**OPERATION, "id": "op_2"}, after="op_2")) as server:
        result = Remote(server.url, KEY).run("operations", "list", "--limit", "1")

    assert [request.path for request in server.requests] == ["/api/v1/operations?limit=2"]
    assert ("op_1" in result.stdout, "op_2" in result.stdout) == (True, False)
    assert result.stderr == "There are more than these 1; --limit 0 shows all.\n"


def test_an_undo_is_waited_for_and_says_what_it_left() -> None:
    skipped = {"restored": 1199, "skipped": 1, "skippedLeads": [{"id": "lead_1", "reason": "changed"}]}
    undone = {**OPERATION, "status": "undone", **skipped}
    with Scripted(success({**OPERATION, "status": "undoing"}), success(undone)) as server:
        told = Remote(server.url, KEY).text("operations", "undo", "op_1")

    assert "Took back 1,199 of 1,200 leads.\nLeft as they are: 1.\n" in told
    assert "lead_1" in told
    assert "changed" in told


def test_an_undo_is_told_to_programs() -> None:
    with Scripted(success({**OPERATION, "status": "undone", "restored": 1200})) as server:
        told = Remote(server.url, KEY).json("operations", "undo", "op_1")

    assert (told["status"], told["restored"]) == ("undone", 1200)


def test_an_undo_that_comes_too_late_is_told() -> None:
    with Scripted(failure(409, "CONFLICT")) as server:
        assert Remote(server.url, KEY).refusal("operations", "undo", "op_1") == "It can't be done"


def test_imports_are_listed() -> None:
    with Scripted(page("imports", RUNNING)) as server:
        remote = Remote(server.url, KEY)

        assert "people.csv" in remote.text("imports", "list")
        assert [each["processed"] for each in remote.json("imports", "list")] == [1200]


def test_an_import_is_ended_and_its_end_is_waited_for() -> None:
    cancelled = success({**RUNNING, "status": "cancelled"})
    with Scripted(success(RUNNING), success(RUNNING), cancelled) as server:
        told = Remote(server.url, KEY).text("imports", "cancel", "imp_1")

    assert told.splitlines() == [
        "imp_1 is cancelled, after 1,200 rows.",
        "To take back what it stored: leadlight operations undo op_1",
    ]
    assert [request.path for request in server.requests] == [
        "/api/v1/imports/imp_1/cancel",
        "/api/v1/imports/imp_1",
        "/api/v1/imports/imp_1",
    ]


def test_an_import_that_had_not_begun_is_ended_at_once() -> None:
    cancelled = {**IMPORT, "status": "cancelled", "processed": 1, "operationId": None}
    with Scripted(success(cancelled)) as server:
        remote = Remote(server.url, KEY)

        assert remote.text("imports", "cancel", "imp_1") == "imp_1 is cancelled, after 1 row.\n"
        assert remote.json("imports", "cancel", "imp_1") == cancelled


# On a real server


@pytest.mark.engine("sqlite")
def test_an_undo_names_what_was_changed_since(api: Client) -> None:
    remote = Remote(api.url, api.key)
    ids = [api.create(f"Lead {n}")["id"] for n in range(3)]
    done = api.post("/api/v1/leads/batch-update", {"ids": ids, "set": {"status": "lost"}}).json()["data"]
    api.patch(f"/api/v1/leads/{ids[1]}", {"status": "new"})

    told = remote.text("operations", "undo", done["operationId"])

    assert told.startswith("Took back 2 of 3 leads.\nLeft as they are: 1.\n")
    assert ids[1] in told
    assert "changed" in told
    assert remote.json("operations", "list")[0]["status"] == "undone"


@pytest.mark.engine("sqlite")
def test_json_is_what_the_api_answers(api: Client) -> None:
    remote = Remote(api.url, api.key)
    ids = [api.create()["id"]]
    done = api.post("/api/v1/leads/batch-delete", {"ids": ids, "confirm": 1}).json()["data"]["operationId"]

    undone = remote.json("operations", "undo", done)

    assert undone == api.get(f"/api/v1/operations/{done}").json()["data"]
    assert remote.json("operations", "list", "--kind", "batch_delete") == [undone]


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["operations", "undo", "op_nothing"], "No operation with this ID in your workspace"),
        (["operations", "undo", "nothing"], "Invalid operation ID format"),
        (["operations", "list", "--kind", "nothing"], "Validation failed: kind: must be one of merge, import, "),
        (["imports", "cancel", "imp_nothing"], "No import with this ID in your workspace"),
    ],
    ids=str,
)
def test_a_bad_argument_is_told(api: Client, arguments: list[str], sentence: str) -> None:
    assert Remote(api.url, api.key).refusal(*arguments).startswith(sentence)
