"""The undo of a merge: one lead is two again, whatever was merged before or after."""

from typing import Any

from tests.conftest import Client, MovableClock, Server
from tests.duplicates.test_merge_api import history, merge

ADA = {"name": "Ada", "email": "ada@parkside.io", "source": "fair", "metadata": {"a": 1, "m": {"x": 1}}}
GRACE = {
    "name": "Grace",
    "email": "gh@x.org",
    "phone": "+1 555",
    "status": "lost",
    "metadata": {"b": [1.50], "m": {"y": 2}},
}


def undo(api: Client, operation_id: str) -> dict[str, Any]:
    response = api.post(f"/api/v1/operations/{operation_id}/undo")
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def stored(api: Client, *leads: dict[str, Any]) -> list[dict[str, Any]]:
    """The leads as they are now, but for when they were changed."""
    read = [api.get(f"/api/v1/leads/{lead['id']}").json()["data"] for lead in leads]
    return [{name: value for name, value in lead.items() if name != "updatedAt"} for lead in read]


def test_brings_both_back_as_they_were(server: Server, api: Client, clock: MovableClock) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    before = stored(api, ada, grace)
    clock.advance(seconds=1)
    prefer = dict.fromkeys(("name", "email", "source", "status", "metadata.m"), grace["id"])
    operation_id = merge(api, ada, grace, prefer=prefer)["operationId"]

    undone = undo(api, operation_id)

    assert stored(api, ada, grace) == before
    assert (undone["kind"], undone["status"], undone["subjectId"]) == ("merge", "undone", ada["id"])
    assert (undone["leads"], undone["restored"], undone["skipped"], undone["skippedLeads"]) == (2, 2, 0, [])
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 2
    assert server.do(server.services.leads.check()) == []


def test_both_are_found_again_by_all_that_finds_leads(api: Client) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    undo(api, merge(api, ada, grace)["operationId"])

    for query in ("search=grace", "email=GH@x.org", "phone=%2B1%20555", "status=lost", "metadata.b=[1.5]"):
        page = api.get(f"/api/v1/leads?{query}").json()["data"]
        assert [lead["id"] for lead in page["leads"]] == [grace["id"]], query
        assert page["pagination"]["total"] == 1


def test_each_has_its_own_history_again(api: Client) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    undo(api, merge(api, ada, grace)["operationId"])

    assert history(api, ada) == [(kind, ada["id"]) for kind in ("lead.created", "lead.merged", "lead.updated")]
    assert history(api, grace) == [(kind, grace["id"]) for kind in ("lead.created", "lead.restored")]


def test_the_events_tell_it(api: Client) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    undo(api, merge(api, ada, grace, prefer={"status": grace["id"]})["operationId"])

    feed = api.get("/api/v1/events").json()["data"]["events"][3:]
    changed = {event["type"]: event["changes"] for event in feed}

    assert sorted(changed) == ["lead.restored", "lead.status_changed", "lead.updated"]
    assert sorted(changed["lead.updated"]) == ["metadata", "phone", "status"]
    assert changed["lead.restored"]["name"] == {"from": None, "to": "Grace"}
    assert {event["leadId"] for event in feed} == {ada["id"], grace["id"]}


def test_to_ask_again_changes_nothing(api: Client) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    operation_id = merge(api, ada, grace)["operationId"]
    first = undo(api, operation_id)
    after = stored(api, ada, grace)

    assert undo(api, operation_id) == first
    assert stored(api, ada, grace) == after


def test_they_can_be_merged_again_and_the_other_way_round(api: Client) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    before = stored(api, ada, grace)
    undo(api, merge(api, ada, grace)["operationId"])

    operation_id = merge(api, grace, ada)["operationId"]

    assert api.get(f"/api/v1/leads/{ada['id']}").json()["data"]["mergedInto"] == grace["id"]
    undo(api, operation_id)
    assert stored(api, ada, grace) == before


def test_what_was_changed_since_stays_and_the_duplicate_comes_back(api: Client) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    operation_id = merge(api, ada, grace)["operationId"]
    api.patch(f"/api/v1/leads/{ada['id']}", {"name": "Ada Park"})

    undone = undo(api, operation_id)

    assert (undone["restored"], undone["skippedLeads"]) == (1, [{"id": ada["id"], "reason": "changed"}])
    [kept, restored] = stored(api, ada, grace)
    assert (kept["name"], kept["phone"]) == ("Ada Park", "+1 555")
    assert (restored["name"], "mergedInto" in restored) == ("Grace", False)


