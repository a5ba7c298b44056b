"""/api/v1/keys: keys are made, listed, rotated and revoked by the admins of their own workspace."""

import asyncio
from typing import Any

import pytest
import requests

from leadlight.app import Services
from leadlight.principal import Scope
from leadlight.store.opening import open_database
from tests.conftest import Client, MovableClock, Server, problems_of

KEYS = "/api/v1/keys"


def issue(admin: Client, **fields: Any) -> dict[str, Any]:
    response = admin.post(KEYS, {"name": "Form", **fields})
    assert response.status_code == 201, response.text
    return dict(response.json()["data"])


def works(server: Server, key: str) -> bool:
    answer = requests.get(f"{server.url}/api/v1/workspace", headers={"Authorization": f"Bearer {key}"}, timeout=5)
    return answer.status_code == 200


# Create


def test_creates_a_key_and_shows_it_this_once(server: Server, admin: Client) -> None:
    response = admin.post(
        KEYS,
        {"name": " Form ", "scopes": ["leads:write"], "rateLimit": 5, "expiresAt": "2026-02-01T00:00:00+01:00"},
    )

    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    data = response.json()["data"]
    secret = data.pop("key")
    assert data == {
        "id": data["id"],
        "workspaceId": admin.workspace_id,
        "name": "Form",
        "scopes": ["leads:write"],
        "rateLimit": 5,
        "createdAt": "2026-01-15T10:30:00.000Z",
        "expiresAt": "2026-01-31T23:00:00.000Z",
        "lastUsedAt": None,
        "revokedAt": None,
        "replacedBy": None,
    }
    assert works(server, secret)
    assert secret not in admin.get(KEYS).text


def test_fills_in_what_is_not_said(admin: Client) -> None:
    key = issue(admin)

    assert (key["scopes"], key["rateLimit"], key["expiresAt"]) == (["leads:read", "leads:write"], None, None)


def test_a_new_key_may_do_what_its_scopes_say(server: Server, admin: Client) -> None:
    key = issue(admin, scopes=["leads:read", "leads:read"])
    client = Client(server.url, key["key"], admin.workspace_id, key["id"])

    assert key["scopes"] == ["leads:read"]
    assert client.get("/api/v1/leads").status_code == 200
    assert client.post("/api/v1/leads", {}).status_code == 403
    assert client.post(KEYS, {"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", " ", "blank"),
        ("name", "n" * 101, "too_long"),
        ("name", None, "invalid_type"),
        ("scopes", [], "blank"),
        ("scopes", ["leads:delete"], "invalid_type"),
        ("scopes", "admin", "invalid_type"),
        ("rateLimit", -1, "out_of_range"),
        ("rateLimit", 1_000_000_001, "out_of_range"),
        ("rateLimit", 1.5, "invalid_type"),
        ("expiresAt", "tomorrow", "invalid_time"),
        ("expiresAt", "2026-01-15T10:30:00.000Z", "out_of_range"),
        ("expiresAt", "2020-01-01", "out_of_range"),
        ("expiresAt", 1_800_000_000, "invalid_type"),
        ("key", "sk-workspace_mine", "unknown_field"),
        ("workspaceId", "ws_1", "unknown_field"),
    ],
)
def test_refuses_a_bad_field_by_its_name(admin: Client, field: str, value: object, code: str) -> None:
    response = admin.post(KEYS, {"name": "Form", field: value})

    assert problems_of(response) == {field: code}


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_refuses_a_time_that_no_calendar_holds(admin: Client, time: str) -> None:
    response = admin.post(KEYS, {"name": "Form", "expiresAt": time})

    assert response.status_code == 400
    assert admin.get(KEYS).status_code == 200


def test_names_every_problem_at_once(admin: Client) -> None:
    response = admin.post(KEYS, {"scopes": ["x"], "rateLimit": -1, "expiresAt": "x", "vip": 1})

    assert problems_of(response) == {
        "name": "required",
        "scopes": "invalid_type",
        "rateLimit": "out_of_range",
        "expiresAt": "invalid_time",
        "vip": "unknown_field",
    }


# List


def test_lists_keys_oldest_first_without_their_secrets(api: Client, admin: Client, clock: MovableClock) -> None:
    clock.advance(seconds=1)
    issued = issue(admin, name="Newest")

    response = admin.get(KEYS)

    assert [key["id"] for key in response.json()["data"]["keys"]] == [api.key_id, admin.key_id, issued["id"]]
    assert list(response.json()["data"]["keys"][0]) == [
        "id",
        "workspaceId",
        "name",
        "scopes",
        "rateLimit",
        "createdAt",
        "expiresAt",
        "lastUsedAt",
        "revokedAt",
        "replacedBy",
    ]
    assert response.json()["data"]["pagination"] == {"limit": 100, "hasNext": False, "nextCursor": None}
    assert "sk-workspace_" not in response.text


