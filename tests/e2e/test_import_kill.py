"""Imports that are killed: they go on where they were, and end as if nothing had happened."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.imports import has_ended, look, new_key, process_of, send, wait_for
from tests.e2e.processes import ServerProcess, running, soft_limit, wait_until

Serve = Callable[..., ServerProcess]

KILLS = 10
ROWS = 24_000
QUIET = ("--rate-limit", "0", "--log-level", "error")


def row(number: int) -> str:
    """Each tenth is a lead from before, with other values; each 97th is bad."""
    email = "nobody" if number % 97 == 0 else f"p{number - 5 if number % 10 == 0 else number}@example.com"
    return f"Person {number},{email},+44 20 7946 0018,Company {number % 7}\n"


CONTENT = ("name,email,phone,company\n" + "".join(map(row, range(1, ROWS + 1)))).encode()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.mark.slow
def test_ten_kills_change_nothing_of_what_comes_in(serve: Serve, data: Path) -> None:
    server = serve(*QUIET)
    key, other = str(server.key), new_key(data, "Undisturbed")
    import_id = send(server, key, CONTENT, onDuplicate="update")

    for kill in range(KILLS):
        wait_for(server, key, import_id, lambda job, kill=kill: job["processed"] >= kill * ROWS / KILLS)  # type: ignore[misc]
        time.sleep(0.037 * kill % 0.2)
        if kill % 2:
            server.kill()
            server = serve(*QUIET)
        else:
            os.kill(process_of(server), signal.SIGKILL)
    killed = wait_for(server, key, import_id, has_ended)
    undisturbed = wait_for(server, other, send(server, other, CONTENT, onDuplicate="update"), has_ended)

    assert killed["status"] == "completed"
    assert _result(killed) == _result(undisturbed)
    assert _leads(server, key) == _leads(server, other)
    assert _errors(server, key, killed["id"]) == _errors(server, other, undisturbed["id"])
    assert _feed(server, key) == _feed(server, other)
    [operation] = look(server, key, "/operations")["operations"]
    assert (operation["status"], operation["subjectId"]) == ("completed", import_id)
    assert server.stop() == 0


def _result(job: dict[str, Any]) -> dict[str, Any]:
    names = ("status", "processed", "total", "created", "updated", "skipped", "failed", "bytesRead", "mapping", "error")
    return {name: job[name] for name in names}


def _leads(server: ServerProcess, key: str) -> dict[str, tuple[Any, ...]]:
    """By address: each once."""
    found: dict[str, tuple[Any, ...]] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = look(server, key, f"/leads?limit=100&cursor={cursor}")
        for lead in page["leads"]:
            assert lead["email"] not in found
            found[lead["email"]] = (lead["name"], lead["phone"], lead["source"], lead["status"], lead["metadata"])
        cursor = page["pagination"].get("nextCursor")
    return found


def _feed(server: ServerProcess, key: str) -> list[tuple[str, str, str]]:
    """Type, address and name in each event; their places have no gap, for the last is their number."""
    events: list[tuple[str, str, str]] = []
    after, has_next = "0", True
    while has_next:
        page = look(server, key, f"/events?limit=1000&after={after}")
        events += [(event["type"], event["data"]["email"], event["data"]["name"]) for event in page["events"]]
        after, has_next = page["pagination"]["nextCursor"], page["pagination"]["hasNext"]
    assert int(after) == len(events)
    return events


def _errors(server: ServerProcess, key: str, import_id: str) -> bytes:
    connection = server.connect()
    connection.request("GET", f"/api/v1/imports/{import_id}/errors", headers={"Authorization": f"Bearer {key}"})
    content = connection.getresponse().read()
    connection.close()
    return content


def begun(server: ServerProcess, **texts: str) -> str:
    """An import that has come some way."""
    import_id = send(server, str(server.key), CONTENT, **texts)
    wait_for(server, str(server.key), import_id, lambda job: job["processed"])
    return import_id


@pytest.mark.slow
def test_its_process_ends_with_the_server_that_began_it(serve: Serve) -> None:
    server = serve(*QUIET)
    begun(server)
    process = process_of(server)

    server.kill()

    wait_until(lambda: process not in running(), seconds=10 * soft_limit())


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["kill", "stop"])
def test_the_next_server_goes_on_at_once(serve: Serve, ends: str) -> None:
    server = serve(*QUIET)
    import_id, key = begun(server), str(server.key)
    began = time.monotonic()

    if ends == "kill":
        server.kill()
    else:
        assert server.stop() == 0
        assert server.log.read_text() == ""
    server = serve(*QUIET)
    before = look(server, key, f"/imports/{import_id}")["processed"]
    wait_for(server, key, import_id, lambda job: job["processed"] > before)

    assert time.monotonic() - began < 8 * soft_limit()
    assert wait_for(server, key, import_id, has_ended)["created"] == ROWS - ROWS // 97
    server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_another_process_goes_on_for_one_that_is_ended(serve: Serve, number: int) -> None:
    server = serve(*QUIET)
    import_id, key = begun(server), str(server.key)
    process = process_of(server)

    os.kill(process, number)
    wait_until(lambda: process not in running())

    assert wait_for(server, key, import_id, has_ended)["created"] == ROWS - ROWS // 97
    logged = server.log.read_text()
    assert ("its process ended with -9" in logged) is (number == signal.SIGKILL)
    assert "Traceback" not in logged
    server.stop()


@pytest.mark.slow
def test_it_is_cancelled_although_its_process_was_killed(serve: Serve) -> None:
    server = serve(*QUIET)
    import_id, key = begun(server, onDuplicate="update"), str(server.key)
    server.kill()
    server = serve("--no-background", *QUIET)

    look(server, key, f"/imports/{import_id}/cancel", "POST")
    assert look(server, key, f"/imports/{import_id}")["status"] == "running"
    server.stop()
    server = serve(*QUIET)

    ended = wait_for(server, key, import_id, has_ended)
    assert ended["status"] == "cancelled"
    assert ended["created"] == len(_leads(server, key))
    server.stop()


@pytest.mark.slow
def test_a_dry_run_that_was_killed_counts_as_if_it_was_not(serve: Serve) -> None:
    server = serve(*QUIET)
    key = str(server.key)
    import_id = begun(server, dryRun="true", onDuplicate="skip")

    os.kill(process_of(server), signal.SIGKILL)

    ended = wait_for(server, key, import_id, has_ended)
    assert (ended["created"], ended["skipped"], ended["failed"]) == (21_402, 2_351, 247)
    assert len(_errors(server, key, import_id).splitlines()) == 1 + 247
    server.stop()
