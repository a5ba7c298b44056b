"""`leadlight leads`: what is on a server, in a terminal and for programs."""

import os
import pty
import re
import subprocess
import sys

import pytest

from leadlight.principal import Scope
from tests.cli.remote import Remote
from tests.client.conftest import KEY
from tests.client.scripted import Scripted, answer, closed_port, failure, hang_up
from tests.conftest import Client, MovableClock, Server

pytestmark = pytest.mark.engine("sqlite")


@pytest.fixture
def remote(api: Client) -> Remote:
    return Remote(api.url, api.key)


def test_a_lead_is_made_shown_changed_and_erased(remote: Remote) -> None:
    made = remote.json("leads", "create", "--name", "Ada Park", "--email", "ada@example.com", "--phone", "+1 555")
    changed = remote.json("leads", "update", made["id"], "--status", "lost", "--phone", "", "--name", "Ada")
    shown = remote.json("leads", "get", made["id"])
    erased = remote.json("leads", "delete", made["id"], "--yes")

    assert (made["name"], made["phone"], made["source"]) == ("Ada Park", "+1 555", "api")
    assert (changed["name"], changed["phone"], changed["status"]) == ("Ada", None, "lost")
    assert shown == changed
    assert erased == {"id": made["id"], "deletedAt": "2026-01-15T10:30:00.000Z"}
    assert remote.refusal("leads", "get", made["id"]) == f"there is no lead {made['id']} in this workspace"


def test_json_is_what_the_api_answers(remote: Remote, api: Client) -> None:
    lead = api.create(phone=None, metadata={"é": [1.5, None, {"b": True}]})

    assert remote.json("leads", "get", lead["id"]) == lead
    assert remote.json("leads", "list") == [{name: lead[name] for name in lead if name != "workspaceId"}]


def test_a_lead_is_shown_field_by_field(remote: Remote, api: Client) -> None:
    lead = api.create(source="website", metadata={"company": "Parkside", "tags": ["a"]})

    told = [line.split(maxsplit=1) for line in remote.text("leads", "get", lead["id"]).splitlines()]

    lines = {name: " ".join(rest).strip() for name, *rest in told}
    assert (lines["name"], lines["phone"], lines["created"]) == ("Ada Park", "", "2026-01-15 10:30:00")
    assert (lines["metadata.company"], lines["metadata.tags"]) == ("Parkside", '["a"]')


def test_metadata_is_text_or_json(remote: Remote) -> None:
    given = [
        "--metadata",
        "company=A = B",
        "--metadata",
        "score:=42",
        "--metadata",
        "note=a:=b",
        "--metadata",
        "x:=null",
    ]

    made = remote.json("leads", "create", "--name", "Ada", "--email", "ada@example.com", *given)
    changed = remote.json("leads", "update", made["id"], "--metadata", "score:=null", "--metadata", "tags:=[1]")

    assert made["metadata"] == {"company": "A = B", "score": 42, "note": "a:=b", "x": None}
    assert changed["metadata"] == {"company": "A = B", "note": "a:=b", "x": None, "tags": [1]}


def test_a_list_is_a_table_of_the_newest(remote: Remote, api: Client, clock: MovableClock) -> None:
    for number in range(4):
        clock.advance(seconds=1)
        api.create(f"Lead {number}", f"{number}@example.com")

    result = remote.run("leads", "list", "--limit", "2")

    assert "Lead 3" in result.stdout
    assert "Lead 2" in result.stdout
    assert "Lead 1" not in result.stdout
    assert result.stderr == "There are more than these 2; --limit 0 shows all.\n"
    assert remote.run("leads", "list", "--limit", "4").stderr == ""
    assert len(remote.json("leads", "list", "--limit", "0")) == 4


def test_filters_hold_together(remote: Remote, api: Client) -> None:
    api.create("Ben", "ben@example.com", status="lost")
    lead = api.create("Ada", status="lost", source="web", metadata={"company": "A=B"})
    given = ["--status", "new", "--status", "lost", "--source", "web", "--email", "ADA@example.com", "--search", "ad"]
    given += ["--metadata", "company=A=B", "--created-after", "2026-01-15", "--updated-before", "2026-01-16"]

    assert [each["id"] for each in remote.json("leads", "list", *given, "--sort", "name")] == [lead["id"]]
    assert remote.json("leads", "list", *given, "--phone", "+1 555") == []