def test_pages_follow_one_another(api: Client, admin: Client, clock: MovableClock) -> None:
    clock.advance(seconds=1)
    third = issue(admin)

    first_page = admin.get(f"{KEYS}?limit=2").json()["data"]
    second_page = admin.get(KEYS, params={"cursor": first_page["pagination"]["nextCursor"]}).json()["data"]

    assert [key["id"] for key in first_page["keys"]] == [api.key_id, admin.key_id]
    assert first_page["pagination"] == {"limit": 2, "hasNext": True, "nextCursor": admin.key_id}
    assert [key["id"] for key in second_page["keys"]] == [third["id"]]


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("limit=0", {"limit": "out_of_range"}),
        ("limit=101", {"limit": "out_of_range"}),
        ("cursor=x", {"cursor": "invalid_cursor"}),
        ("cursor=&page=2", {"cursor": "invalid_cursor", "page": "unknown_parameter"}),
    ],
)
def test_names_every_bad_parameter(admin: Client, query: str, problems: dict[str, str]) -> None:
    assert problems_of(admin.get(f"{KEYS}?{query}")) == problems


def test_when_a_key_was_last_used_is_saved(server: Server, api: Client, clock: MovableClock) -> None:
    clock.advance(seconds=90)
    api.get("/api/v1/leads")
    server.stop()

    async def saved() -> int | None:
        database = await open_database(server.data, server.settings.database_url)
        keys = await Services(database).workspaces.list_all_keys(api.workspace_id)
        await database.close()
        return keys[0].last_used_at

    assert asyncio.run(saved()) == 1_768_473_090_000


# Revoke


def test_a_revoked_key_is_at_an_end_within_a_second(server: Server, admin: Client, clock: MovableClock) -> None:
    key = issue(admin)
    before = works(server, key["key"])

    response = admin.delete(f"{KEYS}/{key['id']}")
    clock.advance(seconds=1)

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "API key revoked",
        "data": {"id": key["id"], "revokedAt": "2026-01-15T10:30:00.000Z"},
    }
    assert (before, works(server, key["key"])) == (True, False)


def test_a_revoked_key_stays_in_the_list(admin: Client, clock: MovableClock) -> None:
    clock.advance(seconds=1)
    key = issue(admin)
    admin.delete(f"{KEYS}/{key['id']}")

    listed = admin.get(KEYS).json()["data"]["keys"][-1]

    assert (listed["id"], listed["revokedAt"]) == (key["id"], "2026-01-15T10:30:01.000Z")


def test_to_revoke_again_changes_nothing(admin: Client, clock: MovableClock) -> None:
    key = issue(admin)
    first = admin.delete(f"{KEYS}/{key['id']}")
    clock.advance(seconds=5)

    assert admin.delete(f"{KEYS}/{key['id']}").json() == first.json()


def test_an_admin_may_revoke_its_own_key(admin: Client, clock: MovableClock) -> None:
    admin.delete(f"{KEYS}/{admin.key_id}")
    clock.advance(seconds=1)

    assert admin.get(KEYS).json()["code"] == "INVALID_API_KEY"


# Rotate


def test_rotation_issues_a_key_like_the_old_one(server: Server, admin: Client) -> None:
    old = issue(admin, scopes=["leads:read"], rateLimit=7)

    response = admin.post(f"{KEYS}/{old['id']}/rotate")

    assert response.status_code == 201
    new = response.json()["data"]
    assert (new["name"], new["scopes"], new["rateLimit"], new["expiresAt"]) == ("Form", ["leads:read"], 7, None)
    assert new["id"] != old["id"]
    assert new["key"] != old["key"]
    assert works(server, new["key"])


def test_the_old_key_works_for_a_day_unless_said_otherwise(server: Server, admin: Client, clock: MovableClock) -> None:
    old = issue(admin)
    admin.post(f"{KEYS}/{old['id']}/rotate")
    clock.advance(seconds=86_399)
    before = works(server, old["key"])
    clock.advance(seconds=1)

    assert (before, works(server, old["key"])) == (True, False)


def test_a_successor_ends_with_the_calendar_at_the_latest(admin: Client, clock: MovableClock) -> None:
    old = issue(admin, expiresAt="9999-12-31T00:00:00Z")
    clock.advance(seconds=2 * 86_400)

    new = admin.post(f"{KEYS}/{old['id']}/rotate").json()["data"]

    assert new["expiresAt"] == "9999-12-31T23:59:59.999Z"
    assert admin.get(KEYS).status_code == 200


def test_the_time_of_grace_can_be_chosen(server: Server, admin: Client, clock: MovableClock) -> None:
    old = issue(admin)
    admin.post(f"{KEYS}/{old['id']}/rotate", {"graceSeconds": 60})
    clock.advance(seconds=59)
    before = works(server, old["key"])
    clock.advance(seconds=1)

    assert (before, works(server, old["key"])) == (True, False)


