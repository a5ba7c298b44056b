"""`leadlight keys`: they are made, rotated and revoked while the server runs."""

import re

import pytest
import requests

from leadlight.clock import DAY, from_iso, system_clock
from tests.cli.conftest import Cli
from tests.conftest import Client, MovableClock, Server


def works(server: Server, key: str) -> bool:
    answer = requests.get(f"{server.url}/api/v1/workspace", headers={"Authorization": f"Bearer {key}"}, timeout=5)
    return answer.status_code == 200


# Create


def test_create_shows_the_key_this_once(cli: Cli, acme: str) -> None:
    result = cli.run("keys", "create", "--workspace", acme)

    assert result.exit_code == 0
    assert re.fullmatch(
        r"sk-workspace_\w{38}\n\nThis is key_\w{26} \(API key\)\. The key is not shown again\.\n", result.stdout
    )


def test_create_for_programs(cli: Cli, acme: str) -> None:
    key = cli.json("keys", "create", "--workspace", acme)

    assert list(key) == ["id", "key", "workspaceId", "name", "scopes", "rateLimit", "expiresAt"]
    assert (key["workspaceId"], key["name"]) == (acme, "API key")
    assert (key["scopes"], key["rateLimit"], key["expiresAt"]) == (["leads:read", "leads:write"], None, None)


def test_create_takes_every_option(cli: Cli, acme: str) -> None:
    options = ["--name", "Form", "--scope", "leads:write", "--scope", "admin", "--rate-limit", "0", "--expires", "90d"]

    key = cli.json("keys", "create", "--workspace", acme, *options)

    assert (key["name"], key["scopes"], key["rateLimit"]) == ("Form", ["leads:write", "admin"], 0)
    assert 0 <= system_clock() + 90 * DAY - from_iso(key["expiresAt"]) < 60_000


@pytest.mark.parametrize(
    ("expires", "seconds"), [("30s", 30), ("5m", 300), ("12h", 43_200), ("1d", 86_400), ("4w", 2_419_200)]
)
def test_create_reads_durations(cli: Cli, acme: str, expires: str, seconds: int) -> None:
    key = cli.json("keys", "create", "--workspace", acme, "--expires", expires)

    assert 0 <= system_clock() + seconds * 1000 - from_iso(key["expiresAt"]) < 60_000


def test_a_created_key_works_at_once(server: Server, api: Client) -> None:
    key = Cli(server.data, server.settings.database_url).json(
        "keys", "create", "--workspace", "Ours", "--scope", "leads:read"
    )
    client = Client(server.url, key["key"], api.workspace_id, key["id"])

    assert client.get("/api/v1/leads").status_code == 200
    assert client.post("/api/v1/leads", {}).status_code == 403


def test_options_may_come_from_the_environment(cli: Cli, acme: str) -> None:
    result = cli.run("keys", "create", "--json", LEADLIGHT_WORKSPACE=acme, LEADLIGHT_KEY_NAME="From outside")

    assert '"name":"From outside"' in result.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--name", " "], "--name must have 1 to 100 characters"),
        (["--rate-limit", "-1"], "--rate-limit has to be a number from 0 to 1000000000"),
        (["--expires", "90"], "--expires has to be a number and a unit: 90d, 12h, 30m, 4w"),
        (["--expires", "soon"], "--expires has to be a number and a unit: 90d, 12h, 30m, 4w"),
        (["--expires", "999999w"], "--expires has to be a hundred years or less"),
        (["--expires", "0d"], "expiresAt: must be in the future"),
    ],
)
def test_create_refuses_with_a_sentence(cli: Cli, acme: str, options: list[str], sentence: str) -> None:
    assert cli.refusal("keys", "create", "--workspace", acme, *options) == sentence
    assert cli.json("keys", "list") == []


def test_create_refuses_a_scope_that_is_none(cli: Cli, acme: str) -> None:
    result = cli.run("keys", "create", "--workspace", acme, "--scope", "everything")

    assert result.exit_code == 2
    assert "leads:read" in result.stderr


@pytest.mark.usefixtures("acme")
def test_a_workspace_that_is_not_there_is_told_how_to_find_one(cli: Cli) -> None:
    sentence = "there is no workspace Nope; `leadlight workspaces list` shows them"

    assert cli.refusal("keys", "create", "--workspace", "Nope") == sentence
    assert cli.refusal("keys", "list", "--workspace", "Nope") == sentence


