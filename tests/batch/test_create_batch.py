"""POST /api/v1/leads/batch: the good leads are stored, the bad ones are named; or all or none."""

from typing import Any

import pytest
import requests

from leadlight.principal import Scope
from tests.conftest import Client, Server, problems_of

PATH = "/api/v1/leads/batch"
ADA = {"name": "Ada Park", "email": "ada@example.com"}
BEN = {"name": "Ben Cole", "email": "ben@example.com"}


def batch(api: Client, *leads: Any, **more: Any) -> dict[str, Any]:
    response = api.post(PATH, {"leads": leads, **more})
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def outcomes(told: dict[str, Any]) -> list[str]:
    assert [result["index"] for result in told["results"]] == list(range(len(told["results"])))
    return [result["status"] for result in told["results"]]


def total(api: Client) -> int:
    return int(api.get("/api/v1/leads").json()["data"]["pagination"]["total"])


def test_stores_leads_and_tells_their_ids_in_order(api: Client) -> None:
    told = batch(api, ADA, {**BEN, "phone": "1", "status": "lost", "metadata": {"a": 1.50}})

    ids = [result["id"] for result in told["results"]]
    assert told == {
        "results": [
            {"index": 0, "status": "created", "id": ids[0], "error": None},
            {"index": 1, "status": "created", "id": ids[1], "error": None},
        ],
        "counts": {"created": 2, "updated": 0, "skipped": 0, "error": 0},
    }
    ben = api.get(f"/api/v1/leads/{ids[1]}").json()["data"]
    assert (ben["name"], ben["phone"], ben["status"], ben["metadata"]) == ("Ben Cole", "1", "lost", {"a": 1.5})
    assert ids[0] < ids[1]


def test_each_lead_has_its_event_in_order(api: Client) -> None:
    told = batch(api, ADA, BEN, ADA)

    events = api.get("/api/v1/events").json()["data"]["events"]

    assert [(event["type"], event["leadId"]) for event in events] == [
        ("lead.created", result["id"]) for result in told["results"]
    ]


def test_a_bad_one_is_named_and_the_good_ones_are_stored(api: Client) -> None:
    told = batch(api, ADA, {"name": "", "emial": "x", "metadata": {"a": {"a": 1}}}, [], BEN)

    assert outcomes(told) == ["created", "error", "error", "created"]
    assert told["counts"] == {"created": 2, "updated": 0, "skipped": 0, "error": 2}
    assert told["results"][1]["error"]["code"] == "VALIDATION_ERROR"
    problems = told["results"][1]["error"]["details"]["errors"]
    assert {problem["field"]: problem["code"] for problem in problems} == {
        "name": "blank",
        "emial": "unknown_field",
        "email": "required",
    }
    assert told["results"][2]["error"]["details"]["errors"][0]["code"] == "invalid_type"
    assert total(api) == 2


@pytest.mark.parametrize("lead", ["null", "7", '"Ada"', '{"name":"A","name":"B"}', '{"a":1e999}'])
def test_strange_json_spoils_its_own_lead_alone(api: Client, lead: str) -> None:
    body = f'{{"leads": [{lead}, {{"name": "Ada", "email": "ada@example.com"}}]}}'

    response = api.post(PATH, data=body.encode(), headers={"Content-Type": "application/json"})

    assert response.status_code == 200, response.text
    assert outcomes(response.json()["data"]) == ["error", "created"]


def test_text_that_no_json_reader_takes_spoils_the_whole_body(api: Client) -> None:
    body = rb'{"leads": [{"name": "Ada", "email": "ada@example.com"}, {"name": "\ud800"}]}'

    response = api.post(PATH, data=body, headers={"Content-Type": "application/json"})

    assert problems_of(response) == {"leads[1].name": "invalid_character"}
    assert total(api) == 0


def test_an_atomic_batch_with_a_bad_lead_stores_nothing(api: Client) -> None:
    told = batch(api, ADA, {"name": "No email"}, BEN, atomic=True)

    assert outcomes(told) == ["error"] * 3
    assert [result["error"]["code"] for result in told["results"]] == ["NOT_STORED", "VALIDATION_ERROR", "NOT_STORED"]
    assert told["counts"] == {"created": 0, "updated": 0, "skipped": 0, "error": 3}
    assert [result["id"] for result in told["results"]] == [None] * 3
    assert (total(api), api.get("/api/v1/events").json()["data"]["events"]) == (0, [])


def test_an_atomic_batch_that_meets_a_duplicate_stores_nothing(api: Client) -> None:
    ada = api.create(**ADA)

    told = batch(api, BEN, {**ADA, "name": "Again"}, atomic=True, onDuplicate="reject")

    assert [result["error"]["code"] for result in told["results"]] == ["NOT_STORED", "CONFLICT"]
    assert told["results"][1]["error"]["details"] == {"existingId": ada["id"]}
    assert total(api) == 1


def test_an_atomic_batch_of_good_leads_is_stored(api: Client) -> None:
    assert outcomes(batch(api, ADA, BEN, atomic=True)) == ["created", "created"]
    assert total(api) == 2


