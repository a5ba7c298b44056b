"""GET /api/v1/operations, GET …/{operationId} and POST …/undo: what changed many leads, looked at and taken back."""

import pytest
import requests

from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server, problems_of
from tests.operations.changes import create, delete, undo, update

PATH = "/api/v1/operations"


def listed(api: Client, query: str = "") -> list[str]:
    return [operation["id"] for operation in api.get(f"{PATH}{query}").json()["data"]["operations"]]


def test_an_operation_is_told_with_who_did_it_and_until_when_it_can_be_undone(api: Client, clock: MovableClock) -> None:
    leads = create(api, 3)
    operation_id = update(api, leads, status="lost")
    api.delete(f"/api/v1/leads/{leads[0]['id']}")
    api.patch(f"/api/v1/leads/{leads[1]['id']}", {"name": "Changed"})
    clock.advance(seconds=60)
    undo(api, operation_id)

    response = api.get(f"{PATH}/{operation_id}")

    assert response.json() == {
        "success": True,
        "data": {
            "id": operation_id,
            "kind": "batch_update",
            "status": "undone",
            "actor": {"type": "api_key", "id": api.key_id},
            "subjectId": None,
            "leads": 3,
            "createdAt": "2026-01-15T10:30:00.000Z",
            "undoUntil": "2026-02-14T10:30:00.000Z",
            "undoneAt": "2026-01-15T10:31:00.000Z",
            "restored": 1,
            "skipped": 1,
            "skippedLeads": [{"id": leads[1]["id"], "reason": "changed"}],
        },
    }


def test_the_newest_are_listed_first(api: Client, clock: MovableClock) -> None:
    leads = create(api, 2)
    operations = []
    for status in ("lost", "new", "contacted"):
        clock.advance(seconds=1)
        operations.append(update(api, leads, status=status))

    assert listed(api) == operations[::-1]


def test_a_page_goes_on_where_the_one_before_ended(api: Client) -> None:
    leads = create(api, 1)
    operations = [update(api, leads, name=f"n{number}!") for number in range(5)]

    first = api.get(f"{PATH}?limit=2").json()["data"]
    second = api.get(f"{PATH}?limit=3&after={first['pagination']['nextCursor']}").json()["data"]

    assert [operation["id"] for operation in first["operations"]] == operations[:2:-1]
    assert first["pagination"] == {"limit": 2, "hasNext": True, "nextCursor": operations[3]}
    assert [operation["id"] for operation in second["operations"]] == operations[2::-1]
    assert second["pagination"] == {"limit": 3, "hasNext": False, "nextCursor": None}


def test_only_those_of_a_kind_are_listed_if_asked(api: Client) -> None:
    leads = create(api, 3)
    updated, deleted = update(api, leads, status="lost"), delete(api, leads[:1])
    body = {"duplicateId": leads[2]["id"]}
    merged = api.post(f"/api/v1/leads/{leads[1]['id']}/merge", body).json()["data"]["operationId"]

    found = [listed(api, f"?kind={kind}") for kind in ("batch_update", "batch_delete", "merge", "import")]

    assert found == [[updated], [deleted], [merged], []]


def test_a_list_does_not_tell_which_leads_were_skipped(api: Client) -> None:
    update(api, create(api, 1), status="lost")

    assert "skippedLeads" not in api.get(PATH).json()["data"]["operations"][0]


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("POST", "/undo")])
def test_says_the_same_of_another_workspaces_operation_as_of_none(
    api: Client, stranger: Client, method: str, suffix: str
) -> None:
    leads = create(stranger, 1)
    theirs = update(stranger, leads, status="lost")

    answers = []
    for operation_id in (theirs, "op_none"):
        response = api.request(method, f"{PATH}/{operation_id}{suffix}", headers={"X-Request-Id": "r"})
        assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
        answers.append(response.text.replace(operation_id, "?"))

    assert answers[0] == answers[1]
    assert listed(api) == []
    assert stranger.get(f"/api/v1/leads/{leads[0]['id']}").json()["data"]["status"] == "lost"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?limit=0", {"limit": "out_of_range"}),
        ("?limit=101&kind=undo", {"limit": "out_of_range", "kind": "invalid_choice"}),
        ("?after=lead_1", {"after": "invalid_cursor"}),
        ("?status=undone", {"status": "unknown_parameter"}),
    ],
)
def test_refuses_a_bad_parameter(api: Client, query: str, expected: dict[str, str]) -> None:
    assert problems_of(api.get(f"{PATH}{query}")) == expected


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("POST", "/undo")])
def test_refuses_an_id_of_another_kind(api: Client, method: str, suffix: str) -> None:
    response = api.request(method, f"{PATH}/lead_1{suffix}")

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ID_FORMAT")
    assert response.json()["details"]["operationId"] == "lead_1"


def test_who_reads_leads_may_look_and_who_writes_them_may_undo(server: Server, api: Client, reader: Client) -> None:
    operation_id = update(api, create(api, 1), status="lost")
    other = server.client(api.workspace_id, Scope.WEBHOOKS_MANAGE)

    assert listed(reader) == [operation_id]
    assert reader.get(f"{PATH}/{operation_id}").status_code == 200
    refused = reader.post(f"{PATH}/{operation_id}/undo")
    assert (refused.status_code, refused.json()["details"]) == (403, {"required": "leads:write"})
    for path in (PATH, f"{PATH}/{operation_id}"):
        assert other.get(path).json()["details"] == {"required": "leads:read"}


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("GET", "/op_1"), ("POST", "/op_1/undo")])
def test_refuses_the_anonymous(server: Server, method: str, suffix: str) -> None:
    response = requests.request(method, f"{server.url}{PATH}{suffix}", timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
