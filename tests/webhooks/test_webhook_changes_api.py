"""PUT and DELETE of /api/v1/webhooks/{webhookId}, its secret's rotation, and who may do what to whose webhook."""

from typing import Any

import pytest

from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server, problems_of
from tests.webhooks.endpoints import DELIVERIES, FIELDS, URL, WEBHOOKS, create_webhook, get_webhook

OTHER_URL = "http://127.0.0.1:8081/"
SINCE = {"since": "2026-01-01"}
ON_ONE = [
    ("GET", "", None),
    ("PUT", "", {"active": False}),
    ("DELETE", "", None),
    ("POST", "/rotate-secret", None),
    ("POST", "/test", None),
    ("POST", "/replay", SINCE),
    ("GET", "/deliveries", None),
]
"""Each operation on a webhook: method, what follows its id, body."""

ON_A_DELIVERY = [("GET", ""), ("POST", "/retry")]
EVERY = [
    ("GET", WEBHOOKS),
    ("POST", WEBHOOKS),
    *((method, f"{WEBHOOKS}/wh_1{suffix}") for method, suffix, _ in ON_ONE),
    *((method, f"{DELIVERIES}/dlv_1{suffix}") for method, suffix in ON_A_DELIVERY),
]


def put(manager: Client, webhook: dict[str, Any], **fields: Any) -> dict[str, Any]:
    response = manager.put(f"{WEBHOOKS}/{webhook['id']}", fields)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


# Change


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", OTHER_URL),
        ("events", ["lead.deleted"]),
        ("description", "New"),
        ("description", None),
        ("active", False),
    ],
)
def test_changes_what_is_sent_and_nothing_else(manager: Client, clock: MovableClock, field: str, value: object) -> None:
    made = create_webhook(manager, URL, description="Old")
    clock.advance(seconds=1)

    changed = put(manager, made, **{field: value})

    known = {name: made[name] for name in FIELDS}
    assert changed == known | {field: value, "updatedAt": "2026-01-15T10:30:01.000Z"}
    assert get_webhook(manager, made) == changed


@pytest.mark.parametrize("fields", [{}, {"url": URL, "events": ["*", "*"], "description": "Old", "active": True}])
def test_a_change_that_changes_nothing_leaves_updated_at_alone(
    manager: Client, clock: MovableClock, fields: dict[str, Any]
) -> None:
    made = create_webhook(manager, URL, description="Old")
    clock.advance(seconds=1)

    assert put(manager, made, **fields) == {name: made[name] for name in FIELDS}


def test_a_change_names_every_problem_at_once(manager: Client) -> None:
    made = create_webhook(manager, URL)

    response = manager.put(f"{WEBHOOKS}/{made['id']}?force=1", {"url": "", "events": ["x"], "active": None, "id": "x"})

    assert problems_of(response) == {
        "force": "unknown_parameter",
        "url": "blank",
        "events": "unknown_event_type",
        "active": "invalid_type",
        "id": "unknown_field",
    }


# Delete


def test_a_deleted_webhook_is_gone(manager: Client, clock: MovableClock) -> None:
    made, other = create_webhook(manager, URL), create_webhook(manager, OTHER_URL)
    clock.advance(seconds=1)

    response = manager.delete(f"{WEBHOOKS}/{made['id']}")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Webhook deleted",
        "data": {"id": made["id"], "deletedAt": "2026-01-15T10:30:01.000Z"},
    }
    assert [each["id"] for each in manager.get(WEBHOOKS).json()["data"]["webhooks"]] == [other["id"]]


@pytest.mark.parametrize(("method", "suffix", "body"), ON_ONE)
def test_nothing_can_be_done_to_a_deleted_webhook(manager: Client, method: str, suffix: str, body: Any) -> None:
    made = create_webhook(manager, URL)
    manager.delete(f"{WEBHOOKS}/{made['id']}")

    response = manager.request(method, f"{WEBHOOKS}/{made['id']}{suffix}", json=body)

    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


# Rotate


