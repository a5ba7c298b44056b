"""GET /api/v1/events: every change in a workspace, in order, to be read on at any later time."""

from typing import Any

import pytest
import requests

from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server, problems_of


def feed(api: Client, **parameters: Any) -> dict[str, Any]:
    response = api.get("/api/v1/events", params=parameters)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def types(page: dict[str, Any]) -> list[str]:
    return [event["type"] for event in page["events"]]


def test_an_empty_feed_gives_a_cursor_to_come_back_with(api: Client) -> None:
    first = feed(api)
    lead = api.create()
    second = feed(api, after=first["pagination"]["nextCursor"])

    assert first == {"events": [], "pagination": {"limit": 100, "hasNext": False, "nextCursor": "0"}}
    assert [event["leadId"] for event in second["events"]] == [lead["id"]]


def test_tells_everything_in_the_order_it_happened(api: Client, clock: MovableClock) -> None:
    one, two = api.create(), api.create()
    clock.advance(seconds=1)
    api.patch(f"/api/v1/leads/{one['id']}", {"status": "lost"})
    api.delete(f"/api/v1/leads/{two['id']}")

    page = feed(api)

    assert [(event["type"], event["leadId"]) for event in page["events"]] == [
        ("lead.created", one["id"]),
        ("lead.updated", one["id"]),
        ("lead.status_changed", one["id"]),
        ("lead.deleted", two["id"]),
    ]
    assert page["events"][0]["timestamp"] == "2026-01-15T10:30:00.000Z"
    assert page["events"][3]["timestamp"] == "2026-01-15T10:30:01.000Z"


def test_an_event_has_the_documented_fields(api: Client) -> None:
    api.create()

    event = feed(api)["events"][0]

    assert list(event) == ["id", "type", "timestamp", "leadId", "workspaceId", "actor", "data", "changes"]
    assert event["workspaceId"] == api.workspace_id
    assert event["actor"] == {"type": "api_key", "id": api.key_id}


def test_ids_rise_with_the_order(api: Client) -> None:
    lead = api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})

    ids = [event["id"] for event in feed(api)["events"]]

    assert ids == sorted(ids)
    assert len(set(ids)) == 3


def test_pages_follow_one_another_without_gap_or_repetition(api: Client) -> None:
    leads = [api.create()["id"] for _ in range(5)]

    first = feed(api, limit=2)
    second = feed(api, limit=2, after=first["pagination"]["nextCursor"])
    third = feed(api, limit=2, after=second["pagination"]["nextCursor"])

    assert [event["leadId"] for page in (first, second, third) for event in page["events"]] == leads
    assert [page["pagination"]["hasNext"] for page in (first, second, third)] == [True, True, False]


def test_a_page_that_is_full_and_the_last_says_so(api: Client) -> None:
    api.create()
    api.create()

    assert feed(api, limit=2)["pagination"] == {"limit": 2, "hasNext": False, "nextCursor": "2"}


def test_a_page_of_large_events_ends_before_its_limit(api: Client) -> None:
    lead = api.create(metadata={"text": "x" * 60_000})
    for number in range(40):
        api.patch(f"/api/v1/leads/{lead['id']}", {"metadata": {"text": f"{number}" * 30_000}})

    first = api.get("/api/v1/events", params={"limit": 1000})
    cursor = first.json()["data"]["pagination"]["nextCursor"]
    rest = feed(api, limit=1000, after=cursor)

    assert len(first.content) < 6_000_000
    assert first.json()["data"]["pagination"] == {"limit": 1000, "hasNext": True, "nextCursor": cursor}
    assert len(first.json()["data"]["events"]) + len(rest["events"]) == 41
    assert rest["pagination"]["hasNext"] is False


def test_a_reader_that_comes_back_finds_what_is_new_and_nothing_else(api: Client) -> None:
    api.create()
    cursor = feed(api)["pagination"]["nextCursor"]
    nothing = feed(api, after=cursor)
    api.create("New")
    later = feed(api, after=cursor)

    assert (nothing["events"], nothing["pagination"]["nextCursor"]) == ([], cursor)
    assert [event["changes"]["name"]["to"] for event in later["events"]] == ["New"]


