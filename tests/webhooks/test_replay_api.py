"""Sending a part of the past again, from one time to just before another."""

from typing import Any

import pytest

from tests.conftest import Client, MovableClock, problems_of
from tests.webhooks.endpoints import URL, WEBHOOKS, create_webhook, ids, refused, wait_for
from tests.webhooks.receiver import Receiver, answer

FIRST, THIRD, END = "2026-01-15T10:30:01.000Z", "2026-01-15T10:30:03.000Z", "2026-01-15T10:30:04.000Z"


def replay(manager: Client, webhook: dict[str, Any], **asked: Any) -> dict[str, Any]:
    response = manager.post(f"{WEBHOOKS}/{webhook['id']}/replay", asked)
    assert response.status_code == 202, response.text
    return dict(response.json()["data"])


@pytest.fixture
def past(api: Client, clock: MovableClock) -> list[str]:
    """The ids of four events, one a second from FIRST on: three leads were created, then one was updated."""
    leads = []
    for number in range(3):
        clock.advance(seconds=1)
        leads.append(api.create(f"Lead {number}")["id"])
    clock.advance(seconds=1)
    api.patch(f"/api/v1/leads/{leads[0]}", {"name": "Renamed"})
    return [event["id"] for event in api.get("/api/v1/events").json()["data"]["events"]]


@pytest.mark.parametrize(
    ("since", "until", "part"),
    [
        ("2000-01-01", None, slice(0, 3)),
        ("2000-01-01", "2030-01-01T00:00:00+01:00", slice(0, 4)),
        (FIRST, THIRD, slice(0, 2)),
        ("2026-01-15T10:30:01.001Z", "2026-01-15T10:30:03.001Z", slice(1, 3)),
        (THIRD, "9999-12-31T23:59:59Z", slice(2, 4)),
    ],
)
def test_sends_what_happened_since_a_time_until_just_before_another_in_order(
    manager: Client, receiver: Receiver, past: list[str], since: str, until: str | None, part: slice
) -> None:
    webhook = create_webhook(manager, receiver.url)

    replay(manager, webhook, since=since, until=until)

    expected = past[part]
    assert sorted(ids(receiver, len(expected))) == expected
    found = wait_for(manager, webhook, *["succeeded"] * len(expected))
    assert [each["eventId"] for each in found] == expected[::-1]


@pytest.mark.usefixtures("past")
def test_the_answer_repeats_what_was_asked_for(manager: Client) -> None:
    webhook = create_webhook(manager, URL, events=["lead.deleted", "webhook.test"])

    asked = replay(manager, webhook, since="2026-01-15T11:30:01+01:00")

    assert asked == {
        "id": asked["id"],
        "webhookId": webhook["id"],
        "types": ["lead.deleted", "webhook.test"],
        "since": FIRST,
        "until": END,
        "createdAt": END,
    }
    assert asked["id"].startswith("rpl_")


@pytest.mark.parametrize(
    ("wanted", "types", "sent"),
    [
        (["lead.updated"], None, [3]),
        (["lead.updated"], ["lead.created"], [0, 1, 2]),
        (["*"], ["lead.updated", "lead.updated"], [3]),
        (["lead.deleted"], ["lead.*"], [0, 1, 2, 3]),
    ],
)
def test_sends_the_types_that_are_named_or_else_those_the_endpoint_wants(
    manager: Client, receiver: Receiver, past: list[str], wanted: list[str], types: list[str] | None, sent: list[int]
) -> None:
    webhook = create_webhook(manager, receiver.url, events=wanted)

    replay(manager, webhook, since="2026-01-01", until="2027-01-01", types=types)

    assert sorted(ids(receiver, len(sent))) == [past[index] for index in sent]
    wait_for(manager, webhook, *["succeeded"] * len(sent))


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize(
    ("since", "until", "types"),
    [
        ("2020-01-01", FIRST, None),
        ("2026-01-15T10:30:04.001Z", "2027-01-01", None),
        ("2026-01-01", None, ["lead.deleted"]),
        ("2026-01-01", None, ["webhook.test"]),
    ],
)
def test_where_nothing_happened_nothing_is_sent(
    manager: Client, receiver: Receiver, since: str, until: str | None, types: list[str] | None
) -> None:
    webhook = create_webhook(manager, receiver.url)

    replay(manager, webhook, since=since, until=until, types=types)
    manager.post(f"{WEBHOOKS}/{webhook['id']}/test")  # which comes when all that was to come has come

    [sent] = wait_for(manager, webhook, "succeeded")
    assert sent["eventType"] == "webhook.test"