def test_rotation_answers_a_new_secret_this_once(manager: Client, clock: MovableClock) -> None:
    made = create_webhook(manager, URL)
    clock.advance(seconds=1)

    response = manager.post(f"{WEBHOOKS}/{made['id']}/rotate-secret")

    assert response.status_code == 200
    rotated = response.json()["data"]
    assert list(rotated) == [*FIELDS, "secret"]
    assert (rotated["id"], rotated["updatedAt"]) == (made["id"], "2026-01-15T10:30:01.000Z")
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    assert made["secret"] not in response.text
    assert "secret" not in get_webhook(manager, made)


def test_an_inactive_webhook_can_be_rotated(manager: Client) -> None:
    made = create_webhook(manager, URL, active=False)

    response = manager.post(f"{WEBHOOKS}/{made['id']}/rotate-secret")

    assert (response.status_code, response.json()["data"]["active"]) == (200, False)


# Who may, and whose


@pytest.mark.parametrize(("method", "path"), EVERY)
def test_nobody_may_without_a_key(server: Server, method: str, path: str) -> None:
    response = Client(server.url, "none", "ws_1", "key_1").request(method, path, headers={"Authorization": None})

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), EVERY)
def test_only_managers_of_webhooks_may(server: Server, api: Client, method: str, path: str) -> None:
    response = server.client(api.workspace_id, Scope.LEADS_READ, Scope.LEADS_WRITE).request(method, path)

    assert (response.status_code, response.json()["code"]) == (403, "INSUFFICIENT_SCOPE")
    assert response.json()["details"] == {"required": "webhooks:manage"}


def test_managers_of_webhooks_may_nothing_else(manager: Client) -> None:
    assert [manager.get(f"/api/v1/{path}").status_code for path in ("leads", "events", "keys")] == [403, 403, 403]


def test_an_admin_may_too(admin: Client) -> None:
    assert create_webhook(admin, URL)["url"] == URL


def test_shows_one_workspaces_webhooks_only(manager: Client, stranger: Client) -> None:
    theirs, ours = create_webhook(stranger, f"{URL}&theirs"), create_webhook(manager, URL)
    later = create_webhook(stranger, f"{URL}&theirs")

    all_, behind = manager.get(WEBHOOKS), manager.get(f"{WEBHOOKS}?after={theirs['id']}")

    assert [each["id"] for each in all_.json()["data"]["webhooks"]] == [ours["id"]]
    assert [each["id"] for each in behind.json()["data"]["webhooks"]] == [ours["id"]]
    assert all(word not in all_.text + behind.text for word in ("theirs", theirs["id"], later["id"]))


@pytest.mark.parametrize(("method", "suffix", "body"), ON_ONE)
def test_says_the_same_of_another_workspaces_webhook_as_of_none(
    manager: Client, stranger: Client, method: str, suffix: str, body: Any
) -> None:
    theirs = create_webhook(stranger, f"{URL}&theirs", description="theirs")

    foreign = manager.request(method, f"{WEBHOOKS}/{theirs['id']}{suffix}", json=body, headers={"X-Request-Id": "r"})
    missing = manager.request(method, f"{WEBHOOKS}/wh_1{suffix}", json=body, headers={"X-Request-Id": "r"})

    assert (foreign.status_code, foreign.json()["code"]) == (404, "NOT_FOUND")
    assert foreign.json()["details"] == {"webhookId": theirs["id"]}
    assert foreign.text == missing.text.replace("wh_1", theirs["id"])
    assert get_webhook(stranger, theirs) == {name: theirs[name] for name in FIELDS}


@pytest.mark.parametrize("id_", ["wh_", "lead_1", "wh_a-b", "wh_" + "a" * 62, "WH_1"])
@pytest.mark.parametrize(("method", "suffix", "body"), ON_ONE)
def test_names_the_form_of_an_id_that_is_none(manager: Client, id_: str, method: str, suffix: str, body: Any) -> None:
    response = manager.request(method, f"{WEBHOOKS}/{id_}{suffix}", json=body)

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ID_FORMAT")
    assert response.json()["error"] == "Invalid webhook ID format"
    assert response.json()["details"] == {
        "webhookId": id_,
        "expected": "wh_[alphanumeric string]",
        "message": "Webhook IDs must start with 'wh_' followed by alphanumeric characters",
    }
