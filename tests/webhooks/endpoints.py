"""What a manager of webhooks does in most tests: make one, and see what becomes of its deliveries."""

from typing import Any

from tests.conftest import START, Client
from tests.e2e.processes import wait_until
from tests.webhooks.receiver import Receiver

WEBHOOKS = "/api/v1/webhooks"
DELIVERIES = "/api/v1/deliveries"
URL = "http://127.0.0.1:8080/hook?team=1"
"""Nothing listens there: for tests in which nothing is sent."""

FIELDS = [
    "id",
    "url",
    "events",
    "description",
    "active",
    "disabledReason",
    "createdAt",
    "updatedAt",
    "successCount",
    "failureCount",
    "lastSuccessAt",
    "lastFailureAt",
]
"""Of a webhook in an answer, but for the secret."""

NOW = START // 1_000
"""The time of servers whose clock was not moved, in seconds since 1970."""


def create_webhook(manager: Client, url: str, **fields: Any) -> dict[str, Any]:
    """Its answer, with the secret. It wants everything, if not said."""
    response = manager.post(WEBHOOKS, {"url": url, "events": ["*"], **fields})
    assert response.status_code == 201, response.text
    return dict(response.json()["data"])


def get_webhook(manager: Client, webhook: dict[str, Any]) -> dict[str, Any]:
    return dict(manager.get(f"{WEBHOOKS}/{webhook['id']}").json()["data"])


def list_deliveries(manager: Client, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    response = manager.get(f"{WEBHOOKS}/{webhook['id']}/deliveries", params=query)
    assert response.status_code == 200, response.text
    return list(response.json()["data"]["deliveries"])


def get_delivery(manager: Client, delivery: dict[str, Any]) -> dict[str, Any]:
    return dict(manager.get(f"{DELIVERIES}/{delivery['id']}").json()["data"])


def wait_for(manager: Client, webhook: dict[str, Any], *statuses: str) -> list[dict[str, Any]]:
    """A webhook's deliveries, the newest first, once they are so many and stand like this."""
    wait_until(lambda: [each["status"] for each in list_deliveries(manager, webhook)] == list(statuses), seconds=10)
    return list_deliveries(manager, webhook)


def wait_for_attempts(manager: Client, delivery: dict[str, Any], count: int) -> dict[str, Any]:
    """A delivery, once so many attempts are recorded."""
    wait_until(lambda: len(get_delivery(manager, delivery)["attempts"]) == count, seconds=10)
    return get_delivery(manager, delivery)


def refused(manager: Client, path: str, body: Any = None) -> str:
    """The sentence of a conflict."""
    response = manager.post(path, body)
    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT"), response.text
    return str(response.json()["error"])


def ids(receiver: Receiver, count: int) -> list[str]:
    """In the order in which they arrived, which is kept for each lead alone."""
    return [request.headers["webhook-id"] for request in receiver.wait_for(count)]
