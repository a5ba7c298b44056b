"""`leadlight dedupe`: which pairs are shown, what is asked, what is merged into what."""

import json
import re
from typing import Any

import pytest

from tests.cli.remote import Remote
from tests.client.conftest import KEY
from tests.client.scripted import Reaction, Scripted, closed_port, failure, hang_up, success
from tests.client.shapes import LEAD
from tests.conftest import Client, MovableClock


def lead(number: int, **fields: Any) -> dict[str, Any]:
    return {**LEAD, "id": f"lead_{number}", "name": f"Lead {number}", "email": f"{number}@example.com", **fields}


def pairs(*numbers: tuple[int, int], **fields: Any) -> list[Reaction]:
    found = [
        {"leads": [lead(one, **fields), lead(other)], "score": 95, "reasons": ["same_email"]} for one, other in numbers
    ]
    return success({"duplicates": found, "pagination": {"limit": 50, "hasNext": False, "nextCursor": None}})


def merged(operation: str | None = "op_1") -> list[Reaction]:
    return success({"lead": lead(1), "operationId": operation, "changes": {}})


def merges(server: Scripted) -> list[tuple[str, str]]:
    """Which lead each merge left, and which went into it."""
    posts = [request for request in server.requests if request.method == "POST"]
    return [(request.path.split("/")[4], json.loads(request.body)["duplicateId"]) for request in posts]


# By itself


def test_pairs_are_merged_into_the_older_one() -> None:
    with Scripted(pairs((1, 2), (3, 4)), merged("op_1"), merged("op_2")) as server:
        told = Remote(server.url, KEY).text("dedupe", "--auto", "--min-score", "90")

    assert merges(server) == [("lead_1", "lead_2"), ("lead_3", "lead_4")]
    assert server.requests[0].path == "/api/v1/duplicates?minScore=90&limit=100"
    assert told.splitlines() == [
        " 95  lead_2 into lead_1  Lead 2 <2@example.com> into Lead 1 <1@example.com>",
        " 95  lead_4 into lead_3  Lead 4 <4@example.com> into Lead 3 <3@example.com>",
        "Merged 2 pairs; left alone 0.",
    ]


def test_a_pair_of_which_one_was_merged_is_asked_for_again() -> None:
    with Scripted(
        pairs((1, 2), (2, 3), (1, 4)), merged(), merged(), pairs((1, 3), (1, 4)), merged(), pairs()
    ) as server:
        told = Remote(server.url, KEY).json("dedupe", "--auto", "--min-score", "90")

    assert merges(server) == [("lead_1", "lead_2"), ("lead_1", "lead_4"), ("lead_1", "lead_3")]
    assert [each["duplicateId"] for each in told["merges"]] == ["lead_2", "lead_4", "lead_3"]


def test_programs_are_told_of_each_merge() -> None:
    with Scripted(pairs((1, 2)), merged("op_7")) as server:
        told = Remote(server.url, KEY).json("dedupe", "--auto", "--min-score", "50")

    one = {"survivorId": "lead_1", "duplicateId": "lead_2", "score": 95, "reasons": ["same_email"]}
    assert told == {"dryRun": False, "merges": [{**one, "operationId": "op_7"}], "skipped": 0}


def test_a_dry_run_changes_nothing_and_ends() -> None:
    with Scripted(pairs((1, 2), (2, 3)), merged(None)) as server:
        told = Remote(server.url, KEY).text("dedupe", "--auto", "--min-score", "90", "--dry-run")

    assert [json.loads(request.body)["dryRun"] for request in server.requests if request.method == "POST"] == [True]
    assert told.endswith("Would merge 1 pair; left alone 0.\n")


@pytest.mark.parametrize("trouble", [failure(404, "LEAD_NOT_FOUND"), failure(409, "CONFLICT")], ids=["404", "409"])
def test_a_pair_that_somebody_else_changed_is_left_alone(trouble: list[Reaction]) -> None:
    with Scripted(pairs((1, 2), (3, 4)), trouble, merged()) as server:
        told = Remote(server.url, KEY).json("dedupe", "--auto", "--min-score", "90")

    assert [each["survivorId"] for each in told["merges"]] == ["lead_3"]
    assert told["skipped"] == 1