def test_filters_by_type(api: Client) -> None:
    lead = api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})

    assert types(feed(api, types="lead.status_changed")) == ["lead.status_changed"]
    assert types(feed(api, types="lead.created, lead.status_changed")) == ["lead.created", "lead.status_changed"]
    assert types(feed(api, types="lead.deleted")) == []


def test_a_filtered_reader_skips_what_it_did_not_ask_for_once(api: Client) -> None:
    lead = api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "1"})
    api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "2"})

    page = feed(api, types="lead.created")
    api.create("New")
    later = feed(api, types="lead.created", after=page["pagination"]["nextCursor"])

    assert page["pagination"]["nextCursor"] == "3"
    assert [event["changes"]["name"]["to"] for event in later["events"]] == ["New"]


def test_a_filtered_page_that_is_not_the_last_ends_at_its_last_event(api: Client) -> None:
    lead = api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "1"})
    api.create()

    page = feed(api, types="lead.created", limit=1)
    rest = feed(api, types="lead.created", after=page["pagination"]["nextCursor"])

    assert page["pagination"] == {"limit": 1, "hasNext": True, "nextCursor": "1"}
    assert types(rest) == ["lead.created"]


def test_a_deleted_lead_leaves_a_gap_that_readers_do_not_notice(api: Client) -> None:
    gone, kept = api.create(), api.create()
    cursor = feed(api, limit=1)["pagination"]["nextCursor"]
    api.delete(f"/api/v1/leads/{gone['id']}")

    page = feed(api, after=cursor)

    assert [(event["type"], event["leadId"]) for event in page["events"]] == [
        ("lead.created", kept["id"]),
        ("lead.deleted", gone["id"]),
    ]


def test_a_cursor_ahead_of_the_feed_is_refused_not_ignored(api: Client) -> None:
    api.create()

    response = api.get("/api/v1/events?after=2")

    assert problems_of(response) == {"after": "invalid_cursor"}
    assert response.json()["details"]["errors"][0]["message"] == (
        "this cursor is ahead of the feed (was a backup restored?); start again without one"
    )


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("after=-1", {"after": "invalid_cursor"}),
        ("after=", {"after": "invalid_cursor"}),
        ("after=1.0", {"after": "invalid_cursor"}),
        ("after=9223372036854775808", {"after": "invalid_cursor"}),
        ("types=", {"types": "invalid_choice"}),
        ("types=lead.created,lead.sold", {"types": "invalid_choice"}),
        ("limit=0", {"limit": "out_of_range"}),
        ("limit=1001", {"limit": "out_of_range"}),
        ("cursor=1", {"cursor": "unknown_parameter"}),
        ("after=1&after=1", {"after": "duplicate"}),
        ("after=x&types=x&limit=x", {"after": "invalid_cursor", "types": "invalid_choice", "limit": "out_of_range"}),
    ],
)
def test_names_every_bad_parameter(api: Client, query: str, problems: dict[str, str]) -> None:
    assert problems_of(api.get(f"/api/v1/events?{query}")) == problems


def test_shows_one_workspaces_events_only(api: Client, stranger: Client) -> None:
    theirs = stranger.create()
    ours = api.create()
    stranger.create()

    response = api.get("/api/v1/events")

    assert [event["leadId"] for event in response.json()["data"]["events"]] == [ours["id"]]
    assert response.json()["data"]["pagination"]["nextCursor"] == "1"
    assert theirs["id"] not in response.text
    assert stranger.workspace_id not in response.text


def test_needs_the_right_to_read(server: Server, api: Client) -> None:
    api.create()
    writer = server.client(api.workspace_id, Scope.LEADS_WRITE)

    response = writer.get("/api/v1/events")

    assert (response.status_code, response.json()["details"]) == (403, {"required": "leads:read"})


def test_refuses_the_anonymous(server: Server) -> None:
    response = requests.get(f"{server.url}/api/v1/events", timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
