"""POST /api/v1/leads/{leadId}/merge: two leads become one, and the id of the one that went stands for the other."""

from typing import Any

import pytest
import requests

from leadlight.leads.identities import redirect
from leadlight.store.database import Transaction
from tests.conftest import Client, MovableClock, Server, problems_of


def merge(api: Client, survivor: dict[str, Any], duplicate: dict[str, Any], **more: Any) -> dict[str, Any]:
    response = api.post(f"/api/v1/leads/{survivor['id']}/merge", {"duplicateId": duplicate["id"], **more})
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def conflict(response: requests.Response) -> dict[str, Any]:
    body = response.json()
    assert (response.status_code, body["code"]) == (409, "CONFLICT"), response.text
    return dict(body["details"])


def history(api: Client, lead: dict[str, Any]) -> list[tuple[str, str]]:
    events = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"]
    return [(event["type"], event["leadId"]) for event in events]


def test_answers_the_lead_that_is_left_and_what_changed(api: Client, clock: MovableClock) -> None:
    ada = api.create("Ada Park", "ada@parkside.io", source="fair", metadata={"company": "Parkside"})
    other = api.create("A. Park", "ap@gmail.com", phone="+1 555", metadata={"company": "Oak", "score": 1.50})
    clock.advance(seconds=1)

    merged = merge(api, ada, other)

    after = {"phone": "+1 555", "metadata": {"company": "Parkside", "score": 1.50}}
    assert merged == {
        "lead": {**ada, **after, "updatedAt": "2026-01-15T10:30:01.000Z"},
        "operationId": merged["operationId"],
        "changes": {
            "phone": {"from": None, "to": "+1 555"},
            "metadata": {"from": {}, "to": {"score": 1.50}},
        },
    }
    assert api.get(f"/api/v1/leads/{ada['id']}").json()["data"] == merged["lead"]
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 1


def test_the_preferred_values_win(api: Client) -> None:
    ada = api.create("Ada", "ada@parkside.io", metadata={"a": 1, "b": 1})
    other = api.create("Ada Park", "ap@gmail.com", status="qualified", metadata={"a": 2, "b": 2})
    prefer = {"name": other["id"], "status": other["id"], "email": ada["id"], "metadata.a": other["id"]}

    merged = merge(api, ada, other, prefer=prefer)

    lead = merged["lead"]
    assert (lead["name"], lead["email"], lead["status"]) == ("Ada Park", "ada@parkside.io", "qualified")
    assert lead["metadata"] == {"a": 2, "b": 1}


def test_a_dry_run_says_it_and_does_nothing(api: Client) -> None:
    ada, other = api.create(), api.create(phone="+1 555")

    tried = merge(api, ada, other, dryRun=True)

    assert (tried["operationId"], tried["changes"]) == (None, {"phone": {"from": None, "to": "+1 555"}})
    assert tried["lead"]["phone"] == "+1 555"
    assert api.get(f"/api/v1/leads/{ada['id']}").json()["data"] == ada
    assert api.get(f"/api/v1/leads/{other['id']}").json()["data"] == other
    assert api.get("/api/v1/operations").json()["data"]["operations"] == []


def test_one_event_tells_it(api: Client) -> None:
    ada, other = api.create(), api.create(status="lost", source="fair")
    merged = merge(api, ada, other, prefer={"status": other["id"]})

    events = api.get("/api/v1/events").json()["data"]["events"][2:]

    assert [(event["type"], event["leadId"]) for event in events] == [("lead.merged", ada["id"])]
    assert events[0]["data"] == merged["lead"]
    assert events[0]["changes"] == {
        "status": {"from": "new", "to": "lost"},
        "mergedLeadId": {"from": None, "to": other["id"]},
    }


def test_the_history_of_both_is_the_history_of_the_one(api: Client) -> None:
    ada, other = api.create(), api.create()
    api.patch(f"/api/v1/leads/{other['id']}", {"phone": "1"})
    merge(api, ada, other)

    expected = [
        ("lead.created", ada["id"]),
        ("lead.created", other["id"]),
        ("lead.updated", other["id"]),
        ("lead.merged", ada["id"]),
    ]
    assert history(api, ada) == expected
    assert history(api, other) == expected


def test_the_old_id_stands_for_the_lead_that_is_left(api: Client) -> None:
    ada, other = api.create(), api.create("Other")
    merge(api, ada, other)
    path = f"/api/v1/leads/{other['id']}"

    read = api.get(path)
    put, patched = api.put(path, {"name": "Ada P."}), api.patch(path, {"phone": "1"})

    assert read.json()["data"] == {**ada, "mergedInto": ada["id"]}
    assert read.headers["ETag"] == put.request.headers.get("If-Match", read.headers["ETag"])
    assert put.json()["data"] == {**ada, "name": "Ada P.", "mergedInto": ada["id"]}
    assert patched.json()["data"]["mergedInto"] == ada["id"]
    assert api.get(f"/api/v1/leads/{ada['id']}").json()["data"] == {**ada, "name": "Ada P.", "phone": "1"}


