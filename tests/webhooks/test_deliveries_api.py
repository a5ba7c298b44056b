"""What became of deliveries: listed by webhook, read one by one with their attempts, and sent again."""

from collections.abc import Callable
from typing import Any

import pytest

from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server, problems_of
from tests.webhooks.endpoints import (
    DELIVERIES,
    URL,
    WEBHOOKS,
    create_webhook,
    get_delivery,
    get_webhook,
    list_deliveries,
    wait_for,
)
from tests.webhooks.receiver import Reaction, Receiver, answer, break_off, hang, in_turn, redirect

Impatient = tuple[Client, Client]


@pytest.fixture
def once(start_server: Callable[..., Server]) -> Impatient:
    """Who writes leads and who manages webhooks, on a server that tries a delivery once, for a second."""
    server = start_server(webhook_allow_private=True, webhook_retry_schedule="0", webhook_timeout_seconds=1)
    workspace_id = server.workspace()
    return server.client(workspace_id), server.client(workspace_id, Scope.WEBHOOKS_MANAGE)


# Read


def test_a_delivery_tells_of_its_event_and_each_attempt(api: Client, manager: Client, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(500, "brøken".encode()), answer(204))
    webhook = create_webhook(manager, receiver.url)
    lead = api.create()
    [failed] = wait_for(manager, webhook, "pending")
    manager.post(f"{DELIVERIES}/{failed['id']}/retry")
    wait_for(manager, webhook, "succeeded")

    delivery = get_delivery(manager, failed)

    first, second = delivery.pop("attempts")
    assert delivery == {
        "id": failed["id"],
        "webhookId": webhook["id"],
        "eventId": receiver.requests[0].headers["webhook-id"],
        "eventType": "lead.created",
        "leadId": lead["id"],
        "status": "succeeded",
        "attemptCount": 2,
        "nextAttemptAt": None,
        "createdAt": "2026-01-15T10:30:00.000Z",
        "finishedAt": "2026-01-15T10:30:00.000Z",
    }
    assert list(first) == ["number", "timestamp", "durationMs", "status", "failure", "answer"]
    assert (first["number"], first["status"], first["failure"], first["answer"]) == (1, 500, "http_status", "brøken")
    assert (second["number"], second["status"], second["failure"], second["answer"]) == (2, 204, None, "")
    assert first["timestamp"] == "2026-01-15T10:30:00.000Z"
    assert 0 <= first["durationMs"] < 5_000


def test_one_that_waits_tells_when_it_is_tried_next(api: Client, manager: Client, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(500)
    webhook = create_webhook(manager, receiver.url)
    api.create()

    [waiting] = wait_for(manager, webhook, "pending")

    assert waiting["attemptCount"] == 1
    assert waiting["finishedAt"] is None
    assert "2026-01-15T10:30:05.000Z" <= waiting["nextAttemptAt"] <= "2026-01-15T10:30:05.500Z"
    assert "attempts" not in waiting


@pytest.mark.parametrize(
    ("reaction", "status", "failure", "begins"),
    [
        (answer(404, b"a" * 3_000), 404, "http_status", "a" * 1_024),
        (redirect("http://127.0.0.1:1/elsewhere"), 307, "redirect", ""),
        (hang(), None, "timeout", ""),
        (break_off(b"half"), 200, "connection_lost", "half"),
    ],
    ids=["status", "redirect", "timeout", "broken off"],
)
def test_an_attempt_tells_why_it_failed(
    once: Impatient, receiver: Receiver, reaction: Reaction, status: int | None, failure: str, begins: str
) -> None:
    api, manager = once
    receiver.react = lambda _: reaction
    webhook = create_webhook(manager, receiver.url)
    api.create()

    [failed] = wait_for(manager, webhook, "failed")

    [attempt] = get_delivery(manager, failed)["attempts"]
    assert (attempt["status"], attempt["failure"], attempt["answer"]) == (status, failure, begins)
    assert (failed["nextAttemptAt"], failed["finishedAt"]) == (None, "2026-01-15T10:30:00.000Z")


def test_nobody_there_is_a_refused_connection(once: Impatient, receiver: Receiver) -> None:
    api, manager = once
    webhook = create_webhook(manager, receiver.url)
    receiver.stop()
    api.create()

    [failed] = wait_for(manager, webhook, "failed")

    assert get_delivery(manager, failed)["attempts"][0]["failure"] == "connection_refused"


def test_a_webhook_tells_how_it_is_doing(api: Client, manager: Client, receiver: Receiver, clock: MovableClock) -> None:
    receiver.react = in_turn(answer(), answer(500))
    webhook = create_webhook(manager, receiver.url)
    api.create()
    wait_for(manager, webhook, "succeeded")
    clock.advance(seconds=1)
    api.create()
    wait_for(manager, webhook, "pending", "succeeded")

    doing = get_webhook(manager, webhook)

    assert (doing["successCount"], doing["lastSuccessAt"]) == (1, "2026-01-15T10:30:00.000Z")
    assert (doing["failureCount"], doing["lastFailureAt"]) == (1, "2026-01-15T10:30:01.000Z")
    assert (doing["active"], doing["updatedAt"]) == (True, "2026-01-15T10:30:00.000Z")


# List


@pytest.fixture
def three(api: Client, manager: Client, receiver: Receiver) -> dict[str, Any]:
    """A webhook that took two leads and refused the third."""
    receiver.react = in_turn(answer(), answer(), answer(500))
    webhook = create_webhook(manager, receiver.url)
    for number in range(3):
        api.create(f"Lead {number}")
        receiver.wait_for(number + 1)
    wait_for(manager, webhook, "pending", "succeeded", "succeeded")
    return webhook


def test_lists_the_newest_first_and_pages_follow_one_another(
    manager: Client, three: dict[str, Any], receiver: Receiver
) -> None:
    path = f"{WEBHOOKS}/{three['id']}/deliveries"

    first_page = manager.get(f"{path}?limit=2").json()["data"]
    last = first_page["deliveries"][-1]["id"]
    second_page = manager.get(f"{path}?limit=2&after={last}").json()["data"]

    sent = [request.headers["webhook-id"] for request in receiver.requests]
    told = [each["eventId"] for each in first_page["deliveries"] + second_page["deliveries"]]
    assert told == sent[::-1]
    assert first_page["pagination"] == {"limit": 2, "hasNext": True, "nextCursor": last}
    assert second_page["pagination"] == {"limit": 2, "hasNext": False, "nextCursor": None}


@pytest.mark.parametrize(
    ("status", "count"), [("succeeded", 2), ("pending", 1), ("failed", 0), ("sending", 0), ("dropped", 0)]
)
def test_lists_those_that_stand_like_this(manager: Client, three: dict[str, Any], status: str, count: int) -> None:
    found = list_deliveries(manager, three, status=status)

    assert [each["status"] for each in found] == [status] * count
    assert list_deliveries(manager, three, status=status, limit=1) == found[:1]


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("status=lost", {"status": "invalid_choice"}),
        ("status=failed,pending", {"status": "invalid_choice"}),
        ("limit=0&after=wh_1", {"limit": "out_of_range", "after": "invalid_cursor"}),
        ("limit=101&page=2", {"limit": "out_of_range", "page": "unknown_parameter"}),
    ],
)
def test_names_every_bad_parameter(manager: Client, query: str, problems: dict[str, str]) -> None:
    assert problems_of(manager.get(f"{WEBHOOKS}/wh_1/deliveries?{query}")) == problems