def test_what_was_delivered_is_delivered_again_under_its_id(
    api: Client, manager: Client, receiver: Receiver, clock: MovableClock
) -> None:
    webhook = create_webhook(manager, receiver.url)
    api.create()
    wait_for(manager, webhook, "succeeded")
    clock.advance(seconds=1)

    replay(manager, webhook, since="2026-01-01")

    again, first = wait_for(manager, webhook, "succeeded", "succeeded")
    assert again["eventId"] == first["eventId"]
    assert again["id"] != first["id"]
    assert receiver.requests[0].body == receiver.requests[1].body


def test_a_deleted_lead_has_no_past(api: Client, manager: Client, receiver: Receiver, past: list[str]) -> None:
    webhook = create_webhook(manager, receiver.url, events=["lead.created"])
    [second] = [lead["id"] for lead in api.get("/api/v1/leads?search=Lead 1").json()["data"]["leads"]]
    api.delete(f"/api/v1/leads/{second}")

    replay(manager, webhook, since="2026-01-01")

    assert sorted(ids(receiver, 2)) == [past[0], past[2]]
    wait_for(manager, webhook, "succeeded", "succeeded")


def test_two_replays_are_sent_one_after_another(manager: Client, receiver: Receiver, past: list[str]) -> None:
    webhook = create_webhook(manager, receiver.url, events=["lead.created"])

    replay(manager, webhook, since="2026-01-01")
    replay(manager, webhook, since="2026-01-01")

    found = wait_for(manager, webhook, *["succeeded"] * 6)
    assert [each["eventId"] for each in found] == (past[:3] + past[:3])[::-1]


def test_nothing_is_sent_again_to_an_endpoint_that_is_not_active(manager: Client) -> None:
    webhook = create_webhook(manager, URL, active=False)

    sentence = refused(manager, f"{WEBHOOKS}/{webhook['id']}/replay", {"since": "2026-01-01"})

    assert sentence == "This webhook is not active; set active to true first"


@pytest.mark.usefixtures("past")
def test_a_deleted_endpoint_is_sent_no_more_of_the_past(manager: Client, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(200, after_seconds=0.5)
    webhook = create_webhook(manager, receiver.url)
    replay(manager, webhook, since="2026-01-01", until="2027-01-01")
    receiver.wait_for(1)

    manager.delete(f"{WEBHOOKS}/{webhook['id']}")
    other = create_webhook(manager, f"{receiver.url}/other")
    manager.post(f"{WEBHOOKS}/{other['id']}/test")

    wait_for(manager, other, "succeeded")
    assert [request.path for request in receiver.requests] == ["/hook", "/hook/other"]


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, {"since": "required"}),
        ({"since": None}, {"since": "invalid_type"}),
        ({"since": "yesterday", "until": 7, "types": [], "x": 1},
         {"since": "invalid_time", "until": "invalid_type", "types": "blank", "x": "unknown_field"}),
        ({"since": "2026-01-01", "types": ["lead.archived"]}, {"types": "unknown_event_type"}),
        ({"since": "2026-01-01", "types": "lead.created"}, {"types": "invalid_type"}),
        ({"since": "2026-01-02", "until": "2026-01-01"}, {"until": "out_of_range"}),
        ({"since": "2026-01-02", "until": "2026-01-02T00:00:00Z"}, {"until": "out_of_range"}),
        ({"since": "0001-01-01T00:00:00+23:59"}, {"since": "invalid_time"}),
        ({"since": "2026-01-01", "until": "9999-12-31T23:59:59-23:59"}, {"until": "invalid_time"}),
    ],
)  # fmt: skip
def test_names_what_is_wrong_with_a_replay(manager: Client, body: dict[str, Any], problems: dict[str, str]) -> None:
    webhook = create_webhook(manager, URL)

    assert problems_of(manager.post(f"{WEBHOOKS}/{webhook['id']}/replay", body)) == problems