def test_a_chain_of_merges_leads_to_its_end(api: Client) -> None:
    first, second, third = api.create("First"), api.create("Second"), api.create("Third")
    merge(api, second, first)
    merge(api, third, second)

    for lead in (first, second):
        assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"]["mergedInto"] == third["id"]
    assert len(history(api, first)) == 5


def test_the_id_of_a_merged_lead_may_name_where_to_merge(api: Client) -> None:
    ada, old, other = api.create("Ada"), api.create("Old"), api.create("Other", phone="1")
    merge(api, ada, old)

    merged = merge(api, old, other, prefer={"name": other["id"], "email": old["id"]})

    assert (merged["lead"]["id"], merged["lead"]["name"]) == (ada["id"], "Other")
    assert merged["lead"]["mergedInto"] == ada["id"]


def test_every_merge_makes_another_version(api: Client) -> None:
    path = f"/api/v1/leads/{api.create()['id']}"
    before = api.get(path).headers["ETag"]

    merge(api, {"id": path.rpartition("/")[2]}, api.create())

    refused = api.patch(path, {"name": "Late"}, headers={"If-Match": before})
    assert (refused.status_code, refused.json()["code"]) == (412, "PRECONDITION_FAILED")


def test_totals_lists_and_search_know_one_lead(api: Client) -> None:
    ada, other = api.create("Ada", source="web"), api.create("Grace", "grace@example.com", source="fair", status="lost")
    merge(api, ada, other)

    totals = [
        api.get(f"/api/v1/leads?{query}").json()["data"]["pagination"]["total"]
        for query in ("source=web", "source=fair", "status=lost", "search=grace", "email=grace@example.com")
    ]
    assert totals == [1, 0, 0, 0, 0]


def test_the_old_id_cannot_be_deleted_alone(api: Client) -> None:
    ada, other = api.create(), api.create()
    merge(api, ada, other)

    assert conflict(api.delete(f"/api/v1/leads/{other['id']}")) == {"mergedInto": ada["id"]}


def test_deleting_the_lead_that_is_left_erases_both(api: Client) -> None:
    ada, other = api.create("Ada"), api.create("Grace Hopper", "grace@example.com", phone="+1 555")
    operation_id = merge(api, ada, other)["operationId"]
    api.delete(f"/api/v1/leads/{ada['id']}")

    feed = api.get("/api/v1/events")
    undone = api.post(f"/api/v1/operations/{operation_id}/undo").json()["data"]

    assert [event["type"] for event in feed.json()["data"]["events"]] == ["lead.deleted"]
    assert "Grace" not in feed.text
    assert (undone["status"], undone["restored"], undone["skipped"]) == ("undone", 0, 0)
    for lead in (ada, other):
        assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 404
        assert api.delete(f"/api/v1/leads/{lead['id']}").status_code == 404
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 0


def test_a_repeated_request_gets_the_first_answer(api: Client) -> None:
    ada, other, third = api.create(), api.create(), api.create()
    path, body, headers = f"/api/v1/leads/{ada['id']}/merge", {"duplicateId": other["id"]}, {"Idempotency-Key": "k1"}

    first = api.post(path, body, headers=headers)
    again = api.post(path, body, headers=headers)
    of_another = api.post(f"/api/v1/leads/{third['id']}/merge", body, headers=headers)

    assert again.json() == first.json()
    assert (again.headers["Idempotency-Replayed"], "Idempotency-Replayed" in first.headers) == ("true", False)
    assert of_another.status_code == 409
    assert "Idempotency-Key was used for another request" in of_another.json()["error"]
    assert len(api.get("/api/v1/operations").json()["data"]["operations"]) == 1


def test_a_repeated_request_after_the_deletion_tells_nothing(api: Client) -> None:
    ada, other = api.create(), api.create("Grace")
    path, body, headers = f"/api/v1/leads/{ada['id']}/merge", {"duplicateId": other["id"]}, {"Idempotency-Key": "k1"}
    api.post(path, body, headers=headers)
    api.delete(f"/api/v1/leads/{ada['id']}")

    assert conflict(api.post(path, body, headers=headers)) == {"existingId": ada["id"]}


def test_a_duplicate_that_was_merged_already_is_a_conflict(api: Client) -> None:
    ada, other, third = api.create(), api.create(), api.create()
    merge(api, ada, other)

    again = api.post(f"/api/v1/leads/{ada['id']}/merge", {"duplicateId": other["id"]})
    elsewhere = api.post(f"/api/v1/leads/{third['id']}/merge", {"duplicateId": other["id"]})
    into_itself = api.post(f"/api/v1/leads/{other['id']}/merge", {"duplicateId": ada["id"]})

    assert [conflict(response) for response in (again, elsewhere, into_itself)] == [{"mergedInto": ada["id"]}] * 3