def test_a_name_that_two_workspaces_have_is_not_guessed(cli: Cli, acme: str) -> None:
    other = cli.json("workspaces", "create", "Acme")["id"]

    sentence = cli.refusal("keys", "create", "--workspace", "Acme")

    assert sentence == f"2 workspaces are called Acme; name one by its id: {acme}, {other}"


# List


def test_list_shows_the_keys_of_all_workspaces_or_of_one(cli: Cli, acme: str) -> None:
    other = cli.json("workspaces", "create", "Other")["id"]
    ours = cli.json("keys", "create", "--workspace", acme)
    theirs = cli.json("keys", "create", "--workspace", other)

    assert [key["id"] for key in cli.json("keys", "list")] == [ours["id"], theirs["id"]]
    assert [key["id"] for key in cli.json("keys", "list", "--workspace", "Other")] == [theirs["id"]]


def test_list_never_shows_a_secret(cli: Cli, acme: str) -> None:
    cli.json("keys", "create", "--workspace", acme)

    assert "sk-workspace_" not in cli.run("keys", "list").stdout
    assert "sk-workspace_" not in cli.run("keys", "list", "--json").stdout


def test_list_for_people_tells_limits_and_states(cli: Cli, acme: str) -> None:
    cli.json("keys", "create", "--workspace", acme, "--name", "One", "--rate-limit", "0")
    cli.json("keys", "create", "--workspace", acme, "--name", "Two", "--rate-limit", "7", "--expires", "1d")
    gone = cli.json("keys", "create", "--workspace", acme, "--name", "Three")
    cli.run("keys", "revoke", gone["id"])

    lines = cli.run("keys", "list").stdout

    assert re.search(r"One.*leads:read leads:write.*none.*valid", lines)
    assert re.search(r"Two.*7.*until 20\d\d-", lines)
    assert re.search(r"Three.*default.*revoked", lines)


# Rotate


def test_rotate_issues_a_new_key_and_leaves_the_old_one_a_day(server: Server, api: Client) -> None:
    new = Cli(server.data, server.settings.database_url).json("keys", "rotate", api.key_id)

    assert works(server, new["key"])
    assert works(server, api.key)
    assert new["scopes"] == ["leads:read", "leads:write"]


def test_rotate_without_grace_ends_the_old_key(cli: Cli, acme: str) -> None:
    old = cli.json("keys", "create", "--workspace", acme)
    before = system_clock()

    cli.run("keys", "rotate", old["id"], "--grace", "0s")

    ends = cli.json("keys", "list")[0]["expiresAt"]
    assert before <= from_iso(ends) <= system_clock()


@pytest.mark.parametrize(
    ("grace", "sentence"),
    [
        ("1", "--grace has to be a number and a unit: 90d, 12h, 30m, 4w"),
        ("31d", "--grace has to be 30d or less"),
    ],
)
def test_rotate_refuses_with_a_sentence(cli: Cli, acme: str, grace: str, sentence: str) -> None:
    key = cli.json("keys", "create", "--workspace", acme)

    assert cli.refusal("keys", "rotate", key["id"], "--grace", grace) == sentence


# Revoke


def test_revoke_is_noticed_by_a_running_server_within_a_second(
    server: Server, api: Client, clock: MovableClock
) -> None:
    api.get("/api/v1/leads")
    result = Cli(server.data, server.settings.database_url).run("keys", "revoke", api.key_id)
    clock.advance(seconds=1)

    assert result.stdout == f"Revoked {api.key_id} (test)\n"
    assert not works(server, api.key)


def test_revoke_for_programs(cli: Cli, acme: str) -> None:
    key = cli.json("keys", "create", "--workspace", acme)

    revoked = cli.json("keys", "revoke", key["id"])

    assert list(revoked) == ["id", "revokedAt"]
    assert cli.json("keys", "list")[0]["revokedAt"] == revoked["revokedAt"]


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("command", ["revoke", "rotate"])
def test_a_key_that_is_not_there_is_told(cli: Cli, command: str) -> None:
    assert cli.refusal("keys", command, "key_1") == "There is no key key_1"
