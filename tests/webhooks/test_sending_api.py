"""What an endpoint is sent: what it asked for, while it is active, signed; and a test when somebody wants one."""

import json
import logging
import time
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as PublicLibrary

from leadlight import WebhookVerificationError, __version__, verify_webhook
from tests.conftest import Client, MovableClock
from tests.webhooks.endpoints import (
    DELIVERIES,
    FIELDS,
    NOW,
    WEBHOOKS,
    create_webhook,
    get_delivery,
    get_webhook,
    list_deliveries,
    wait_for,
    wait_for_attempts,
)
from tests.webhooks.receiver import Receiver, Request, answer

DAY_SECONDS = 86_400


def send_test(manager: Client, webhook: dict[str, Any]) -> dict[str, Any]:
    response = manager.post(f"{WEBHOOKS}/{webhook['id']}/test")
    assert response.status_code == 202, response.text
    return dict(response.json()["data"])


def rotate(manager: Client, webhook: dict[str, Any]) -> str:
    return str(manager.post(f"{WEBHOOKS}/{webhook['id']}/rotate-secret").json()["data"]["secret"])


def set_active(manager: Client, webhook: dict[str, Any], *, active: bool) -> None:
    assert manager.put(f"{WEBHOOKS}/{webhook['id']}", {"active": active}).status_code == 200


def said(request: Request) -> list[str]:
    """The type of an event, and the name of its lead."""
    event = json.loads(request.body)
    return [event["type"], event["data"].get("name", "")]


# Events


def test_a_change_arrives_as_the_feed_tells_it(api: Client, manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url)
    lead = api.create(phone="1", metadata={"é": [1.0]})
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost", "phone": None})

    requests = receiver.wait_for(3)

    sent = [verify_webhook(request.body, request.headers, webhook["secret"], now=NOW) for request in requests]
    assert sent == api.get("/api/v1/events").json()["data"]["events"]
    assert [event["type"] for event in sent] == ["lead.created", "lead.updated", "lead.status_changed"]
    assert sent[0]["data"] == lead
    assert sent[2]["changes"] == {"status": {"from": "new", "to": "lost"}}
    assert [request.headers["webhook-id"] for request in requests] == [event["id"] for event in sent]


def test_a_delivery_is_a_post_of_json_that_says_who_sends(api: Client, manager: Client, receiver: Receiver) -> None:
    create_webhook(manager, f"{receiver.url}?a=%2F&b")
    api.create()

    [request] = receiver.wait_for(1)

    assert (request.method, request.path) == ("POST", "/hook?a=%2F&b")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == f"Leadlight/{__version__}"
    assert request.headers["webhook-timestamp"] == str(NOW)


def test_the_public_library_believes_it(api: Client, manager: Client, receiver: Receiver, clock: MovableClock) -> None:
    clock.now = int(time.time() * 1_000)  # it looks at the machine's clock
    webhook = create_webhook(manager, receiver.url)
    lead = api.create()

    [request] = receiver.wait_for(1)

    event = PublicLibrary(webhook["secret"]).verify(request.body, request.headers)
    assert event["data"]["id"] == lead["id"]


def test_sends_the_types_that_were_asked_for(api: Client, manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url, events=["lead.created", "lead.deleted"])
    lead = api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})
    receiver.wait_for(1)
    api.delete(f"/api/v1/leads/{lead['id']}")

    sent = receiver.wait_for(2)

    assert [said(request)[0] for request in sent] == ["lead.created", "lead.deleted"]
    assert len(wait_for(manager, webhook, "succeeded", "succeeded")) == 2


def test_an_endpoint_for_tests_alone_is_sent_nothing_else(api: Client, manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url, events=["webhook.test"])
    api.create()
    send_test(manager, webhook)

    [sent] = wait_for(manager, webhook, "succeeded")

    assert sent["eventType"] == "webhook.test"


def test_what_it_asks_for_can_be_changed(api: Client, manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, f"{receiver.url}/old", events=["lead.deleted"])
    manager.put(f"{WEBHOOKS}/{webhook['id']}", {"url": f"{receiver.url}/new", "events": ["lead.created"]})
    api.create()

    [request] = receiver.wait_for(1)

    assert (request.path, said(request)) == ("/hook/new", ["lead.created", "Ada Park"])


def test_a_workspaces_events_go_to_its_own_endpoints(
    api: Client, manager: Client, stranger: Client, receiver: Receiver
) -> None:
    create_webhook(manager, f"{receiver.url}/ours")
    create_webhook(stranger, f"{receiver.url}/theirs")
    api.create("Ours")
    stranger.create("Theirs")

    requests = receiver.wait_for(2)

    assert {(request.path, said(request)[1]) for request in requests} == {
        ("/hook/ours", "Ours"),
        ("/hook/theirs", "Theirs"),
    }


# While it is active


def test_an_inactive_endpoint_misses_what_happens_until_it_is_active(
    api: Client, manager: Client, receiver: Receiver
) -> None:
    webhook = create_webhook(manager, receiver.url, active=False)
    api.create("Missed")
    set_active(manager, webhook, active=True)
    api.create("Told")
    receiver.wait_for(1)
    set_active(manager, webhook, active=False)
    api.create("Missed too")
    set_active(manager, webhook, active=True)
    api.create("Told again")

    requests = receiver.wait_for(2)

    assert [said(request)[1] for request in requests] == ["Told", "Told again"]
    assert len(wait_for(manager, webhook, "succeeded", "succeeded")) == 2


