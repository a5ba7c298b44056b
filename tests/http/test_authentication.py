"""Authentication: what a header has to be, what the answers do not give away, and when a key ends."""

from collections.abc import Callable

import pytest
import requests

from leadlight.http.auth import Authenticator
from leadlight.principal import Actor, Principal, Scope
from leadlight.workspaces.key import new_secret
from tests.conftest import START, Client, MovableClock, Server

OPERATIONS = [
    ("GET", "/api/v1/leads"),
    ("POST", "/api/v1/leads"),
    ("GET", "/api/v1/leads/lead_1"),
    ("HEAD", "/api/v1/leads/lead_1"),
    ("PUT", "/api/v1/leads/lead_1"),
    ("PATCH", "/api/v1/leads/lead_1"),
    ("DELETE", "/api/v1/leads/lead_1"),
    ("GET", "/api/v1/leads/lead_1/events"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/workspace"),
    ("GET", "/api/v1/keys"),
    ("POST", "/api/v1/keys"),
    ("DELETE", "/api/v1/keys/key_1"),
    ("POST", "/api/v1/keys/key_1/rotate"),
]


def get(server: Server, authorization: str | bytes | None) -> requests.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return requests.get(f"{server.url}/api/v1/workspace", headers=headers, timeout=5)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_operation_serves_the_anonymous(server: Server, method: str, path: str) -> None:
    response = requests.request(method, server.url + path, timeout=5)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "X-RateLimit-Limit" not in response.headers


def test_a_missing_header_is_named(server: Server) -> None:
    response = get(server, None)

    body = response.json()
    body.pop("requestId")
    assert body == {"success": False, "error": "Missing authorization header", "code": "MISSING_AUTH_HEADER"}


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "sk-workspace_x", "Basic YWRhOnBhcms=", "Bearer a b", "Bearer\ta", "Bearerx", b"Bearer \xff"],
)
def test_a_malformed_header_is_named(server: Server, header: str | bytes) -> None:
    response = get(server, header)

    body = response.json()
    body.pop("requestId")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert body == {
        "success": False,
        "error": "Malformed authorization header. Expected format: Bearer <token>",
        "code": "MALFORMED_AUTH_HEADER",
    }


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_may_be_written_in_any_case(server: Server, api: Client, scheme: str) -> None:
    assert get(server, f"{scheme} {api.key}").status_code == 200


def test_unknown_mistyped_revoked_and_expired_keys_get_one_answer(
    server: Server, api: Client, admin: Client, clock: MovableClock
) -> None:
    expiring = admin.post("/api/v1/keys", {"name": "x", "expiresAt": "2026-01-15T10:31:00.000Z"}).json()["data"]["key"]
    admin.delete(f"/api/v1/keys/{api.key_id}")
    clock.advance(seconds=60)

    keys = [new_secret(), "sk-workspace_your_api_key", api.key[:-1], api.key + "x", api.key, expiring]
    answers = [
        requests.get(
            f"{server.url}/api/v1/leads", headers={"Authorization": f"Bearer {key}", "X-Request-Id": "r"}, timeout=5
        )
        for key in keys
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.text for answer in answers} == {
        '{"success":false,"error":"Invalid API key","code":"INVALID_API_KEY","requestId":"r"}'
    }
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_a_key_works_until_the_millisecond_it_expires(server: Server, admin: Client, clock: MovableClock) -> None:
    key = admin.post("/api/v1/keys", {"name": "x", "expiresAt": "2026-01-15T10:31:00.000Z"}).json()["data"]["key"]
    clock.advance(seconds=59, milliseconds=999)
    before = get(server, f"Bearer {key}")
    clock.advance(milliseconds=1)
    after = get(server, f"Bearer {key}")

    assert (before.status_code, after.status_code) == (200, 401)


def test_a_revoked_key_ends_within_a_second(api: Client, admin: Client, clock: MovableClock) -> None:
    api.get("/api/v1/leads")
    admin.delete(f"/api/v1/keys/{api.key_id}")
    clock.advance(seconds=1)

    assert api.get("/api/v1/leads").json()["code"] == "INVALID_API_KEY"


def test_a_key_without_its_scope_is_told_which_it_lacks(reader: Client) -> None:
    response = reader.post("/api/v1/leads", {"name": "Ada", "email": "ada@example.com"})

    body = response.json()
    body.pop("requestId")
    assert response.status_code == 403
    assert body == {
        "success": False,
        "error": "This API key lacks the scope leads:write",
        "code": "INSUFFICIENT_SCOPE",
        "details": {"required": "leads:write"},
    }


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.LEADS_READ, "GET leads, GET events"),
        (Scope.LEADS_WRITE, "POST leads"),
        (Scope.WEBHOOKS_MANAGE, ""),
        (Scope.ADMIN, "GET leads, POST leads, GET events, GET keys"),
    ],
)
def test_a_scope_allows_what_it_says(server: Server, api: Client, scope: Scope, allowed: str) -> None:
    client = server.client(api.workspace_id, scope)
    asked = ["GET leads", "POST leads", "GET events", "GET keys"]

    statuses = {one: client.request(one.split()[0], f"/api/v1/{one.split()[1]}").status_code for one in asked}

    assert ", ".join(one for one in asked if statuses[one] != 403) == allowed


def test_every_valid_key_may_ask_for_its_workspace(server: Server, api: Client) -> None:
    client = server.client(api.workspace_id, Scope.WEBHOOKS_MANAGE)

    assert client.get("/api/v1/workspace").status_code == 200


def test_scope_is_checked_before_id_and_body(reader: Client) -> None:
    response = reader.put("/api/v1/leads/nonsense", data="not JSON")

    assert response.status_code == 403


def test_the_route_is_checked_before_the_key(server: Server) -> None:
    response = requests.get(f"{server.url}/api/v1/nothing", timeout=5)

    assert response.status_code == 404


async def test_keys_that_were_seen_a_moment_ago_are_kept_in_bounds() -> None:
    principal = Principal(Actor.of("key_1"), "ws_1", frozenset(), None, None)

    async def find_principal(_: str) -> Principal:
        return principal

    authenticator = Authenticator(find_principal, MovableClock())
    for number in range(10_001):
        await authenticator.look_up(b"Bearer %d" % number)

    assert authenticator.cached(b"Bearer 0", START) is None
    assert authenticator.cached(b"Bearer 10000", START) is principal


def test_an_address_that_fails_too_often_has_to_wait(start_server: Callable[..., Server], clock: MovableClock) -> None:
    server = start_server(auth_failures_per_minute=3)
    for _ in range(3):
        assert get(server, "Bearer guess").status_code == 401

    refused = get(server, "Bearer guess")
    clock.advance(seconds=60)
    later = get(server, "Bearer guess")

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert refused.json()["code"] == "RATE_LIMIT_EXCEEDED"
    assert refused.json()["details"] == {"limit": 3, "remaining": 0, "resetTime": 1768473060, "retryAfter": 60}
    assert later.status_code == 401


def test_failures_of_an_address_do_not_stop_its_good_keys(start_server: Callable[..., Server]) -> None:
    server = start_server(auth_failures_per_minute=1)
    client = server.client(server.workspace())
    get(server, None)
    get(server, None)

    assert client.get("/api/v1/leads").status_code == 200


def test_failures_are_not_limited_when_the_limit_is_0(start_server: Callable[..., Server]) -> None:
    server = start_server(auth_failures_per_minute=0)

    assert {get(server, None).status_code for _ in range(3)} == {401}
