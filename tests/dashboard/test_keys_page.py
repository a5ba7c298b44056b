"""The settings page of API keys: an owner makes, rotates and revokes them; a secret is shown once."""

import re

import pytest

from tests.conftest import Client, MovableClock, Server
from tests.dashboard.person import Person, inputs

UNKNOWN = "key_01kb2v6e3mf0r8n4t9q5w7x1yz"
HOSTILE = '"><script>alert(1)</script>'


def keys(person: Person) -> str:
    return f"{person.home}/settings/keys"


def secret_in(page: str) -> str:
    [secret] = re.findall(r'readonly value="(sk-workspace_\w{38})"', page)
    return str(secret)


def status(server: Server, person: Person, secret: str, method: str = "GET") -> int:
    """What the API says to a key that reads leads, or makes one."""
    client = Client(server.url, secret, person.workspace_id, "")
    body = {"name": "Ada", "email": "ada@example.com"} if method == "POST" else None
    return client.request(method, "/api/v1/leads", json=body).status_code


def test_a_key_opens_the_api_with_its_scopes(server: Server, owner: Person) -> None:
    made = owner.send(keys(owner), {"name": "Website", "scopes": "leads:read"})
    secret = secret_in(made.text)

    assert made.status_code == 200
    assert [status(server, owner, secret), status(server, owner, secret, "POST")] == [200, 403]


def test_a_secret_is_shown_once_with_a_way_to_try_it(server: Server, owner: Person) -> None:
    made = owner.send(keys(owner), {"name": "Website", "scopes": "leads:read"})

    assert f"curl {server.url}/api/v1/workspace -H" in made.text
    assert made.headers["cache-control"] == "no-store"
    later = owner.get(keys(owner)).text
    assert ("Website" in later, "sk-workspace_" in later) == (True, False)


def test_a_key_may_have_any_scope(server: Server, owner: Person) -> None:
    made = owner.send(keys(owner), {"name": "All", "scopes": ["admin", "webhooks:manage"]})

    client = Client(server.url, secret_in(made.text), owner.workspace_id, "")
    stored = {key["name"]: key["scopes"] for key in client.get("/api/v1/keys").json()["data"]["keys"]}
    assert stored["All"] == ["admin", "webhooks:manage"]


def test_a_key_ends_with_its_last_day(server: Server, owner: Person, clock: MovableClock) -> None:
    fields = {"name": "Short", "scopes": "leads:read", "expiresAt": "2026-01-15"}
    secret = secret_in(owner.send(keys(owner), fields).text)
    assert "Valid until" in owner.get(keys(owner)).text

    assert status(server, owner, secret) == 200  # at half past ten of that day

    clock.advance(seconds=14 * 3600)
    assert status(server, owner, secret) == 401
    assert "Expired" in owner.get(keys(owner)).text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " ", "scopes": "leads:read"}, "name"),
        ({"name": "A"}, "scopes"),
        ({"name": "A", "scopes": ["leads:read", "everything"]}, "scopes"),
        ({"name": "A", "scopes": "leads:read", "expiresAt": "soon"}, "expiresAt"),
        ({"name": "A", "scopes": "leads:read", "expiresAt": "2026-01-14"}, "expiresAt"),
    ],
)
def test_a_key_that_can_not_be_says_why(owner: Person, fields: dict[str, object], field: str) -> None:
    answer = owner.send(keys(owner), fields)

    assert (answer.status_code, f'id="{field}-problem"' in answer.text) == (400, True)
    assert inputs(answer.text)["name"] == fields["name"]
    assert "A</h3>" not in owner.get(keys(owner)).text


def test_a_rotated_key_works_beside_its_successor_for_a_day(
    server: Server, owner: Person, api: Client, clock: MovableClock
) -> None:
    rotated = owner.send(f"{keys(owner)}/{api.key_id}/rotate")
    secret = secret_in(rotated.text)

    assert [status(server, owner, key) for key in (api.key, secret)] == [200, 200]
    assert "Rotated, works until" in rotated.text

    clock.advance(seconds=86_401)
    assert [status(server, owner, key) for key in (api.key, secret)] == [401, 200]


def test_a_key_is_rotated_once(owner: Person, api: Client) -> None:
    owner.send(f"{keys(owner)}/{api.key_id}/rotate")

    again = owner.send(f"{keys(owner)}/{api.key_id}/rotate")

    assert (again.status_code, "This key was rotated already" in again.text) == (409, True)
    assert "sk-workspace_" not in again.text


def test_a_revoked_key_opens_nothing(server: Server, owner: Person, api: Client) -> None:
    revoked = owner.send(f"{keys(owner)}/{api.key_id}/revoke")

    page = owner.get(revoked.headers["location"]).text
    assert ("The key was revoked" in page, f"{api.key_id}/revoke" in page) == (True, False)
    assert status(server, owner, api.key) == 401


def test_keys_of_another_workspace_are_not_there(server: Server, owner: Person, stranger: Client) -> None:
    answers = [
        owner.send(f"{keys(owner)}/{key_id}/{verb}")
        for key_id in (stranger.key_id, UNKNOWN, "usr_1", "key_%27")
        for verb in ("rotate", "revoke")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert stranger.key_id not in owner.get(keys(owner)).text
    assert status(server, owner, stranger.key) == 200


def test_the_name_of_a_key_runs_nowhere(owner: Person) -> None:
    made = owner.send(keys(owner), {"name": HOSTILE, "scopes": "leads:read", "expiresAt": ""})
    refused = owner.send(keys(owner), {"name": HOSTILE * 9, "scopes": HOSTILE, "expiresAt": HOSTILE})

    assert (made.status_code, refused.status_code) == (200, 400)
    assert "<script>alert" not in made.text + refused.text
    assert "&lt;script&gt;alert" in made.text
