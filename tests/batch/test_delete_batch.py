"""POST /api/v1/leads/batch-delete: many leads go by one request that says how many, and can be brought back."""

from typing import Any

import pytest
import requests

from tests.batch.test_update_batch import operations
from tests.conftest import Client, Server, problems_of

PATH = "/api/v1/leads/batch-delete"


def delete(api: Client, **body: Any) -> dict[str, Any]:
    response = api.post(PATH, body)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def total(api: Client) -> int:
    return int(api.get("/api/v1/leads").json()["data"]["pagination"]["total"])


def test_takes_the_leads_away_that_are_named(api: Client) -> None:
    one, other, third = api.create(), api.create(), api.create()

    told = delete(api, ids=[one["id"], other["id"]], confirm=2)

    assert told == {"matched": 2, "deleted": 2, "missing": [], "operationId": told["operationId"]}
    assert [api.get(f"/api/v1/leads/{lead['id']}").status_code for lead in (one, other, third)] == [404, 404, 200]
    assert [lead["id"] for lead in api.get("/api/v1/leads").json()["data"]["leads"]] == [third["id"]]
    assert (operations(api)[0]["kind"], operations(api)[0]["leads"]) == ("batch_delete", 2)


def test_takes_the_leads_away_that_a_filter_lets_through(api: Client) -> None:
    for status in ("new", "lost", "lost"):
        api.create(status=status)

    told = delete(api, filter={"status": ["lost"]}, confirm=2)

    assert told["deleted"] == 2
    assert [lead["status"] for lead in api.get("/api/v1/leads").json()["data"]["leads"]] == ["new"]


def test_another_number_than_the_confirmed_one_deletes_nothing(api: Client) -> None:
    for _ in range(3):
        api.create()

    for confirm in (0, 2, 4):
        response = api.post(PATH, {"filter": {}, "confirm": confirm})
        assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
        assert response.json()["details"] == {"matched": 3}
    assert (total(api), operations(api)) == (3, [])


def test_ids_that_stand_for_no_lead_count_for_nothing(api: Client, stranger: Client) -> None:
    ours, theirs = api.create(), stranger.create()
    ids = [ours["id"], theirs["id"], "lead_none"]

    refused = api.post(PATH, {"ids": ids, "confirm": 3})
    told = delete(api, ids=ids, confirm=1)

    assert refused.json()["details"] == {"matched": 1}
    assert (told["deleted"], told["missing"]) == (1, [theirs["id"], "lead_none"])
    assert stranger.get(f"/api/v1/leads/{theirs['id']}").status_code == 200


def test_a_dry_run_gives_the_number_to_confirm(api: Client) -> None:
    api.create(), api.create()

    told = delete(api, filter={}, dryRun=True)

    assert told == {"matched": 2, "deleted": 0, "missing": [], "operationId": None}
    assert total(api) == 2
    assert delete(api, filter={}, confirm=told["matched"])["deleted"] == 2


def test_nothing_to_delete_is_no_operation(api: Client) -> None:
    assert delete(api, filter={}, confirm=0) == {"matched": 0, "deleted": 0, "missing": [], "operationId": None}
    assert operations(api) == []


def test_each_deletion_is_told_once_without_the_leads_data(api: Client) -> None:
    ids = [api.create()["id"] for _ in range(3)]
    delete(api, ids=ids, confirm=3)

    events = api.get("/api/v1/events?after=3").json()["data"]["events"]

    assert [(event["type"], event["leadId"], event["changes"]) for event in events] == [
        ("lead.deleted", lead_id, {}) for lead_id in ids
    ]
    assert [list(event["data"]) for event in events] == [["id", "deletedAt"]] * 3


def test_no_search_finds_them(api: Client) -> None:
    api.create("Ada Park", metadata={"external_id": "x1"})
    api.post("/api/v1/leads?onDuplicate=skip&matchOn=metadata.external_id", {"name": "B", "email": "b@example.com"})
    delete(api, filter={}, confirm=2)

    for query in ("?search=park", "?email=ada@example.com", "?metadata.external_id=x1", "?status=new"):
        assert api.get(f"/api/v1/leads{query}").json()["data"]["pagination"]["total"] == 0
    again = {"name": "Ada Park", "email": "ada@example.com", "metadata": {"external_id": "x1"}}
    made = api.post("/api/v1/leads?onDuplicate=update&matchOn=metadata.external_id", again)
    assert made.status_code == 201


def test_a_repeated_request_gets_the_first_answer(api: Client) -> None:
    body = {"ids": [api.create()["id"]], "confirm": 1}

    first, again = (api.post(PATH, body, headers={"Idempotency-Key": "k1"}) for _ in range(2))

    assert (first.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(operations(api)) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"ids": ["lead_1"]}, {"confirm": "required"}),
        ({"confirm": 1}, {"ids": "required"}),
        ({"ids": ["lead_1"], "filter": {}, "confirm": 1}, {"ids": "required"}),
        ({"ids": ["lead_1"], "confirm": "1"}, {"confirm": "invalid_type"}),
        ({"ids": ["lead_1"], "confirm": 1, "set": {}}, {"set": "unknown_field"}),
        ({"filter": {"page": 1}, "confirm": 1}, {"filter": "invalid_type"}),
    ],
)
def test_refuses_a_bad_field_by_its_name(api: Client, body: dict[str, Any], expected: dict[str, str]) -> None:
    api.create()

    assert problems_of(api.post(PATH, body)) == expected
    assert total(api) == 1


def test_needs_the_right_to_write(server: Server, reader: Client) -> None:
    body = {"filter": {}, "confirm": 0}
    refused, anonymous = reader.post(PATH, body), requests.post(server.url + PATH, json=body, timeout=5)

    assert (refused.status_code, refused.json()["details"]) == (403, {"required": "leads:write"})
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "MISSING_AUTH_HEADER")