@pytest.mark.parametrize(
    ("on_duplicate", "expected", "stored"),
    [
        ("create", ["created", "created", "created"], 4),
        ("update", ["updated", "created", "updated"], 2),
        ("skip", ["skipped", "created", "skipped"], 2),
        ("reject", ["error", "created", "error"], 2),
    ],
)
def test_meets_leads_that_are_there_and_those_before_it(
    api: Client, on_duplicate: str, expected: list[str], stored: int
) -> None:
    ada = api.create(**ADA)

    told = batch(api, {**ADA, "phone": "1"}, BEN, {**BEN, "phone": "2"}, onDuplicate=on_duplicate)

    assert outcomes(told) == expected
    assert total(api) == stored
    if on_duplicate in ("update", "skip"):
        assert [result["id"] for result in told["results"]] == [ada["id"], *[told["results"][1]["id"]] * 2]
        phones = [api.get(f"/api/v1/leads/{result['id']}").json()["data"]["phone"] for result in told["results"]]
        assert phones == (["1", "2", "2"] if on_duplicate == "update" else [None] * 3)


def test_the_same_lead_several_times_in_a_batch_is_changed_step_by_step(api: Client) -> None:
    told = batch(api, ADA, {**ADA, "metadata": {"a": 1}}, {**ADA, "metadata": {"b": 2}}, onDuplicate="update")

    lead_id = told["results"][0]["id"]
    assert {result["id"] for result in told["results"]} == {lead_id}
    assert api.get(f"/api/v1/leads/{lead_id}").json()["data"]["metadata"] == {"a": 1, "b": 2}
    events = api.get(f"/api/v1/leads/{lead_id}/events").json()["data"]["events"]
    assert [event["type"] for event in events] == ["lead.created", "lead.updated", "lead.updated"]


def test_matches_on_what_it_is_told_to(api: Client) -> None:
    leads = [{**ADA, "metadata": {"external_id": 7}}, {**BEN, "metadata": {"external_id": "7"}}]

    told = batch(api, *leads, onDuplicate="update", matchOn="metadata.external_id")

    assert outcomes(told) == ["created", "updated"]
    assert api.get("/api/v1/leads").json()["data"]["leads"][0]["name"] == "Ben Cole"


def test_goes_by_the_rule_of_the_workspace_where_it_says_nothing(server: Server, admin: Client) -> None:
    admin.patch("/api/v1/workspace", {"onDuplicate": "skip"})
    fresh = server.client(admin.workspace_id)  # the key in use learns of it within a second

    assert outcomes(batch(fresh, ADA, ADA)) == ["created", "skipped"]
    assert outcomes(batch(fresh, ADA, onDuplicate="create")) == ["created"]


def test_a_repeated_request_gets_the_first_answer(api: Client) -> None:
    body, headers = {"leads": [ADA, {"name": "bad"}]}, {"Idempotency-Key": "batch-1"}

    first, again = (api.post(PATH, body, headers=headers) for _ in range(2))
    another = api.post(PATH, {"leads": [BEN]}, headers=headers)

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (another.status_code, another.json()["code"]) == (409, "CONFLICT")
    assert total(api) == 1


def test_takes_a_thousand(api: Client) -> None:
    told = batch(api, *({"name": f"n{number}", "email": f"n{number}@example.com"} for number in range(1_000)))

    assert told["counts"]["created"] == 1_000
    assert total(api) == 1_000


def test_takes_eight_mebibytes_and_no_more(api: Client) -> None:
    leads = [{**ADA, "metadata": {"a": "x" * 65_000}}] * 128

    accepted = api.post(PATH, {"leads": leads})
    refused = api.post(PATH, {"leads": leads + leads[:2]})

    assert (accepted.status_code, accepted.json()["data"]["counts"]["created"]) == (200, 128)
    assert (refused.status_code, refused.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"leads": "required"}),
        ({"leads": []}, {"leads": "out_of_range"}),
        ({"leads": [ADA] * 1_001}, {"leads": "out_of_range"}),
        ({"leads": ADA}, {"leads": "invalid_type"}),
        ({"leads": [ADA], "onDuplicate": "merge"}, {"onDuplicate": "invalid_type"}),
        ({"leads": [ADA], "matchOn": "name"}, {"matchOn": "invalid_value"}),
        ({"leads": [ADA], "matchOn": 'metadata."'}, {"matchOn": "invalid_value"}),
        ({"leads": [ADA], "atomic": 1, "dryRun": True}, {"atomic": "invalid_type", "dryRun": "unknown_field"}),
    ],
)
def test_refuses_a_bad_field_by_its_name(api: Client, body: dict[str, Any], expected: dict[str, str]) -> None:
    assert problems_of(api.post(PATH, body)) == expected
    assert total(api) == 0


def test_needs_the_right_to_write(server: Server, api: Client, reader: Client) -> None:
    refused = reader.post(PATH, {"leads": [ADA]})
    anonymous = requests.post(server.url + PATH, json={"leads": [ADA]}, timeout=5)
    other = server.client(api.workspace_id, Scope.WEBHOOKS_MANAGE).post(PATH, {"leads": [ADA]})

    assert (refused.status_code, refused.json()["details"]) == (403, {"required": "leads:write"})
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "MISSING_AUTH_HEADER")
    assert other.status_code == 403
    assert total(api) == 0


def test_meets_no_lead_of_another_workspace(api: Client, stranger: Client) -> None:
    theirs = stranger.create(**ADA)

    assert outcomes(batch(api, {**ADA, "phone": "1"}, onDuplicate="update")) == ["created"]
    assert stranger.get(f"/api/v1/leads/{theirs['id']}").json()["data"] == theirs
