"""`leadlight export`: where the leads go, and what is not overwritten."""

import json
import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest

from tests.cli.remote import Remote
from tests.client.conftest import KEY
from tests.client.scripted import Scripted, answer, break_off, closed_port
from tests.conftest import Client


def test_leads_go_to_the_output() -> None:
    with Scripted(answer(200, b"id,name\n")) as server:
        told = Remote(server.url, KEY).text("export", "--status", "new", "--metadata", "vip=true")

    assert told == "id,name\n"
    assert server.requests[0].path == "/api/v1/exports/leads?format=csv&status=new&metadata.vip=true"


@pytest.mark.parametrize(
    ("name", "options", "format_"),
    [
        ("leads.csv", [], "csv"),
        ("leads.XLSX", [], "xlsx"),
        ("leads.jsonl", [], "jsonl"),
        ("leads", [], "csv"),
        ("leads.txt", ["--format", "jsonl"], "jsonl"),
    ],
)
def test_a_file_says_its_format_by_its_name(tmp_path: Path, name: str, options: list[str], format_: str) -> None:
    with Scripted(answer(200, b"leads")) as server:
        told = Remote(server.url, KEY).json("export", "--output", str(tmp_path / name), *options)

    assert told == {"file": str(tmp_path / name), "format": format_, "bytes": 5}
    assert (tmp_path / name).read_bytes() == b"leads"


def test_a_person_is_told_what_was_written(tmp_path: Path) -> None:
    with Scripted(answer(200, bytes(12_345))) as server:
        told = Remote(server.url, KEY).text("export", "-o", str(tmp_path / "leads.csv"))

    assert told == f"Wrote {tmp_path / 'leads.csv'}, 12,345 bytes\n"


def test_a_file_that_is_there_stays_unless_it_is_forced(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("old")

    with Scripted(answer(200, b"new")) as server:
        remote = Remote(server.url, KEY)
        said = remote.refusal("export", "--output", str(file))
        assert file.read_text() == "old"
        remote.text("export", "--output", str(file), "--force")

    assert said == f"{file} is there already; give another --output, or --force to replace it"
    assert file.read_text() == "new"


def test_an_export_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    with Scripted(break_off()) as server:
        said = Remote(server.url, KEY).refusal("export", "--output", str(tmp_path / "leads.csv"), code=3)

    assert "broke off" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--output", "."], ". is a folder; name a file in it"),
        (["--metadata", "x"], "--metadata has to be KEY=VALUE, not 'x'"),
    ],
)
def test_a_bad_argument_is_told(arguments: list[str], sentence: str) -> None:
    assert Remote(closed_port(), KEY).refusal("export", *arguments) == sentence


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with Scripted(answer(200, b"leads")) as server:
        said = Remote(server.url, KEY).refusal("export", "--output", str(tmp_path / "nowhere" / "leads.csv"))

    assert "No such file or directory" in said


def test_a_reader_that_has_enough_is_no_error() -> None:
    with Scripted(answer(200, b"id,name\n" * 1_000_000)) as server:
        environment = {**os.environ, "LEADLIGHT_URL": server.url, "LEADLIGHT_KEY": KEY}
        command = f"{sys.executable} -m leadlight export | head -n 1"
        ran = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, timeout=30, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"id,name\n", b"")


def test_a_dash_is_the_output(tmp_path: Path) -> None:
    with Scripted(answer(200, b"leads")) as server, chdir(tmp_path):
        assert Remote(server.url, KEY).text("export", "-o", "-") == "leads"

    assert list(tmp_path.iterdir()) == []


# On a real server


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("name", ["leads.csv", "leads.jsonl", "leads.xlsx"])
def test_an_import_of_an_export_changes_nothing(api: Client, tmp_path: Path, name: str) -> None:
    remote = Remote(api.url, api.key)
    api.create("Ada", source="web", phone="+44 20 7946 0958", metadata={"company": "=1+1", "score": 4.50})
    api.create("Ben", "ben@example.com", status="lost", source="web")
    api.create("Cleo", "cleo@example.com")
    before = remote.json("leads", "list")

    remote.text("export", "-o", str(tmp_path / name), "--source", "web")
    told = json.loads(remote.run("import", str(tmp_path / name), "--on-duplicate", "update", "--json").stdout)

    assert (told["processed"], told["created"], told["failed"]) == (2, 0, 0)
    assert remote.json("leads", "list") == before


@pytest.mark.engine("sqlite")
def test_what_goes_to_the_output_can_come_in_by_a_pipe(api: Client, stranger: Client) -> None:
    api.create("Zoë 🦊", metadata={"company": "Ünal & Co"})
    lines = Remote(api.url, api.key).text("export", "--format", "jsonl", "--search", "zoë")

    theirs = Remote(stranger.url, stranger.key)
    assert theirs.run("import", "-", answers=lines.encode()).exit_code == 0
    assert [(lead["name"], lead["metadata"]) for lead in theirs.json("leads", "list")] == [
        ("Zoë 🦊", {"company": "Ünal & Co"})
    ]


@pytest.mark.engine("sqlite")
def test_a_filter_that_can_not_be_is_told_and_leaves_no_file(api: Client, tmp_path: Path) -> None:
    said = Remote(api.url, api.key).refusal("export", "-o", str(tmp_path / "leads.csv"), "--created-after", "soon")

    assert said.startswith("Validation failed: createdAfter: must be an ISO 8601 date or time")
    assert list(tmp_path.iterdir()) == []
