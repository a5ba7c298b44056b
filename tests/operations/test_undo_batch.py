"""The undo of batches: what they changed is as before, what was changed since is left alone and listed."""

from typing import Any

import pytest

from tests.conftest import Client, MovableClock, Server
from tests.operations.changes import Lead, create, delete, read, total, undo, update

FULL: dict[str, Any] = {
    "phone": "+44 20 7946 0958",
    "source": "fair",
    "status": "qualified",
    "metadata": {"external_id": "x1", "m": {"a": [1.50, None]}},
}


def skipped(undone: dict[str, Any]) -> dict[str, str]:
    return {lead["id"]: lead["reason"] for lead in undone["skippedLeads"]}


def timeline(api: Client, lead: Lead) -> list[str]:
    events = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"]
    return [event["type"] for event in events]


def test_updated_leads_are_as_before(server: Server, api: Client, clock: MovableClock) -> None:
    leads = [*create(api, 2), *create(api, 1, **FULL)]
    before = read(api, *leads)
    clock.advance(seconds=1)
    operation_id = update(
        api, leads, name="X", email="x@x.org", phone="1", source=None, status="lost", metadata={"m": 1, "n": 2}
    )

    undone = undo(api, operation_id)

    assert read(api, *leads) == before
    assert (undone["status"], undone["restored"], undone["skipped"]) == ("undone", 3, 0)
    assert (total(api, "status=lost"), total(api, "status=qualified&source=fair"), total(api, "search=n1")) == (0, 1, 1)
    assert server.do(server.services.leads.check()) == []


def test_the_undo_of_an_update_is_told_as_a_change(api: Client, clock: MovableClock) -> None:
    [lead] = create(api, 1)
    operation_id = update(api, [lead], status="lost", phone="1")
    clock.advance(seconds=1)
    undo(api, operation_id)

    events = api.get("/api/v1/events?after=3").json()["data"]["events"]

    assert [event["type"] for event in events] == ["lead.updated", "lead.status_changed"]
    assert events[0]["changes"] == {"status": {"from": "lost", "to": "new"}, "phone": {"from": "1", "to": None}}
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"]["updatedAt"] == "2026-01-15T10:30:01.000Z"


def test_deleted_leads_are_back_with_their_ids(server: Server, api: Client, clock: MovableClock) -> None:
    leads = [*create(api, 2), *create(api, 1, **FULL)]
    before = read(api, *leads)
    clock.advance(seconds=1)
    operation_id = delete(api, leads)
    gone = total(api)

    undone = undo(api, operation_id)

    assert gone == 0
    assert read(api, *leads) == before
    assert (undone["status"], undone["restored"], undone["skipped"]) == ("undone", 3, 0)
    assert (total(api), total(api, "status=qualified&source=fair"), total(api, "search=n1")) == (3, 1, 1)
    assert timeline(api, leads[0]) == ["lead.created", "lead.deleted", "lead.restored"]
    assert server.do(server.services.leads.check()) == []


def test_a_restored_lead_lives_on(api: Client) -> None:
    [lead] = create(api, 1, **FULL)
    rule = "onDuplicate=update&matchOn=metadata.external_id"
    other = {"name": "Other", "email": "other@example.com", "metadata": {"external_id": "x2"}}
    api.post(f"/api/v1/leads?{rule}", other)
    undo(api, delete(api, [lead]))

    again = {"name": "Again", "email": "again@example.com", "metadata": {"external_id": "x1"}}
    met = api.post(f"/api/v1/leads?{rule}", again)
    deleted = api.delete(f"/api/v1/leads/{lead['id']}")

    assert (met.status_code, met.json()["data"]["id"]) == (200, lead["id"])
    assert (deleted.status_code, total(api)) == (200, 1)


