"""`leadlight import` and `leadlight imports` on a real server: files become leads, and bad rows come back."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from tests.cli.remote import Remote
from tests.conftest import Client, Server
from tests.e2e.processes import wait_until

pytestmark = pytest.mark.engine("sqlite")

PEOPLE = "Name,E-Mail,Firma\nAda Park,ada@example.com,Parkside\nBen Ito,ben,Ito\nCleo,cleo@example.com,\n"


@pytest.fixture
def remote(api: Client) -> Remote:
    return Remote(api.url, api.key)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder that the command runs in, with a file of people."""
    (tmp_path / "people.csv").write_text(PEOPLE)
    with chdir(tmp_path):
        yield tmp_path


def emails(remote: Remote) -> set[str]:
    return {lead["email"] for lead in remote.json("leads", "list", "--limit", "0")}


def test_good_rows_become_leads_and_bad_ones_come_back_to_be_mended(remote: Remote, folder: Path) -> None:
    first = remote.run("import", "people.csv")
    errors = folder / "people.errors.csv"
    bad = errors.read_text(encoding="utf-8-sig").splitlines()
    errors.write_text(errors.read_text(encoding="utf-8-sig").replace(",ben,", ",ben@example.com,"))
    second = remote.run("import", "people.errors.csv")

    assert (first.exit_code, second.exit_code) == (4, 0)
    assert bad[0] == "_row,_line,_error,Name,E-Mail,Firma"
    assert bad[1].startswith("2,3,")
    assert len(bad) == 2
    assert emails(remote) == {"ada@example.com", "ben@example.com", "cleo@example.com"}


def test_it_is_taken_back_as_it_says(remote: Remote) -> None:
    result = remote.run("import", "people.csv")
    command = re.findall(r"^to undo it +leadlight (operations undo op_\S+)", result.stdout, re.MULTILINE)[0]

    assert remote.text(*command.split()) == "Took back 2 of 2 leads.\n"
    assert emails(remote) == set()


def test_programs_are_told_what_the_api_answers(remote: Remote, api: Client) -> None:
    told = json.loads(remote.run("import", "people.csv", "--json").stdout)

    answer = api.get(f"/api/v1/imports/{told['id']}").json()["data"]
    assert told == {**answer, "errorFile": "people.errors.csv"}
    assert remote.json("imports", "list") == [answer]


def test_the_options_hold(remote: Remote, api: Client) -> None:
    there = api.create("Ada", "ada@example.com")
    options = ["--map", "Firma=metadata.company", "--default", "source=fair", "--default", "metadata.event=spring"]
    options += ["--on-duplicate", "update", "--match-on", "email"]

    told = json.loads(remote.run("import", "people.csv", *options, "--json").stdout)

    assert (told["created"], told["updated"], told["failed"]) == (1, 1, 1)
    (cleo,) = remote.json("leads", "list", "--email", "cleo@example.com")
    assert (cleo["source"], cleo["metadata"]) == ("fair", {"event": "spring"})
    assert remote.json("leads", "get", there["id"])["metadata"]["company"] == "Parkside"


def test_a_dry_run_stores_nothing(remote: Remote) -> None:
    result = remote.run("import", "people.csv", "--dry-run")

    assert result.exit_code == 4
    assert "completed, a dry run: nothing was stored" in result.stdout
    assert "to undo it" not in result.stdout
    assert emails(remote) == set()


@pytest.mark.parametrize("name", ["-", "people.jsonl"])
def test_json_lines_come_in_from_a_file_or_a_pipe(remote: Remote, folder: Path, name: str) -> None:
    lines = b'{"name": "Ada", "email": "ada@example.com"}\n{"name": "Ben", "email": "ben@example.com"}\n'
    (folder / "people.jsonl").write_bytes(lines)

    assert remote.run("import", name, answers=lines).exit_code == 0
    assert emails(remote) == {"ada@example.com", "ben@example.com"}


def test_who_does_not_wait_can_watch_later(remote: Remote) -> None:
    begun = remote.json("import", "people.csv", "--no-wait")
    ended = remote.run("import", "--resume", begun["id"], "--json")

    assert begun["status"] == "queued"
    assert ended.exit_code == 4
    assert json.loads(ended.stdout)["processed"] == 3


def test_a_file_that_can_not_be_read_says_why(remote: Remote, folder: Path) -> None:
    (folder / "people.csv").write_text("age,height\n1,2\n")

    result = remote.run("import", "people.csv")

    assert result.exit_code == 1
    assert "the import failed: mapping: no column is known to hold an email" in result.stderr
    assert result.stderr.endswith("; on the command line: --map COLUMN=FIELD\n")


def test_an_option_that_can_not_be_is_told_before_the_file_is_kept(remote: Remote) -> None:
    said = remote.refusal("import", "people.csv", "--preset", "excel", "--match-on", "age")

    assert said.startswith("Validation failed: mapping: must be a JSON object, or one of ")
    assert "matchOn: must be email, phone, or metadata. and a key" in said
    assert remote.json("imports", "list") == []


def test_an_import_that_runs_is_ended_from_elsewhere(remote: Remote, folder: Path, api: Client) -> None:
    rows = "".join(f"Lead {n},{n}@example.com\n" for n in range(60_000))
    (folder / "many.csv").write_text("name,email\n" + rows)
    command = [sys.executable, "-m", "leadlight", "import", "many.csv", "--url", api.url, "--key", api.key]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as watching:
        wait_until(lambda: any(each["processed"] for each in _imports(api)))
        told = remote.text("imports", "cancel", _imports(api)[0]["id"])
        _, said = watching.communicate(timeout=30)

    assert re.fullmatch(
        r"imp_\S+ is cancelled, after [\d,]+ rows\.\nTo take back what it stored: leadlight operations undo op_\S+\n",
        told,
    )
    assert watching.returncode == 1
    assert said.endswith("leadlight: the import was cancelled\n")


def test_an_import_that_has_ended_can_not_be_ended(remote: Remote) -> None:
    remote.run("import", "people.csv")
    (done,) = remote.json("imports", "list")

    assert remote.refusal("imports", "cancel", done["id"]) == "It has ended already"


def test_a_file_that_is_too_large_is_told(start_server: Callable[..., Server], folder: Path) -> None:
    server = start_server(import_max_bytes=1_000_000)
    api = server.client(server.workspace())
    (folder / "large.csv").write_bytes(bytes(4_000_000))

    said = Remote(api.url, api.key).refusal("import", "large.csv")

    assert said == "this is larger than the server takes, which is 1000000 bytes"


def test_a_key_that_may_only_read_is_told(reader: Client) -> None:
    said = Remote(reader.url, reader.key).refusal("import", "people.csv")

    assert said == "this key lacks the scope leads:write; give a --key (LEADLIGHT_KEY) that has it"


def _imports(api: Client) -> list[dict[str, Any]]:
    return list(api.get("/api/v1/imports").json()["data"]["imports"])