def test_other_trouble_ends_it() -> None:
    with Scripted(pairs((1, 2), (3, 4)), merged(), hang_up()) as server:
        result = Remote(server.url, KEY).run("dedupe", "--auto", "--min-score", "90")

    assert result.exit_code == 3
    assert "lead_2 into lead_1" in result.stdout
    assert result.stdout.endswith("Merged 1 pair; left alone 0.\n")


def test_programs_are_told_of_the_merges_before_other_trouble() -> None:
    with Scripted(pairs((1, 2), (3, 4)), merged("op_7"), failure(403, "INSUFFICIENT_SCOPE")) as server:
        result = Remote(server.url, KEY).run("dedupe", "--auto", "--min-score", "90", "--json")

    assert result.exit_code == 1
    assert [each["operationId"] for each in json.loads(result.stdout)["merges"]] == ["op_7"]


def test_trouble_from_the_first_is_told_alone() -> None:
    with Scripted(failure(403, "INSUFFICIENT_SCOPE", {"required": "leads:read"})) as server:
        said = Remote(server.url, KEY).refusal("dedupe", "--auto", "--min-score", "90")

    assert said == "this key lacks the scope leads:read; give a --key (LEADLIGHT_KEY) that has it"


# With a person


def test_a_person_decides_about_each_pair() -> None:
    with Scripted(pairs((1, 2), (3, 4), (5, 6)), merged("op_1"), merged("op_2")) as server:
        told = Remote(server.url, KEY).text("dedupe", answers="m\ns\nw\nm\n")

    assert merges(server) == [("lead_1", "lead_2"), ("lead_6", "lead_5")]
    assert "Merged. To take it back: leadlight operations undo op_1\n" in told
    assert told.endswith("Merged 2 pairs; left alone 1.\n")


def test_both_stand_side_by_side_with_what_speaks_for_it() -> None:
    with Scripted(pairs((1, 2), phone="+1 555", metadata={"company": "[b]Parkside\x1b[2J"})) as server:
        told = Remote(server.url, KEY).text("dedupe", answers="q\n")

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in told.splitlines() if line.startswith("│")]
    assert "95: same_email" in told
    assert ["name", "Lead 1", "Lead 2"] in rows
    assert ["phone", "+1 555", ""] in rows
    assert ["metadata.company", "[b]Parkside\ufffd[2J", ""] in rows


def test_a_lead_is_shown_with_what_it_took_on() -> None:
    grown = success(lead(1, name="Ada Park"))
    with Scripted(pairs((1, 2), (1, 3)), merged(), grown) as server:
        told = Remote(server.url, KEY).text("dedupe", answers="m\nq\n")

    assert server.requests[-1].path == "/api/v1/leads/lead_1"
    assert told.index("Ada Park") > told.index("Merged.")


@pytest.mark.parametrize("answers", ["q\n", "quit\n", "Q\n", "x\n\nq\n"])
def test_a_person_can_end_it(answers: str) -> None:
    with Scripted(pairs((1, 2), (3, 4))) as server:
        told = Remote(server.url, KEY).text("dedupe", answers=answers)

    assert merges(server) == []
    assert told.endswith("Merged 0 pairs; left alone 0.\n")


def test_where_nobody_answers_any_more_it_ends_with_the_counts() -> None:
    with Scripted(pairs((1, 2), (3, 4)), merged()) as server:
        result = Remote(server.url, KEY).run("dedupe", answers="m\n")

    assert result.exit_code == 130
    assert result.stdout.endswith("Merged 1 pair; left alone 0.\n")


def test_a_merge_that_comes_too_late_is_told() -> None:
    with Scripted(pairs((1, 2)), failure(404, "LEAD_NOT_FOUND")) as server:
        told = Remote(server.url, KEY).text("dedupe", answers="m\n")

    assert "One of them was changed or deleted meanwhile; nothing was merged.\n" in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--auto"], "--auto needs a --min-score: 100 for the same email, 97 for the same mailbox; from 80 on it is "),
        (["--json"], "--json goes with --auto: a program can't be asked"),
    ],
    ids=str,
)
def test_a_bad_argument_is_told(arguments: list[str], sentence: str) -> None:
    assert Remote(closed_port(), KEY).refusal("dedupe", *arguments).startswith(sentence)