def test_what_was_changed_since_is_left_alone_and_listed(api: Client) -> None:
    changed, deleted, erased, untouched = leads = create(api, 4)
    operation_id = update(api, leads, status="lost")
    api.patch(f"/api/v1/leads/{changed['id']}", {"phone": "1"})
    delete(api, [deleted])
    api.delete(f"/api/v1/leads/{erased['id']}")

    undone = undo(api, operation_id)

    assert (undone["leads"], undone["restored"], undone["skipped"]) == (4, 1, 2)
    assert skipped(undone) == {changed["id"]: "changed", deleted["id"]: "gone"}
    assert [lead["status"] for lead in read(api, changed, untouched)] == ["lost", "new"]


def test_a_change_that_was_itself_changed_back_counts_as_a_change(api: Client) -> None:
    [lead] = create(api, 1)
    operation_id = update(api, [lead], status="lost")
    for status in ("contacted", "lost"):
        api.patch(f"/api/v1/leads/{lead['id']}", {"status": status})

    assert skipped(undo(api, operation_id)) == {lead["id"]: "changed"}


def test_at_most_a_hundred_of_those_left_alone_are_listed(api: Client) -> None:
    leads = create(api, 120)
    first = update(api, leads, status="lost")
    update(api, leads, phone="1")

    undone = undo(api, first)

    assert (undone["restored"], undone["skipped"], len(undone["skippedLeads"])) == (0, 120, 100)


def test_batches_are_taken_back_one_after_another_the_last_one_first(server: Server, api: Client) -> None:
    leads = [*create(api, 2), *create(api, 1, **FULL)]
    before = read(api, *leads)
    first = update(api, leads, status="lost")
    second = update(api, leads[1:], status="contacted", metadata={"a": 1})
    third = delete(api, leads)

    undone = [undo(api, operation_id) for operation_id in (third, second, first)]

    assert [each["skipped"] for each in undone] == [0, 0, 0]
    assert read(api, *leads) == before
    assert server.do(server.services.leads.check()) == []


def test_to_ask_again_changes_nothing(api: Client) -> None:
    [lead] = create(api, 1)
    operation_id = update(api, [lead], status="lost")
    first = undo(api, operation_id)
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})

    assert undo(api, operation_id) == first
    assert read(api, lead)[0]["status"] == "lost"


def test_a_lead_that_was_deleted_for_good_stays_gone(server: Server, api: Client) -> None:
    lost, kept = create(api, 2, metadata={"company": "Parkside"})
    operation_id = delete(api, [lost, kept])

    erased = api.delete(f"/api/v1/leads/{lost['id']}")
    undone = undo(api, operation_id)

    assert erased.status_code == 200
    assert (undone["restored"], undone["skipped"]) == (1, 0)
    assert (api.get(f"/api/v1/leads/{lost['id']}").status_code, total(api)) == (404, 1)
    assert api.delete(f"/api/v1/leads/{lost['id']}").status_code == 404
    told = [event["type"] for event in _events(api) if event["leadId"] == lost["id"]]
    assert told == ["lead.deleted"]
    assert "n0@example.com" not in api.get("/api/v1/events").text
    assert server.do(server.services.leads.check()) == []


def test_what_a_deletion_for_good_took_is_in_no_operation(api: Client) -> None:
    [lead] = create(api, 1)
    operation_id = update(api, [lead], name="New Name")
    api.delete(f"/api/v1/leads/{lead['id']}")

    undone = undo(api, operation_id)

    assert (undone["restored"], undone["skipped"], undone["skippedLeads"]) == (0, 0, [])
    assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 404


@pytest.mark.parametrize("days", [29.99, 30])
def test_it_can_be_done_for_thirty_days(api: Client, clock: MovableClock, days: float) -> None:
    [lead] = create(api, 1)
    operation_id = update(api, [lead], status="lost")
    clock.advance(seconds=days * 86_400)

    response = api.post(f"/api/v1/operations/{operation_id}/undo")

    expected = (200, "undone", "new") if days < 30 else (409, "expired", "lost")
    status = api.get(f"/api/v1/operations/{operation_id}").json()["data"]["status"]
    assert (response.status_code, status, read(api, lead)[0]["status"]) == expected


def _events(api: Client) -> list[dict[str, Any]]:
    return list(api.get("/api/v1/events").json()["data"]["events"])
