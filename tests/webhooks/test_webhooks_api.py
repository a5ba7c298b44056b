"""/api/v1/webhooks: endpoints are made, listed, changed and deleted by who may manage them, in their own workspace."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from leadlight.principal import Scope
from leadlight.webhooks.service import WebhookDraft
from tests.conftest import Client, MovableClock, Server, all_of, problems_of
from tests.webhooks.endpoints import FIELDS, URL, WEBHOOKS, create_webhook, get_webhook

PUBLIC = "http://93.184.215.14/"


@pytest.fixture
def guarded(start_server: Callable[..., Server]) -> Client:
    """Manages webhooks on a server that sends to public addresses alone."""
    server = start_server(background=False)
    return server.client(server.workspace(), Scope.WEBHOOKS_MANAGE)


# Create


def test_creates_a_webhook_and_shows_its_secret_this_once(manager: Client) -> None:
    response = manager.post(
        WEBHOOKS, {"url": f" {URL} ", "events": ["lead.created", "lead.deleted"], "description": "Billing"}
    )

    assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")
    data = response.json()["data"]
    secret = data.pop("secret")
    assert data == {
        "id": data["id"],
        "url": URL,
        "events": ["lead.created", "lead.deleted"],
        "description": "Billing",
        "active": True,
        "disabledReason": None,
        "createdAt": "2026-01-15T10:30:00.000Z",
        "updatedAt": "2026-01-15T10:30:00.000Z",
        "successCount": 0,
        "failureCount": 0,
        "lastSuccessAt": None,
        "lastFailureAt": None,
    }
    assert data["id"].startswith("wh_")
    assert (secret.startswith("whsec_"), len(secret)) == (True, 50)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"description": None}, {"description": None}),
        ({"description": ""}, {"description": ""}),
        ({"description": "é" * 500}, {"description": "é" * 500}),
        ({"active": False}, {"active": False, "disabledReason": None}),
        ({"events": ["*", "lead.*", "*"]}, {"events": ["*", "lead.*"]}),
        ({"events": ["webhook.test"]}, {"events": ["webhook.test"]}),
        ({"url": "HTTP://127.0.0.1:8080"}, {"url": "HTTP://127.0.0.1:8080"}),
    ],
)
def test_keeps_what_is_given(manager: Client, given: dict[str, Any], kept: dict[str, Any]) -> None:
    made = create_webhook(manager, **{"url": URL} | given)

    assert {name: made[name] for name in kept} == kept
    assert get_webhook(manager, made) == {name: made[name] for name in FIELDS}


def test_each_has_a_secret_of_its_own_even_for_the_same_url(manager: Client) -> None:
    one, other = create_webhook(manager, URL), create_webhook(manager, URL)

    assert one["id"] != other["id"]
    assert one["secret"] != other["secret"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("url", None, "invalid_type"),
        ("url", 7, "invalid_type"),
        ("url", " ", "blank"),
        ("url", "example.com/hook", "invalid_url"),
        ("url", "ftp://example.com/", "invalid_url"),
        ("url", "file:///etc/passwd", "invalid_url"),
        ("url", "http://", "invalid_url"),
        ("url", "http://127.1/", "invalid_url"),
        ("url", "http://example.com:0/", "invalid_url"),
        ("url", "http://example.com:65536/", "invalid_url"),
        ("url", "http://example.com:22/", "blocked_port"),
        ("url", "https://user:password@example.com/", "credentials_in_url"),
        ("url", "https://example.com/#top", "fragment_in_url"),
        ("url", "https://example.com/" + "a" * 2_029, "too_long"),
        ("url", "https://example.com/\0", "invalid_character"),
        ("events", None, "invalid_type"),
        ("events", "lead.created", "invalid_type"),
        ("events", [1], "invalid_type"),
        ("events", [], "blank"),
        ("events", ["lead.created", "lead.archived"], "unknown_event_type"),
        ("events", ["webhook.*"], "unknown_event_type"),
        ("description", 7, "invalid_type"),
        ("description", "d" * 501, "too_long"),
        ("description", "a\0b", "invalid_character"),
        ("active", None, "invalid_type"),
        ("active", "true", "invalid_type"),
        ("secret", "whsec_mine", "unknown_field"),
        ("workspaceId", "ws_1", "unknown_field"),
        ("successCount", 7, "unknown_field"),
    ],
)
def test_refuses_a_bad_field_by_its_name(manager: Client, field: str, value: object, code: str) -> None:
    made = create_webhook(manager, URL)

    created = manager.post(WEBHOOKS, {"url": URL, "events": ["*"], field: value})
    changed = manager.put(f"{WEBHOOKS}/{made['id']}", {"description": "not kept", field: value})

    assert (problems_of(created), problems_of(changed)) == ({field: code}, {field: code})
    assert get_webhook(manager, made) == {name: made[name] for name in FIELDS}


def test_names_every_problem_at_once(manager: Client) -> None:
    response = manager.post(WEBHOOKS, {"url": "ftp://x", "description": "d" * 501, "active": 1, "vip": 1})

    assert problems_of(response) == {
        "url": "invalid_url",
        "events": "required",
        "description": "too_long",
        "active": "invalid_type",
        "vip": "unknown_field",
    }
    assert manager.get(WEBHOOKS).json()["data"]["webhooks"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "INVALID_JSON"),
        (b'{"url": ', 400, "INVALID_JSON"),
        (b'["url"]', 400, "VALIDATION_ERROR"),
        (b'{"description": "' + b"d" * (1 << 20) + b'"}', 413, "PAYLOAD_TOO_LARGE"),
    ],
    ids=["nothing", "broken off", "a list", "large"],
)
def test_refuses_a_body_that_is_no_object_of_json(manager: Client, body: bytes, status: int, code: str) -> None:
    response = manager.request("POST", WEBHOOKS, data=body, headers={"Content-Type": "application/json"})

    assert (response.status_code, response.json()["code"]) == (status, code)


FORBIDDEN_URLS = [
    "http://127.0.0.1:8080/",
    "http://localhost/",
    "http://10.1.2.3/",
    "http://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "http://224.0.0.1/",
]


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_refuses_an_address_that_is_not_public(guarded: Client, url: str) -> None:
    made = create_webhook(guarded, PUBLIC)

    assert problems_of(guarded.post(WEBHOOKS, {"url": url, "events": ["*"]})) == {"url": "blocked_address"}
    assert problems_of(guarded.put(f"{WEBHOOKS}/{made['id']}", {"url": url})) == {"url": "blocked_address"}
    assert get_webhook(guarded, made)["url"] == PUBLIC


def test_refuses_a_host_that_does_not_exist(guarded: Client) -> None:
    response = guarded.post(WEBHOOKS, {"url": "http://no-such-name.invalid/", "events": ["*"]})

    assert problems_of(response) == {"url": "unreachable"}


def test_a_workspace_has_two_thousand_at_the_most(server: Server, manager: Client, stranger: Client) -> None:
    create = server.services.webhooks.create_webhook
    draft = WebhookDraft(PUBLIC, ("*",), active=False)
    made = server.do(all_of(create(manager.workspace_id, draft) for _ in range(2_000)))

    refused = manager.post(WEBHOOKS, {"url": URL, "events": ["*"]})
    manager.delete(f"{WEBHOOKS}/{made[0].id}")

    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert refused.json()["error"] == "A workspace has at most 2000 webhooks; delete one first"
    assert create_webhook(manager, URL)["active"]
    assert create_webhook(stranger, URL)["active"]


def test_the_document_names_every_type_that_can_be_asked_for(server: Server) -> None:
    schemas = requests.get(f"{server.url}/openapi.json", timeout=20).json()["components"]["schemas"]

    types = [
        "lead.created",
        "lead.updated",
        "lead.status_changed",
        "lead.deleted",
        "lead.merged",
        "lead.restored",
        "lead.follow_up_due",
        "lead.*",
        "webhook.test",
        "*",
    ]
    for name in ("WebhookCreate", "WebhookUpdate"):
        assert schemas[name]["properties"]["events"]["items"] == {"type": "string", "enum": types}


# List and read


def test_lists_webhooks_oldest_first_without_their_secrets(manager: Client, clock: MovableClock) -> None:
    made = []
    for number in range(3):
        made.append(create_webhook(manager, f"{URL}&n={number}"))
        clock.advance(seconds=1)

    response = manager.get(WEBHOOKS)

    assert response.json()["data"] == {
        "webhooks": [{name: each[name] for name in FIELDS} for each in made],
        "pagination": {"limit": 100, "hasNext": False, "nextCursor": None},
    }
    assert list(response.json()["data"]["webhooks"][0]) == FIELDS
    assert "whsec_" not in response.text


def test_pages_follow_one_another(manager: Client, clock: MovableClock) -> None:
    made = []
    for _ in range(3):
        made.append(create_webhook(manager, URL)["id"])
        clock.advance(seconds=1)

    first_page = manager.get(f"{WEBHOOKS}?limit=2").json()["data"]
    second_page = manager.get(f"{WEBHOOKS}?limit=2&after={made[1]}").json()["data"]

    assert [each["id"] for each in first_page["webhooks"]] == made[:2]
    assert first_page["pagination"] == {"limit": 2, "hasNext": True, "nextCursor": made[1]}
    assert [each["id"] for each in second_page["webhooks"]] == made[2:]
    assert second_page["pagination"] == {"limit": 2, "hasNext": False, "nextCursor": None}


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("limit=0", {"limit": "out_of_range"}),
        ("limit=101", {"limit": "out_of_range"}),
        ("after=x&limit=ten", {"after": "invalid_cursor", "limit": "out_of_range"}),
        ("after=dlv_1", {"after": "invalid_cursor"}),
        ("cursor=&active=true", {"cursor": "unknown_parameter", "active": "unknown_parameter"}),
    ],
)
def test_names_every_bad_parameter(manager: Client, query: str, problems: dict[str, str]) -> None:
    assert problems_of(manager.get(f"{WEBHOOKS}?{query}")) == problems


def test_an_answer_to_a_reader_holds_no_secret(manager: Client) -> None:
    made = create_webhook(manager, URL)

    for response in (
        manager.get(f"{WEBHOOKS}/{made['id']}"),
        manager.put(f"{WEBHOOKS}/{made['id']}", {"description": "new"}),
        manager.delete(f"{WEBHOOKS}/{made['id']}"),
    ):
        assert response.status_code == 200
        assert "secret" not in response.json()["data"]
        assert "whsec_" not in response.text