def test_a_new_webhook_has_no_deliveries_of_what_was_before(api: Client, manager: Client) -> None:
    api.create()

    response = manager.get(f"{WEBHOOKS}/{create_webhook(manager, URL)['id']}/deliveries")

    assert response.json()["data"] == {
        "deliveries": [],
        "pagination": {"limit": 50, "hasNext": False, "nextCursor": None},
    }


# Whose deliveries


def test_lists_those_of_one_webhook_alone(manager: Client, three: dict[str, Any]) -> None:
    other = create_webhook(manager, three["url"], events=["lead.deleted"])

    assert list_deliveries(manager, other) == []
    assert len(list_deliveries(manager, three)) == 3


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("POST", "/retry")])
def test_says_the_same_of_another_workspaces_delivery_as_of_none(
    manager: Client, stranger: Client, three: dict[str, Any], method: str, suffix: str
) -> None:
    [ours, *_] = list_deliveries(manager, three)

    foreign = stranger.request(method, f"{DELIVERIES}/{ours['id']}{suffix}", headers={"X-Request-Id": "r"})
    missing = stranger.request(method, f"{DELIVERIES}/dlv_1{suffix}", headers={"X-Request-Id": "r"})

    assert (foreign.status_code, foreign.json()["code"]) == (404, "NOT_FOUND")
    assert foreign.json()["details"] == {"deliveryId": ours["id"]}
    assert foreign.text == missing.text.replace("dlv_1", ours["id"])
    assert list_deliveries(manager, three)[0] == ours


@pytest.mark.parametrize("id_", ["dlv_", "wh_1", "dlv_a.b", "dlv_" + "a" * 61])
@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("POST", "/retry")])
def test_names_the_form_of_an_id_that_is_none(manager: Client, id_: str, method: str, suffix: str) -> None:
    response = manager.request(method, f"{DELIVERIES}/{id_}{suffix}")

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ID_FORMAT")
    assert response.json()["details"] == {
        "deliveryId": id_,
        "expected": "dlv_[alphanumeric string]",
        "message": "Delivery IDs must start with 'dlv_' followed by alphanumeric characters",
    }


# When they are removed


def test_deliveries_go_with_their_webhook(server: Server, manager: Client, three: dict[str, Any]) -> None:
    [delivery, *_] = list_deliveries(manager, three)
    path = f"{DELIVERIES}/{delivery['id']}"

    manager.delete(f"{WEBHOOKS}/{three['id']}")
    at_once = (manager.get(path).status_code, manager.post(f"{path}/retry").status_code)
    server.do(server.services.webhooks.clean(kept_days=30))

    assert at_once == (404, 404)
    assert (manager.get(path).status_code, manager.post(f"{path}/retry").status_code) == (404, 404)


def test_finished_deliveries_are_forgotten_after_a_while(
    server: Server, manager: Client, three: dict[str, Any], clock: MovableClock
) -> None:
    clock.advance(seconds=30 * 86_400)
    server.do(server.services.webhooks.clean(kept_days=30))
    kept = len(list_deliveries(manager, three, status="succeeded"))
    clock.advance(milliseconds=1)

    server.do(server.services.webhooks.clean(kept_days=30))

    assert kept == 2
    assert list_deliveries(manager, three, status="succeeded") == []