def test_a_search_finds_a_part_of_a_name(remote: Remote, api: Client) -> None:
    api.create("Ben", "ben@example.com")
    lead = api.create("Ada Park")

    assert [each["id"] for each in remote.json("leads", "search", "PARK")] == [lead["id"]]
    assert "Ada Park" in remote.text("leads", "search", "park", "--status", "new")


def test_a_duplicate_is_done_with_as_asked(remote: Remote, api: Client) -> None:
    lead = api.create()
    again = ["leads", "create", "--name", "Ada", "--email", "ADA@example.com"]

    assert remote.json(*again, "--on-duplicate", "update")["id"] == lead["id"]
    assert remote.refusal(*again, "--on-duplicate", "reject") == f"A lead with this email exists already: {lead['id']}"


def test_nothing_is_erased_without_a_yes(remote: Remote, api: Client) -> None:
    lead = api.create()

    for answers in ("n\n", "\n", ""):
        assert remote.run("leads", "delete", lead["id"], answers=answers).exit_code == 1
    assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 200

    asked = remote.run("leads", "delete", lead["id"], answers="y\n")

    assert "Erase Ada Park <ada@example.com> for good?" in asked.stderr
    assert asked.stdout.removeprefix(" y\n") == f"Erased {lead['id']}\n"


def test_what_a_lead_holds_does_not_steer_the_terminal(remote: Remote, api: Client) -> None:
    lead = api.create("[red]Ada\x1b[2J\u202e", metadata={"k\x1b]0;x\x07": "a\nb\x9b"})

    for told in (remote.text("leads", "list"), remote.text("leads", "get", lead["id"])):
        assert "[red]Ada\ufffd[2J" in told
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(told)


def test_a_long_value_is_whole_where_no_terminal_is(api: Client) -> None:
    api.create("A" * 255)
    command = [sys.executable, "-m", "leadlight", "leads", "list", "--url", api.url, "--key", api.key]

    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)

    assert "A" * 255 in ran.stdout


def test_a_table_fits_a_terminal(api: Client) -> None:
    lead = api.create("A" * 255)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "leadlight", "leads", "list", "--url", api.url, "--key", api.key]

    with subprocess.Popen(command, stdin=theirs, stdout=theirs, env={**os.environ, "COLUMNS": "100"}) as process:
        os.close(theirs)
        told = re.sub(r"\x1b\[[0-9;]*m", "", _all_of(ours))
        assert process.wait(timeout=30) == 0

    assert {len(line) for line in told.splitlines()} == {100}
    assert lead["id"] in told
    assert told.count("A") >= 255
    assert "…" not in told


# What goes wrong


def test_every_problem_is_told(remote: Remote) -> None:
    said = remote.refusal("leads", "create", "--name", " ", "--email", "ada")

    assert "name: " in said
    assert "email: " in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["update", "lead_1"], "nothing is to be changed: say what is, as in --status contacted; --help names all"),
        (["update", "lead_1", "--metadata", "x"], "--metadata has to be KEY=VALUE, not 'x'"),
        (["update", "lead_1", "--metadata", "=x"], "--metadata has to be KEY=VALUE, not '=x'"),
        (
            ["update", "lead_1", "--metadata", "x:=y"],
            "--metadata x is no JSON: 'y'; behind a mere = it would be a text",
        ),
        (["list", "--metadata", "x"], "--metadata has to be KEY=VALUE, not 'x'"),
        (["list", "--status", "nope"], "Validation failed: status: must be one of new, "),
        (["list", "--source", "a,b", "--source", "c"], "what is listed must not hold commas"),
        (["get", ""], "an id is needed; this one is empty"),
        (["get", "nope"], "Invalid lead ID format"),
        (["get", "lead_nope"], "there is no lead lead_nope in this workspace"),
    ],
    ids=str,
)
def test_a_bad_argument_is_told(remote: Remote, arguments: list[str], sentence: str) -> None:
    assert remote.refusal("leads", *arguments).startswith(sentence)


