"""Sending a delivery again by its id, whatever became of it, as long as there is something to send."""

from collections.abc import Callable
from typing import Any

import pytest

from leadlight.principal import Scope
from tests.conftest import Client, Server
from tests.webhooks.endpoints import (
    DELIVERIES,
    WEBHOOKS,
    create_webhook,
    get_delivery,
    ids,
    refused,
    wait_for,
    wait_for_attempts,
)
from tests.webhooks.receiver import Receiver, answer, hang, in_turn

BEGIN = "2026-01-15T10:30:00.000Z"


def retry(manager: Client, delivery: dict[str, Any]) -> dict[str, Any]:
    response = manager.post(f"{DELIVERIES}/{delivery['id']}/retry")
    assert response.status_code == 202, response.text
    return dict(response.json()["data"])


@pytest.fixture
def once(start_server: Callable[..., Server]) -> tuple[Client, Client]:
    """Who writes leads and who manages webhooks, on a server that tries a delivery once."""
    server = start_server(webhook_allow_private=True, webhook_retry_schedule="0")
    workspace_id = server.workspace()
    return server.client(workspace_id), server.client(workspace_id, Scope.WEBHOOKS_MANAGE)


@pytest.mark.parametrize(("status", "ended"), [(200, "succeeded"), (500, "failed")])
def test_a_finished_delivery_is_sent_again_under_the_same_id(
    once: tuple[Client, Client], receiver: Receiver, status: int, ended: str
) -> None:
    api, manager = once
    receiver.react = in_turn(answer(status), answer())
    webhook = create_webhook(manager, receiver.url)
    api.create()
    [finished] = wait_for(manager, webhook, ended)

    retried = retry(manager, finished)

    waits = {"status": "pending", "nextAttemptAt": BEGIN, "finishedAt": None}
    assert retried == finished | waits
    first, again = receiver.wait_for(2)
    assert (again.headers["webhook-id"], again.body) == (first.headers["webhook-id"], first.body)
    assert wait_for_attempts(manager, finished, 2)["status"] == "succeeded"


def test_one_that_fails_once_more_has_failed(once: tuple[Client, Client], receiver: Receiver) -> None:
    api, manager = once
    receiver.react = lambda _: answer(500)
    webhook = create_webhook(manager, receiver.url)
    api.create()
    [failed] = wait_for(manager, webhook, "failed")

    retry(manager, failed)

    assert wait_for_attempts(manager, failed, 2)["status"] == "failed"


def test_one_that_waits_is_sent_now(api: Client, manager: Client, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(500), answer())
    webhook = create_webhook(manager, receiver.url)
    api.create()
    [waiting] = wait_for(manager, webhook, "pending")

    retry(manager, waiting)

    wait_for(manager, webhook, "succeeded")


def test_a_test_can_be_sent_again(manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url)
    manager.post(f"{WEBHOOKS}/{webhook['id']}/test")
    [sent] = wait_for(manager, webhook, "succeeded")

    retry(manager, sent)

    assert ids(receiver, 2) == [sent["eventId"], sent["eventId"]]
    assert wait_for_attempts(manager, sent, 2)["status"] == "succeeded"


def test_one_that_is_being_sent_is_left_alone(api: Client, manager: Client, receiver: Receiver) -> None:
    receiver.react = lambda _: hang()
    webhook = create_webhook(manager, receiver.url)
    api.create()
    [under_way] = wait_for(manager, webhook, "sending")

    assert refused(manager, f"{DELIVERIES}/{under_way['id']}/retry") == "It is being sent at this moment"


def test_one_whose_webhook_is_not_active_is_not_sent(api: Client, manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url)
    api.create()
    [sent] = wait_for(manager, webhook, "succeeded")
    manager.put(f"{WEBHOOKS}/{webhook['id']}", {"active": False})

    sentence = refused(manager, f"{DELIVERIES}/{sent['id']}/retry")

    assert sentence == "This webhook is not active; set active to true first"
    assert get_delivery(manager, sent)["status"] == "succeeded"


# Of a lead that was deleted


def test_what_waits_of_a_deleted_lead_is_dropped_and_the_deletion_is_told(
    api: Client, manager: Client, receiver: Receiver
) -> None:
    receiver.react = in_turn(answer(500, b"ada@example.com is unknown here"), answer())
    webhook = create_webhook(manager, receiver.url)
    lead = api.create()
    wait_for(manager, webhook, "pending")

    api.delete(f"/api/v1/leads/{lead['id']}")

    told, dropped = wait_for(manager, webhook, "succeeded", "dropped")
    assert (told["eventType"], dropped["finishedAt"], dropped["nextAttemptAt"]) == ("lead.deleted", BEGIN, None)
    assert get_delivery(manager, dropped)["attempts"][0]["answer"] == ""
    sentence = refused(manager, f"{DELIVERIES}/{dropped['id']}/retry")
    assert sentence == "Its lead was deleted, so there is nothing left to send"
    assert b"ada@example.com" not in receiver.wait_for(2)[1].body


def test_what_was_sent_of_a_deleted_lead_can_not_be_sent_again(
    api: Client, manager: Client, receiver: Receiver
) -> None:
    receiver.react = lambda _: answer(200, b"thanks for ada@example.com")
    webhook = create_webhook(manager, receiver.url)
    lead = api.create()
    [sent] = wait_for(manager, webhook, "succeeded")
    api.delete(f"/api/v1/leads/{lead['id']}")
    wait_for(manager, webhook, "succeeded", "succeeded")

    sentence = refused(manager, f"{DELIVERIES}/{sent['id']}/retry")

    assert sentence == "Its lead was deleted, so there is nothing left to send"
    assert "ada@example.com" not in manager.get(f"{DELIVERIES}/{sent['id']}").text
