"""GET /api/v1/leads/{leadId}/events: what happened to a lead, by whom, from what to what."""

import requests

from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server, problems_of


def test_tells_of_the_creation_with_every_field_that_has_a_value(api: Client) -> None:
    lead = api.create(source="website", metadata={"company": "Parkside"})

    response = api.get(f"/api/v1/leads/{lead['id']}/events")

    event = response.json()["data"]["events"][0]
    assert response.json() == {
        "success": True,
        "data": {
            "events": [
                {
                    "id": event["id"],
                    "type": "lead.created",
                    "timestamp": "2026-01-15T10:30:00.000Z",
                    "leadId": lead["id"],
                    "workspaceId": api.workspace_id,
                    "actor": {"type": "api_key", "id": api.key_id},
                    "data": lead,
                    "changes": {
                        "name": {"from": None, "to": "Ada Park"},
                        "email": {"from": None, "to": "ada@example.com"},
                        "source": {"from": None, "to": "website"},
                        "status": {"from": None, "to": "new"},
                        "metadata": {"from": {}, "to": {"company": "Parkside"}},
                    },
                }
            ],
            "pagination": {"limit": 100, "hasNext": False, "nextCursor": "1"},
        },
    }
    assert event["id"].startswith("evt_")


def test_an_event_shows_the_lead_as_it_was_after_it(api: Client, clock: MovableClock) -> None:
    created = api.create(phone="1", metadata={"b": 1.50, "a": {"c": [True, None]}})
    clock.advance(seconds=5)
    lost = api.patch(f"/api/v1/leads/{created['id']}", {"status": "lost", "metadata": {"b": None}}).json()["data"]
    clock.advance(seconds=5)
    api.patch(f"/api/v1/leads/{created['id']}", {"name": "Later"})

    events = api.get(f"/api/v1/leads/{created['id']}/events").json()["data"]["events"]

    assert [event["data"] for event in events[:3]] == [created, lost, lost]
    assert [list(event["data"]) for event in events] == [list(created)] * 4


def test_the_event_of_a_creation_shows_what_was_not_given_too(api: Client) -> None:
    lead = api.create(source=None)

    [event] = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"]

    assert event["data"] == lead
    assert (event["data"]["phone"], event["data"]["source"], event["data"]["metadata"]) == (None, None, {})


def test_tells_of_an_update_what_changed_and_nothing_else(api: Client, clock: MovableClock) -> None:
    lead = api.create(phone="1", metadata={"kept": 1, "gone": 2, "other": 3})
    clock.advance(seconds=5)
    metadata = {"gone": None, "other": 4, "new": 5}
    change = {"name": "Ada B. Park", "email": "ada@example.com", "phone": None, "metadata": metadata}
    api.patch(f"/api/v1/leads/{lead['id']}", change)

    event = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"][1]

    assert (event["type"], event["timestamp"]) == ("lead.updated", "2026-01-15T10:30:05.000Z")
    assert event["changes"] == {
        "name": {"from": "Ada Park", "to": "Ada B. Park"},
        "phone": {"from": "1", "to": None},
        "metadata": {"from": {"gone": 2, "other": 3}, "to": {"other": 4, "new": 5}},
    }


def test_a_change_of_status_is_an_event_of_its_own_too(api: Client) -> None:
    lead = api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "qualified", "phone": "1"})

    events = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"]

    assert [event["type"] for event in events] == ["lead.created", "lead.updated", "lead.status_changed"]
    assert events[1]["changes"]["status"] == {"from": "new", "to": "qualified"}
    assert events[2]["changes"] == {"status": {"from": "new", "to": "qualified"}}


def test_names_the_key_that_did_it(server: Server, api: Client) -> None:
    colleague = server.client(api.workspace_id, Scope.LEADS_WRITE)
    lead = api.create()
    colleague.patch(f"/api/v1/leads/{lead['id']}", {"phone": "1"})

    events = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"]

    assert [event["actor"]["id"] for event in events] == [api.key_id, colleague.key_id]


def test_keeps_the_digits_of_numbers(api: Client) -> None:
    lead = api.create()
    body = '{"metadata":{"price":1.10,"n":12345678901234567890}}'
    api.patch(f"/api/v1/leads/{lead['id']}", data=body, headers={"Content-Type": "application/json"})

    response = api.get(f"/api/v1/leads/{lead['id']}/events")

    assert '"metadata":{"from":{},"to":{"price":1.10,"n":12345678901234567890}}' in response.text


def test_shows_no_other_leads_events(api: Client) -> None:
    lead, other = api.create(), api.create()
    api.patch(f"/api/v1/leads/{other['id']}", {"phone": "1"})

    response = api.get(f"/api/v1/leads/{lead['id']}/events")

    assert len(response.json()["data"]["events"]) == 1
    assert other["id"] not in response.text


def test_pages_and_filters(api: Client) -> None:
    lead = api.create()
    api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "1"})
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})
    path = f"/api/v1/leads/{lead['id']}/events?types=lead.created,lead.updated&limit=2"

    first = api.get(path).json()["data"]
    second = api.get(f"{path}&after={first['pagination']['nextCursor']}").json()["data"]

    assert [event["type"] for event in first["events"]] == ["lead.created", "lead.updated"]
    assert first["pagination"]["hasNext"] is True
    assert [event["type"] for event in second["events"]] == ["lead.updated"]
    assert second["pagination"]["hasNext"] is False


def test_names_every_bad_parameter(api: Client) -> None:
    lead = api.create()

    response = api.get(f"/api/v1/leads/{lead['id']}/events?after=x&types=lead.sold&limit=1001&page=2")

    assert problems_of(response) == {
        "after": "invalid_cursor",
        "types": "invalid_choice",
        "limit": "out_of_range",
        "page": "unknown_parameter",
    }


def test_says_the_same_of_another_workspaces_lead_as_of_none(api: Client, stranger: Client) -> None:
    theirs = stranger.create()

    response = api.get(f"/api/v1/leads/{theirs['id']}/events", headers={"X-Request-Id": "r"})
    missing = api.get("/api/v1/leads/lead_1/events", headers={"X-Request-Id": "r"})

    assert (response.status_code, response.json()["code"]) == (404, "LEAD_NOT_FOUND")
    assert response.text == missing.text.replace("lead_1", theirs["id"])


def test_names_the_form_of_an_id_that_is_none(api: Client) -> None:
    response = api.get("/api/v1/leads/lead-1/events")

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ID_FORMAT")


def test_needs_the_right_to_read(server: Server, api: Client) -> None:
    lead = api.create()
    writer = server.client(api.workspace_id, Scope.LEADS_WRITE)

    response = writer.get(f"/api/v1/leads/{lead['id']}/events")

    assert (response.status_code, response.json()["details"]) == (403, {"required": "leads:read"})


def test_refuses_the_anonymous(server: Server, api: Client) -> None:
    lead = api.create()

    response = requests.get(f"{server.url}/api/v1/leads/{lead['id']}/events", timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