# On a real server


@pytest.fixture
def remote(api: Client) -> Remote:
    return Remote(api.url, api.key)


@pytest.fixture
def family(api: Client, clock: MovableClock) -> list[str]:
    """Four leads of one person, and two of another; the oldest first."""
    ids = []
    for name, email in (
        ("Ada Park", "ada@example.com"),
        ("Ada Park", "ADA@example.com"),
        ("Ada Park", "ada+fair@example.com"),
        ("Ada Parker", "ada@example.com"),
        ("Ben Ito", "ben.ito@gmail.com"),
        ("Ben Ito", "benito+x@gmail.com"),
    ):
        clock.advance(seconds=1)
        ids.append(api.create(name, email, metadata={f"seen{len(ids)}": True})["id"])
    return ids


@pytest.mark.engine("sqlite")
def test_every_person_is_left_once(remote: Remote, api: Client, family: list[str]) -> None:
    told = remote.json("dedupe", "--auto", "--min-score", "97")

    assert [lead["id"] for lead in remote.json("leads", "list")] == [family[4], family[0]]
    assert {merge["duplicateId"] for merge in told["merges"]} == {*family[1:4], family[5]}
    assert api.get(f"/api/v1/leads/{family[0]}").json()["data"]["metadata"] == {f"seen{n}": True for n in range(4)}
    assert remote.json("dedupe", "--auto", "--min-score", "97")["merges"] == []


@pytest.mark.engine("sqlite")
@pytest.mark.usefixtures("family")
def test_all_merges_can_be_taken_back(remote: Remote) -> None:
    before = remote.json("leads", "list")
    remote.text("dedupe", "--auto", "--min-score", "97")

    for operation in remote.json("operations", "list", "--kind", "merge"):
        assert remote.text("operations", "undo", operation["id"]) == "Took back 2 of 2 leads.\n"

    names = ("id", "name", "email", "metadata")
    assert [[lead[name] for name in names] for lead in remote.json("leads", "list")] == [
        [lead[name] for name in names] for lead in before
    ]


@pytest.mark.engine("sqlite")
def test_a_dry_run_merges_nothing(remote: Remote, family: list[str]) -> None:
    told = remote.text("dedupe", "--auto", "--min-score", "97", "--dry-run")

    assert f"100  {family[1]} into {family[0]}  " in told
    assert len(remote.json("leads", "list")) == 6
    assert remote.json("operations", "list") == []


@pytest.mark.engine("sqlite")
def test_a_person_merges_into_the_younger_one_and_takes_it_back(remote: Remote, family: list[str]) -> None:
    told = remote.text("dedupe", "--min-score", "100", answers="w\nm\nq\n")

    assert remote.json("leads", "get", family[0])["mergedInto"] == family[1]
    command = re.findall(r"To take it back: leadlight (operations undo op_\S+)", told)[0]
    assert remote.text(*command.split()) == "Took back 2 of 2 leads.\n"
    assert "mergedInto" not in remote.json("leads", "get", family[0])


@pytest.mark.engine("sqlite")
def test_an_old_id_shows_the_lead_that_is_left_and_says_so(remote: Remote, family: list[str]) -> None:
    remote.text("dedupe", "--auto", "--min-score", "97")

    shown = remote.run("leads", "get", family[1])

    assert shown.stdout.split()[1] == family[0]
    assert shown.stderr == f"This was merged into {family[0]}.\n"
    assert family[0] in remote.refusal("leads", "delete", family[1], "--yes")


@pytest.mark.engine("sqlite")
def test_a_key_that_may_only_read_is_shown_pairs_and_merges_none(reader: Client, api: Client) -> None:
    for _ in range(2):
        api.create()

    result = Remote(reader.url, reader.key).run("dedupe", "--auto", "--min-score", "97")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("leadlight: this key lacks the scope leads:write; ")