def test_without_grace_the_old_key_ends_within_a_second(server: Server, admin: Client, clock: MovableClock) -> None:
    old = issue(admin)
    works(server, old["key"])

    admin.post(f"{KEYS}/{old['id']}/rotate", {"graceSeconds": 0})
    clock.advance(seconds=1)

    assert works(server, old["key"]) is False


def test_a_key_that_expires_passes_its_lifetime_on(admin: Client, clock: MovableClock) -> None:
    clock.advance(seconds=1)
    old = issue(admin, expiresAt="2026-01-15T11:30:01.000Z")
    clock.advance(seconds=1800)

    new = admin.post(f"{KEYS}/{old['id']}/rotate").json()["data"]

    assert new["expiresAt"] == "2026-01-15T12:00:01.000Z"
    assert admin.get(KEYS).json()["data"]["keys"][2]["expiresAt"] == "2026-01-15T11:30:01.000Z"


def test_a_key_is_rotated_once_and_then_its_successor(admin: Client) -> None:
    old = issue(admin)
    new = admin.post(f"{KEYS}/{old['id']}/rotate").json()["data"]

    again = admin.post(f"{KEYS}/{old['id']}/rotate")
    successor = admin.post(f"{KEYS}/{new['id']}/rotate")

    assert again.status_code == 409
    assert again.json()["details"] == {"keyId": old["id"], "replacedBy": new["id"]}
    assert (successor.status_code, successor.json()["data"]["expiresAt"]) == (201, None)


def test_the_list_tells_what_a_key_was_rotated_to(admin: Client, clock: MovableClock) -> None:
    clock.advance(seconds=1)
    old = issue(admin)
    clock.advance(seconds=1)
    new = admin.post(f"{KEYS}/{old['id']}/rotate", {"graceSeconds": 60}).json()["data"]

    listed = admin.get(KEYS).json()["data"]["keys"]

    assert [key["id"] for key in listed[2:]] == [old["id"], new["id"]]
    assert (listed[2]["replacedBy"], listed[2]["expiresAt"]) == (new["id"], "2026-01-15T10:31:02.000Z")


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_at_its_end_can_not_be_rotated(admin: Client, clock: MovableClock, end: str) -> None:
    key = issue(admin, expiresAt="2026-01-15T10:31:00.000Z" if end == "expired" else None)
    if end == "revoked":
        admin.delete(f"{KEYS}/{key['id']}")
    clock.advance(seconds=60)

    response = admin.post(f"{KEYS}/{key['id']}/rotate")

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert "sk-workspace_" not in response.text


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"graceSeconds": -1}, {"graceSeconds": "out_of_range"}),
        ({"graceSeconds": 2_592_001}, {"graceSeconds": "out_of_range"}),
        ({"graceSeconds": "1d", "name": "x"}, {"graceSeconds": "invalid_type", "name": "unknown_field"}),
    ],
)
def test_names_what_is_wrong_with_a_rotation(admin: Client, body: dict[str, Any], problems: dict[str, str]) -> None:
    assert problems_of(admin.post(f"{KEYS}/{admin.key_id}/rotate", body)) == problems


# Whose keys


@pytest.mark.usefixtures("api")
def test_shows_one_workspaces_keys_only(admin: Client, stranger: Client) -> None:
    response = admin.get(KEYS)

    assert len(response.json()["data"]["keys"]) == 2
    assert stranger.key_id not in response.text
    assert stranger.workspace_id not in response.text


@pytest.mark.parametrize(("method", "suffix"), [("DELETE", ""), ("POST", "/rotate")])
def test_says_the_same_of_another_workspaces_key_as_of_none(
    server: Server, admin: Client, stranger: Client, method: str, suffix: str
) -> None:
    theirs = admin.request(method, f"{KEYS}/{stranger.key_id}{suffix}", headers={"X-Request-Id": "r"})
    missing = admin.request(method, f"{KEYS}/key_1{suffix}", headers={"X-Request-Id": "r"})

    assert (theirs.status_code, theirs.json()["code"]) == (404, "NOT_FOUND")
    assert theirs.text == missing.text.replace("key_1", stranger.key_id)
    assert works(server, stranger.key)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", KEYS), ("POST", KEYS), ("DELETE", f"{KEYS}/key_1"), ("POST", f"{KEYS}/key_1/rotate")],
)
def test_only_admins_may(server: Server, api: Client, method: str, path: str) -> None:
    client = server.client(api.workspace_id, Scope.LEADS_READ, Scope.LEADS_WRITE, Scope.WEBHOOKS_MANAGE)

    response = client.request(method, path)

    assert (response.status_code, response.json()["details"]) == (403, {"required": "admin"})


def test_names_the_form_of_an_id_that_is_none(admin: Client) -> None:
    response = admin.delete(f"{KEYS}/lead_1")

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ID_FORMAT")
    assert response.json()["error"] == "Invalid key ID format"
    assert response.json()["details"] == {
        "keyId": "lead_1",
        "expected": "key_[alphanumeric string]",
        "message": "Key IDs must start with 'key_' followed by alphanumeric characters",
    }