def test_one_that_says_gone_is_disabled_until_its_owner_says_otherwise(
    api: Client, manager: Client, receiver: Receiver
) -> None:
    receiver.react = lambda _: answer(410)
    webhook = create_webhook(manager, receiver.url)
    api.create()
    wait_for(manager, webhook, "pending")
    disabled = get_webhook(manager, webhook)

    set_active(manager, webhook, active=True)

    assert (disabled["active"], disabled["disabledReason"]) == (False, "It answered 410 Gone.")
    enabled = get_webhook(manager, webhook)
    assert (enabled["active"], enabled["disabledReason"]) == (True, None)


def test_nothing_more_is_sent_to_a_deleted_endpoint(api: Client, manager: Client, receiver: Receiver) -> None:
    deleted = create_webhook(manager, f"{receiver.url}/deleted")
    create_webhook(manager, f"{receiver.url}/kept")
    manager.delete(f"{WEBHOOKS}/{deleted['id']}")
    api.create()
    api.create()

    assert [request.path for request in receiver.wait_for(2)] == ["/hook/kept", "/hook/kept"]


# Rotation


def test_after_a_rotation_both_secrets_sign_for_a_day(
    api: Client, manager: Client, receiver: Receiver, clock: MovableClock
) -> None:
    webhook = create_webhook(manager, receiver.url)
    old, new = webhook["secret"], rotate(manager, webhook)
    clock.advance(seconds=DAY_SECONDS - 1)
    api.create()
    within = receiver.wait_for(1)[0]
    clock.advance(seconds=1)
    api.create()
    after = receiver.wait_for(2)[1]

    for secret in (new, old):
        verify_webhook(within.body, within.headers, secret, now=NOW + DAY_SECONDS - 1)
    verify_webhook(after.body, after.headers, new, now=NOW + DAY_SECONDS)
    with pytest.raises(WebhookVerificationError):
        verify_webhook(after.body, after.headers, old, now=NOW + DAY_SECONDS)
    assert [len(each.headers["webhook-signature"].split()) for each in (within, after)] == [2, 1]


def test_of_two_rotations_the_last_two_secrets_sign(api: Client, manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url)
    secrets = [webhook["secret"], rotate(manager, webhook), rotate(manager, webhook)]
    api.create()

    [request] = receiver.wait_for(1)

    assert len(request.headers["webhook-signature"].split()) == 2
    for secret in secrets[1:]:
        verify_webhook(request.body, request.headers, secret, now=NOW)
    with pytest.raises(WebhookVerificationError):
        verify_webhook(request.body, request.headers, secrets[0], now=NOW)


# Tests


def test_a_test_arrives_signed_and_is_tracked_and_in_no_feed(
    admin: Client, manager: Client, receiver: Receiver
) -> None:
    receiver.react = lambda _: answer(200, b"pong")
    webhook = create_webhook(manager, receiver.url, events=["lead.deleted"])

    queued = send_test(manager, webhook)

    [request] = receiver.wait_for(1)
    event = verify_webhook(request.body, request.headers, webhook["secret"], now=NOW)
    assert (event["id"], event["type"], event["workspaceId"]) == (
        queued["eventId"],
        "webhook.test",
        manager.workspace_id,
    )
    assert event["data"]["workspaceId"] == manager.workspace_id
    [sent] = wait_for(manager, webhook, "succeeded")
    assert sent == queued | {"status": "succeeded", "attemptCount": 1} | {
        "nextAttemptAt": None,
        "finishedAt": "2026-01-15T10:30:00.000Z",
    }
    assert get_delivery(manager, sent)["attempts"][0]["answer"] == "pong"
    assert admin.get("/api/v1/events").json()["data"]["events"] == []


def test_the_answer_to_a_test_is_its_delivery(manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url)

    queued = send_test(manager, webhook)

    assert queued == {
        "id": queued["id"],
        "webhookId": webhook["id"],
        "eventId": queued["eventId"],
        "eventType": "webhook.test",
        "leadId": None,
        "status": "pending",
        "attemptCount": 0,
        "nextAttemptAt": "2026-01-15T10:30:00.000Z",
        "createdAt": "2026-01-15T10:30:00.000Z",
        "finishedAt": None,
    }
    assert queued["id"].startswith("dlv_")
    assert queued["eventId"].startswith("evt_")


def test_an_inactive_endpoint_is_sent_no_test(manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url, active=False)

    response = manager.post(f"{WEBHOOKS}/{webhook['id']}/test")

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert response.json()["details"] == {"webhookId": webhook["id"]}
    assert list_deliveries(manager, webhook) == []


# The secret


def test_no_log_and_no_answer_but_one_holds_the_secret(
    api: Client, manager: Client, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook = create_webhook(manager, receiver.url)
    receiver.react = lambda _: answer(500)
    rotated = rotate(manager, webhook)
    api.create()
    [waiting] = wait_for(manager, webhook, "pending")
    receiver.stop()
    answers = manager.post(f"{DELIVERIES}/{waiting['id']}/retry").text
    wait_for_attempts(manager, waiting, 2)

    answers += manager.get(WEBHOOKS).text + manager.get(f"{WEBHOOKS}/{webhook['id']}/deliveries").text
    answers += manager.get(f"{DELIVERIES}/{waiting['id']}").text
    for secret in (webhook["secret"], rotated):
        assert secret.removeprefix("whsec_") not in answers + caplog.text
    assert list(get_webhook(manager, webhook)) == FIELDS