@pytest.mark.parametrize("arguments", [["create", "--name", "Ada"], ["get"], ["list", "--limit", "-1"], ["list", "x"]])
def test_what_can_not_be_read_is_a_usage_error(remote: Remote, arguments: list[str]) -> None:
    assert remote.run("leads", *arguments).exit_code == 2


def test_a_missing_key_is_told(remote: Remote) -> None:
    assert remote.refusal("leads", "list", LEADLIGHT_KEY=None) == (
        "an API key is needed: set LEADLIGHT_KEY, or give --key; `leadlight keys create` makes one"
    )


def test_a_key_that_the_server_does_not_know_is_told(server: Server) -> None:
    said = Remote(server.url, KEY).refusal("leads", "list")

    assert said == "the server does not know this key, or no longer; give another --key (LEADLIGHT_KEY)"


def test_a_key_without_the_scope_is_told(server: Server, api: Client) -> None:
    writer = server.client(api.workspace_id, Scope.LEADS_WRITE)

    said = Remote(writer.url, writer.key).refusal("leads", "list")

    assert said == "this key lacks the scope leads:read; give a --key (LEADLIGHT_KEY) that has it"


def test_a_server_that_is_not_there_is_told() -> None:
    address = closed_port()

    said = Remote(address, KEY).refusal("leads", "list", code=3)

    assert said.startswith(f"{address} can't be reached: ")
    assert said.endswith("; see that the server runs there, or give another --url (LEADLIGHT_URL)")


@pytest.mark.parametrize(
    ("reaction", "code", "sentence"),
    [
        (
            failure(429, "RATE_LIMIT_EXCEEDED", Retry_After="900"),
            3,
            "the key has used up its requests; try again in 900 ",
        ),
        (failure(503, "SERVICE_UNAVAILABLE"), 3, "It can't be done; try again in a moment"),
        (failure(500, "INTERNAL_ERROR"), 1, "It can't be done (req_1)"),
        (answer(404, b"<html>"), 1, "the answer (404) is none that a Leadlight server gives; look at --url"),
        (answer(302, Location="https://example.com/"), 1, "the answer (302) is none that a Leadlight server gives; "),
    ],
    ids=["429", "503", "500", "404", "302"],
)
def test_a_server_in_trouble_is_told(reaction: list[bytes | float | None], code: int, sentence: str) -> None:
    with Scripted(reaction) as server:
        said = Remote(server.url, KEY).refusal("leads", "list", code=code)

    assert said.startswith(sentence)
    assert KEY not in said


def test_an_address_with_a_path_is_told(api: Client) -> None:
    said = Remote(f"{api.url}/api/v1", api.key).refusal("leads", "list")

    assert said == "There is nothing at this address; look at --url (LEADLIGHT_URL)"


def test_a_lost_answer_to_a_change_says_that_it_may_be_done() -> None:
    with Scripted(hang_up()) as server:
        said = Remote(server.url, KEY).refusal("leads", "delete", "lead_1", "--yes", code=3)

    assert said.endswith("; it may be done all the same: look before you try again")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "http://ada:geheim@x/", "http://x/?a=b"])
def test_an_address_that_can_be_none_is_told(url: str) -> None:
    said = Remote(url, KEY).refusal("leads", "list")

    assert said.endswith("; look at --url (LEADLIGHT_URL) and --key (LEADLIGHT_KEY)")
    assert "geheim" not in said


def test_the_environment_names_server_and_key(api: Client) -> None:
    api.create()
    environment = {**os.environ, "LEADLIGHT_URL": api.url, "LEADLIGHT_KEY": api.key}
    command = [sys.executable, "-m", "leadlight", "leads", "list", "--json"]

    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True)

    assert "ada@example.com" in ran.stdout


def _all_of(descriptor: int) -> str:
    """What is printed to a terminal until its program ends."""
    pieces = []
    with os.fdopen(descriptor, "rb", buffering=0) as terminal:
        try:
            while piece := terminal.read(65_536):
                pieces.append(piece)
        except OSError:
            pass  # so a terminal says that nobody is left
    return b"".join(pieces).decode()
