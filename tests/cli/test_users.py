"""`leadlight users`: people are made, invited and listed, with or without a server."""

import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest

from leadlight.clock import DAY, from_iso, system_clock
from tests.cli.conftest import Cli
from tests.conftest import Server

PASSWORD = "correct horse battery"
ADA = ("users", "create", "ada@example.com", "--name", "Ada Park", "--password-stdin")


def create(cli: Cli, *options: str, command: tuple[str, ...] = ADA) -> Any:
    return cli.json(*command, *options, typed=f"{PASSWORD}\n")


# Create


def test_create_tells_the_new_user(cli: Cli, acme: str) -> None:
    result = cli.run(*ADA, "--role", "owner", typed=f"{PASSWORD}\n")

    assert result.exit_code == 0
    assert re.fullmatch(rf"Created user usr_\w{{26}} \(ada@example\.com\), owner of {acme}\n", result.stdout)


def test_create_for_programs(cli: Cli, acme: str) -> None:
    user = create(cli, "--workspace", "Acme")

    assert list(user) == ["id", "email", "name", "workspaceId", "role"]
    assert (user["email"], user["name"]) == ("ada@example.com", "Ada Park")
    assert (user["workspaceId"], user["role"]) == (acme, "member")


def test_who_was_created_can_sign_in_at_once(server: Server) -> None:
    server.workspace("Acme")

    create(Cli(server.data, server.settings.database_url))

    people = server.services.people
    assert server.do(people.sign_in("ada@example.com", PASSWORD)) is not None
    assert server.do(people.sign_in("ada@example.com", f"{PASSWORD}\n")) is None


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("command", "typed", "sentence"),
    [
        (ADA, "short\n", "password: must have at least 12 characters"),
        (ADA, "", "password: must have at least 12 characters"),
        (
            ("users", "create", "ada", "--name", " ", "--password-stdin"),
            f"{PASSWORD}\n",
            "email: must be a valid email address: An email address must have an @-sign.; name: must not be blank",
        ),
        ((*ADA, "--workspace", "Nope"), PASSWORD, "there is no workspace Nope; `leadlight workspaces list` shows them"),
        (
            ADA[:-1],
            PASSWORD,
            "nobody is there to be asked for the password: send it as one line, with --password-stdin",
        ),
    ],
)
def test_create_refuses_with_a_sentence(cli: Cli, command: tuple[str, ...], typed: str, sentence: str) -> None:
    assert cli.refusal(*command, typed=typed) == sentence
    assert cli.json("users", "list") == []


@pytest.mark.usefixtures("acme")
def test_an_address_has_one_account(cli: Cli) -> None:
    create(cli)

    sentence = cli.refusal(*ADA, typed=f"{PASSWORD}\n")

    assert sentence == "There is an account with this email address already; invite it to the workspace"


def test_a_workspace_is_named_where_there_are_several(cli: Cli, acme: str) -> None:
    other = cli.json("workspaces", "create", "Other")["id"]

    sentence = cli.refusal(*ADA, typed=f"{PASSWORD}\n")

    assert sentence == f"there are 2 workspaces; name one with --workspace: {acme}, {other}"


@pytest.mark.usefixtures("acme")
def test_a_terminal_is_asked_for_the_password_twice_and_does_not_show_it(cli: Cli) -> None:
    said = on_terminal(cli, *ADA[:-1], answers={"Password: ": PASSWORD, "The same again: ": PASSWORD})

    assert "Created user usr_" in said
    assert PASSWORD not in said


def on_terminal(cli: Cli, *arguments: str, answers: dict[str, str]) -> str:
    """What a command says to somebody who answers its questions."""
    ours, theirs = pty.openpty()
    options = ["--data", str(cli.data), "--database-url", cli.database_url]
    command = [sys.executable, "-m", "leadlight", *arguments, *options]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    said = ""
    for question, answer in answers.items():
        while question not in said:  # its space comes last: what is typed before that is thrown away
            said += os.read(ours, 1024).decode()
        os.write(ours, f"{answer}\n".encode())
    while chunk := _read(ours):
        said += chunk
    assert process.wait(timeout=20) == 0, said
    return said


def _read(terminal: int) -> str:
    """Until the other side has ended, which is told by an error on Linux and by an end elsewhere."""
    try:
        return os.read(terminal, 1024).decode()
    except OSError:
        return ""


# Invite, reset


def test_invite_prints_a_link_that_makes_a_user(server: Server) -> None:
    server.workspace("Acme")
    console = Cli(server.data, server.settings.database_url)

    said = console.run("users", "invite", "ben@example.com", "--role", "viewer", "--base-url", "https://x.example/")

    people = server.services.people
    token = said.stdout.splitlines()[0].removeprefix("https://x.example/welcome/")
    assert server.do(people.use_link(token, email="", name="Ben", password=PASSWORD))
    assert [user["workspaces"][0]["role"] for user in console.json("users", "list")] == ["viewer"]


@pytest.mark.usefixtures("acme")
def test_invite_tells_until_when_the_link_works(cli: Cli) -> None:
    said = cli.run("users", "invite", "ben@example.com").stdout

    link = r"http://127\.0\.0\.1:8000/welcome/[\w-]{43}"
    assert re.fullmatch(rf"{link}\n\nIt works once, until 20\S+Z\. It is not shown again\.\n", said)


@pytest.mark.usefixtures("acme")
def test_links_for_programs(cli: Cli) -> None:
    create(cli)

    invitation = cli.json("users", "invite", "ben@example.com")
    reset = cli.json("users", "reset-password", "ada@example.com")

    assert list(invitation) == list(reset) == ["link", "expiresAt"]
    assert 0 <= system_clock() + 7 * DAY - from_iso(invitation["expiresAt"]) < 60_000
    assert 0 <= system_clock() + DAY - from_iso(reset["expiresAt"]) < 60_000


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["invite", "ada@example.com"], "Whoever has this email address is a member already"),
        (["reset-password", "ben@example.com"], "Nobody has an account with this email address"),
        (["invite", "ben@example.com", "--base-url", "x"], "--base-url must be an absolute http or https address"),
    ],
)
def test_a_link_is_refused_with_a_sentence(cli: Cli, arguments: list[str], sentence: str) -> None:
    create(cli)

    assert cli.refusal("users", *arguments).startswith(sentence)


# List


def test_list_shows_everybody_or_a_workspaces_own(cli: Cli, acme: str) -> None:
    other = cli.json("workspaces", "create", "Other")["id"]
    ada = create(cli, "--workspace", acme, "--role", "owner")
    ben = ("users", "create", "ben@example.com", "--name", "[bold]Ben", "--password-stdin")
    theirs = create(cli, "--workspace", other, command=ben)

    assert [user["id"] for user in cli.json("users", "list")] == [ada["id"], theirs["id"]]
    assert [user["id"] for user in cli.json("users", "list", "--workspace", "Other")] == [theirs["id"]]
    assert re.search(r"ada@example\.com.*Ada Park.*owner of Acme", cli.run("users", "list").stdout)
    assert "[bold]Ben" in cli.run("users", "list").stdout


def test_list_for_programs_tells_no_secret(cli: Cli, acme: str) -> None:
    create(cli)

    [user] = cli.json("users", "list")

    assert list(user) == ["id", "email", "name", "createdAt", "workspaces"]
    assert user["workspaces"] == [{"id": acme, "name": "Acme", "role": "member"}]
