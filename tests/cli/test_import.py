"""`leadlight import`: what is sent, what is told of the progress and the end, and what an interruption leaves."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadlight.cli.import_progress import standing
from leadlight.client import Import
from tests.cli.remote import Remote
from tests.client.conftest import KEY
from tests.client.scripted import Reaction, Scripted, answer, closed_port, failure, hang_up, success
from tests.client.shapes import IMPORT
from tests.e2e.processes import wait_until


def begun() -> list[Reaction]:
    return state(status="queued", operationId=None, finishedAt=None)


def state(**fields: Any) -> list[Reaction]:
    return success({**IMPORT, **fields})


@pytest.fixture
def people(tmp_path: Path) -> Iterator[str]:
    """A file in the folder that the command runs in."""
    (tmp_path / "people.csv").write_text("name,email\nAda,ada@example.com\n")
    with chdir(tmp_path):
        yield "people.csv"


def test_ends_with_the_counts_and_how_to_undo_it(people: str) -> None:
    with Scripted(begun(), state(status="running"), state()) as server:
        result = Remote(server.url, KEY).run("import", people)

    assert (result.exit_code, result.stderr) == (0, "The server has the file; this is imp_1.\n")
    told = dict(line.split(maxsplit=1) for line in result.stdout.replace("to undo it", "undo").splitlines())
    assert {name: text.strip() for name, text in told.items()} == {
        "import": "imp_1",
        "file": "people.csv",
        "status": "completed",
        "processed": "1,234",
        "created": "1,200",
        "updated": "30",
        "skipped": "4",
        "failed": "0",
        "seconds": "2.5",
        "undo": "leadlight operations undo op_1",
    }


def test_the_options_go_along(people: str) -> None:
    options = ["--map", "A=B=name", "--map", "Notes=", "--default", "source=fair", "--default", "metadata.event=x"]
    options += ["--on-duplicate", "update", "--match-on", "phone", "--dry-run", "--webhooks"]

    with Scripted(begun(), state(dryRun=True, operationId=None)) as server:
        result = Remote(server.url, KEY).run("import", people, *options)

    body = server.requests[0].body.decode()
    assert '{"A=B":"name","Notes":""}' in body
    assert '{"source":"fair","metadata":{"event":"x"}}' in body
    assert [name for name in ("onDuplicate", "matchOn", "dryRun", "webhooks") if f'name="{name}"' not in body] == []
    assert "completed, a dry run: nothing was stored" in result.stdout


def test_a_pipe_is_a_file_too() -> None:
    with Scripted(begun(), state()) as server:
        result = Remote(server.url, KEY).run("import", "-", "--preset", "hubspot", answers=b"name\nAda\n")

    assert result.exit_code == 0
    assert b"name\nAda\n" in server.requests[0].body
    assert b"\r\n\r\nhubspot\r\n" in server.requests[0].body


def test_the_rows_that_failed_are_written_and_are_the_exit_code(people: str) -> None:
    with Scripted(begun(), state(failed=2), answer(200, b"_row,_line,_error\n")) as server:
        result = Remote(server.url, KEY).run("import", people)

    assert result.exit_code == 4
    assert Path("people.errors.csv").read_bytes() == b"_row,_line,_error\n"
    assert "people.errors.csv" in result.stdout


def test_a_file_that_is_there_is_not_written_over(people: str) -> None:
    Path("people.errors.csv").write_text("being mended")

    with Scripted(begun(), state(failed=2), answer(200, b"_row\n")) as server:
        Remote(server.url, KEY).run("import", people)

    assert Path("people.errors.csv").read_text() == "being mended"
    assert Path("people.imp_1.errors.csv").read_text() == "_row\n"


def test_the_rows_that_failed_go_where_they_are_wanted(people: str, tmp_path: Path) -> None:
    wanted = tmp_path / "bad.csv"

    with Scripted(begun(), state(failed=2), answer(200, b"_row\n")) as server:
        result = Remote(server.url, KEY).run("import", people, "--errors", str(wanted), "--json")

    assert wanted.read_text() == "_row\n"
    assert json.loads(result.stdout) == {**IMPORT, "failed": 2, "errorFile": str(wanted)}


@pytest.mark.usefixtures("people")
def test_a_name_from_the_server_leads_nowhere_else(tmp_path: Path) -> None:
    with Scripted(state(fileName="../../etc/\x1bpasswd", failed=1), answer(200, b"_row\n")) as server:
        Remote(server.url, KEY).run("import", "--resume", "imp_1")

    assert {path.name for path in tmp_path.iterdir()} == {"people.csv", "\ufffdpasswd.errors.csv"}


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        ("failed", "the file is no CSV", "the import failed: the file is no CSV"),
        (
            "failed",
            "mapping: no email",
            "the import failed: mapping: no email; on the command line: --map COLUMN=FIELD",
        ),
        ("cancelled", None, "the import was cancelled"),
    ],
)
def test_an_import_that_came_to_nothing_is_told(people: str, status: str, error: str | None, sentence: str) -> None:
    with Scripted(begun(), state(status=status, error=error)) as server:
        result = Remote(server.url, KEY).run("import", people)

    assert result.exit_code == 1
    assert result.stderr.endswith(f"leadlight: {sentence}\n")


def test_rows_that_can_not_be_had_are_told_with_the_counts(people: str) -> None:
    with Scripted(begun(), state(failed=2), failure(500, "INTERNAL_ERROR")) as server:
        result = Remote(server.url, KEY).run("import", people)

    assert result.exit_code == 4
    assert "1,234" in result.stdout
    assert "can't be had: It can't be done (req_1); `leadlight import --resume imp_1` asks again\n" in result.stderr


@pytest.mark.usefixtures("people")
def test_an_import_is_watched_again() -> None:
    with Scripted(state(status="running"), state()) as server:
        result = Remote(server.url, KEY).run("import", "--resume", "imp_1")

    assert (result.exit_code, result.stderr) == (0, "")
    assert [request.path for request in server.requests] == ["/api/v1/imports/imp_1"] * 2


def test_nobody_has_to_wait(people: str) -> None:
    with Scripted(begun()) as server:
        result = Remote(server.url, KEY).run("import", people, "--no-wait", "--json")

    assert json.loads(result.stdout)["status"] == "queued"
    assert len(server.requests) == 1


def test_ctrl_c_says_how_to_go_on_watching(people: str) -> None:
    with Scripted(begun(), state(status="running")) as server:
        process = _started(server.url, people)
        wait_until(lambda: len(server.requests) > 2)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)

    assert process.returncode == 130
    assert told.splitlines() == [
        "The server has the file; this is imp_1.",
        "leadlight: the import goes on in the server; `leadlight import --resume imp_1` watches it again",
    ]


def test_ctrl_c_while_the_file_is_sent_says_where_to_look(people: str) -> None:
    with Scripted([30.0]) as server:
        process = _started(server.url, people)
        wait_until(lambda: server.requests)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)

    assert process.returncode == 130
    assert told == "leadlight: stopped while the file was sent; `leadlight imports list` shows if the server has it\n"


def test_a_lost_answer_to_the_file_is_not_asked_for_again(people: str) -> None:
    with Scripted(hang_up()) as server:
        said = Remote(server.url, KEY).refusal("import", people, code=3)

    assert said.endswith("; it may be done all the same: look before you try again")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name the file to import, or the import to --resume"),
        (["people.csv", "--resume", "imp_1"], "name the file to import, or the import to --resume"),
        (["nothing.csv"], "there is no file nothing.csv"),
        (["."], "there is no file ."),
        (["people.csv", "--preset", "hubspot", "--map", "a=name"], "--preset and --map do not go together"),
        (["people.csv", "--map", "name"], "--map has to be NAME=VALUE, not 'name'"),
        (["people.csv", "--default", "=x"], "--default has to be NAME=VALUE, not '=x'"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("people")
def test_a_bad_argument_is_told_before_anything_is_sent(arguments: list[str], sentence: str) -> None:
    assert Remote(closed_port(), KEY).refusal("import", *arguments) == sentence


# The line of the progress


def imported(**fields: Any) -> Import:
    found = msgspec.convert({**IMPORT, "status": "running"}, Import)
    nothing_yet = {"processed": 0, "total": None, "failed": 0, "size": 0, "bytes_read": 0, "rate_per_second": 0}
    return msgspec.structs.replace(found, **{**nothing_yet, **fields})


@pytest.mark.parametrize(
    ("found", "share", "text"),
    [
        (imported(), None, "0 rows"),
        (imported(processed=500, total=2000, rate_per_second=100), 0.25, "500 rows, 100/s, 15 s left"),
        (
            imported(processed=1000, size=4000, bytes_read=1000, rate_per_second=10),
            0.25,
            "1,000 rows, 10/s, 5 min 0 s left",
        ),
        (imported(processed=1, total=100_000, rate_per_second=6), 0.00001, "1 row, 6/s, 4 h 37 min left"),
        (imported(processed=9, total=9, failed=1200), 1.0, "9 rows, 1,200 failed"),
    ],
)
def test_how_far_it_is(found: Import, share: float | None, text: str) -> None:
    now = standing(found)

    assert now.share == share
    assert now.text == text


def _started(url: str, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "LEADLIGHT_URL": url, "LEADLIGHT_KEY": KEY}
    command = [sys.executable, "-m", "leadlight", "import", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