def test_at_most_5000_leads_go_into_one(server: Server, api: Client) -> None:
    ada, middle, last, other = (api.create(name)["id"] for name in ("Ada", "Middle", "Last", "Other"))

    async def merge_many(tx: Transaction) -> None:
        for number in range(4_998):
            survivor = ada if number % 2 else middle
            await redirect(tx, api.workspace_id, f"lead_{number}", survivor_id=survivor, operation_id="op_1", now=1)

    server.do(server.database.write(merge_many))

    responses = [
        api.post(f"/api/v1/leads/{ada}/merge", {"duplicateId": duplicate}) for duplicate in (last, middle, other)
    ]
    assert [response.status_code for response in responses] == [200, 200, 409]
    assert len(api.get(f"/api/v1/leads/{ada}/events").json()["data"]["events"]) == 5
    assert api.delete(f"/api/v1/leads/{ada}").status_code == 200
    assert api.get("/api/v1/leads/lead_0").status_code == 404


def test_a_lead_cannot_be_merged_into_itself(api: Client) -> None:
    ada = api.create()

    response = api.post(f"/api/v1/leads/{ada['id']}/merge", {"duplicateId": ada["id"]})

    assert problems_of(response) == {"duplicateId": "conflict"}


@pytest.mark.parametrize("dry_run", [False, True])
def test_the_lead_that_is_missing_is_named(api: Client, stranger: Client, dry_run: bool) -> None:
    ours, theirs = api.create()["id"], stranger.create()["id"]

    for one, other, missing in [
        (ours, theirs, theirs),
        (theirs, ours, theirs),
        ("lead_none", "lead_no", "lead_none"),
        (ours, "lead_no", "lead_no"),
    ]:
        response = api.post(f"/api/v1/leads/{one}/merge", {"duplicateId": other, "dryRun": dry_run})
        assert (response.status_code, response.json()["code"]) == (404, "LEAD_NOT_FOUND")
        assert response.json()["details"]["leadId"] == missing
    assert stranger.get(f"/api/v1/leads/{theirs}").status_code == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"duplicateId": "required"}),
        ({"duplicateId": "ws_1"}, {"duplicateId": "invalid_id"}),
        ({"duplicateId": 7, "dryRun": "yes"}, {"duplicateId": "invalid_type", "dryRun": "invalid_type"}),
        ({"duplicateId": "lead_2", "into": "lead_1"}, {"into": "unknown_field"}),
        ({"duplicateId": "lead_2", "prefer": {"id": "lead_2"}}, {"prefer.id": "unknown_field"}),
        ({"duplicateId": "lead_2", "prefer": {"metadata": "lead_2"}}, {"prefer.metadata": "unknown_field"}),
        ({"duplicateId": "lead_2", "prefer": {"name": None}}, {"prefer": "invalid_type"}),
        ({"duplicateId": "lead_2", "prefer": ["name"]}, {"prefer": "invalid_type"}),
    ],
)
def test_refuses_a_bad_field_by_its_name(api: Client, body: dict[str, Any], expected: dict[str, str]) -> None:
    assert problems_of(api.post("/api/v1/leads/lead_1/merge", body)) == expected


def test_refuses_to_prefer_what_there_is_not(api: Client) -> None:
    ada, other, third = api.create(), api.create(metadata={"a": 1}), api.create()
    prefer = {"name": third["id"], "metadata.a": ada["id"], "metadata.b": ada["id"]}

    response = api.post(f"/api/v1/leads/{ada['id']}/merge", {"duplicateId": other["id"], "prefer": prefer})

    assert problems_of(response) == {"prefer.name": "invalid_choice", "prefer.metadata.b": "unknown_field"}
    assert api.get(f"/api/v1/leads/{other['id']}").json()["data"] == other


def test_metadata_that_would_get_too_large_is_refused_and_nothing_is_done(api: Client) -> None:
    ada, other = api.create(metadata={"a": "x" * 40_000}), api.create(metadata={"b": "x" * 40_000})

    response = api.post(f"/api/v1/leads/{ada['id']}/merge", {"duplicateId": other["id"]})

    assert problems_of(response) == {"metadata": "too_large"}
    assert api.get(f"/api/v1/leads/{other['id']}").status_code == 200


def test_needs_the_right_to_write(reader: Client, server: Server) -> None:
    refused = reader.post("/api/v1/leads/lead_1/merge", {"duplicateId": "lead_2"})
    anonymous = requests.post(f"{server.url}/api/v1/leads/lead_1/merge", json={"duplicateId": "lead_2"}, timeout=5)

    assert (refused.status_code, refused.json()["details"]) == (403, {"required": "leads:write"})
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "MISSING_AUTH_HEADER")