def test_a_chain_is_taken_back_in_the_order_of_a_stack(server: Server, api: Client) -> None:
    leads = [api.create(**ADA), api.create(**GRACE), api.create("Third", source="web")]
    before = stored(api, *leads)
    first = merge(api, leads[1], leads[0])["operationId"]
    second = merge(api, leads[2], leads[1])["operationId"]

    for operation_id in (second, first):
        assert undo(api, operation_id)["skipped"] == 0

    assert stored(api, *leads) == before
    assert server.do(server.services.leads.check()) == []


def test_a_chain_that_is_taken_back_from_its_beginning_loses_no_lead(server: Server, api: Client) -> None:
    ada, grace, third = api.create(**ADA), api.create(**GRACE), api.create("Third")
    first = merge(api, grace, ada)["operationId"]
    second = merge(api, third, grace)["operationId"]

    undone = undo(api, first)

    assert undone["skippedLeads"] == [{"id": grace["id"], "reason": "gone"}]
    assert "mergedInto" not in api.get(f"/api/v1/leads/{ada['id']}").json()["data"]
    assert api.get(f"/api/v1/leads/{grace['id']}").json()["data"]["mergedInto"] == third["id"]
    assert undo(api, second)["skipped"] == 0
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 3
    assert server.do(server.services.leads.check()) == []


def test_a_merge_is_taken_back_after_the_batch_that_followed_it(api: Client) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    before = stored(api, ada, grace)
    merged = merge(api, ada, grace)["operationId"]
    ids = [ada["id"]]
    updated = api.post("/api/v1/leads/batch-update", {"ids": ids, "set": {"status": "lost"}}).json()["data"]
    deleted = api.post("/api/v1/leads/batch-delete", {"ids": ids, "confirm": 1}).json()["data"]

    for operation_id in (deleted["operationId"], updated["operationId"], merged):
        assert undo(api, operation_id)["skipped"] == 0

    assert stored(api, ada, grace) == before


def test_the_lead_that_is_left_may_be_gone_with_a_batch_and_come_back(server: Server, api: Client) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    merge(api, ada, grace)
    deleted = api.post("/api/v1/leads/batch-delete", {"ids": [ada["id"]], "confirm": 1}).json()["data"]

    gone = api.get(f"/api/v1/leads/{grace['id']}")
    undo(api, deleted["operationId"])

    assert gone.status_code == 404
    assert api.get(f"/api/v1/leads/{grace['id']}").json()["data"]["mergedInto"] == ada["id"]
    assert server.do(server.services.leads.check()) == []


def test_when_its_time_is_over_the_old_id_goes_on_standing_for_the_other(
    server: Server, api: Client, clock: MovableClock
) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    operation_id = merge(api, ada, grace)["operationId"]
    clock.advance(seconds=30 * 86_400)
    server.do(server.services.operation_log.clean())

    refused = api.post(f"/api/v1/operations/{operation_id}/undo")

    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert api.get(f"/api/v1/operations/{operation_id}").json()["data"]["status"] == "expired"
    assert api.get(f"/api/v1/leads/{grace['id']}").json()["data"]["mergedInto"] == ada["id"]
    assert len(history(api, grace)) == 3


def test_of_a_lead_whose_batch_deletion_is_final_its_duplicates_are_erased_too(
    server: Server, api: Client, clock: MovableClock
) -> None:
    ada, grace = api.create(**ADA), api.create(**GRACE)
    merge(api, ada, grace)
    api.post("/api/v1/leads/batch-delete", {"ids": [ada["id"]], "confirm": 1})
    clock.advance(seconds=30 * 86_400)

    server.do(server.services.operation_log.clean())

    feed = api.get("/api/v1/events")
    assert [event["type"] for event in feed.json()["data"]["events"]] == ["lead.deleted"]
    assert "gh@x.org" not in feed.text
    assert api.get(f"/api/v1/leads/{grace['id']}").status_code == 404
    assert server.do(server.services.leads.check()) == []
