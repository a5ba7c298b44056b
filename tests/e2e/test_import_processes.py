"""The processes of imports: several servers share the work, and each import stays small and out of the way."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.imports import has_ended, look, new_key, process_of, send, wait_for
from tests.e2e.processes import ServerProcess, children, wait_until

Serve = Callable[..., ServerProcess]

QUIET = ("--rate-limit", "0", "--log-level", "error")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def people(count: int) -> bytes:
    rows = (f"Person {number},p{number}@example.com,Company {number % 7}\n" for number in range(count))
    return ("name,email,company\n" + "".join(rows)).encode()


@pytest.mark.slow
def test_of_two_servers_one_works_on_an_import(serve: Serve, data: Path) -> None:
    server, _ = serve(*QUIET), serve(*QUIET)
    keys = [str(server.key), new_key(data, "Second"), new_key(data, "Third")]

    jobs = [(key, send(server, key, people(1_500))) for _ in range(2) for key in keys]
    ended = [wait_for(server, key, import_id, has_ended) for key, import_id in jobs]

    assert [(job["status"], job["created"]) for job in ended] == [("completed", 1_500)] * 6
    for key in keys:
        assert look(server, key, "/leads?limit=1")["pagination"]["total"] == 3_000
        events = look(server, key, "/events?limit=1&after=2999")
        assert (len(events["events"]), events["pagination"]["hasNext"]) == (1, False)
        first, second = sorted(job["id"] for job in look(server, key, "/imports")["imports"])
        assert _times(server, key, first)["finishedAt"] <= _times(server, key, second)["startedAt"]


def _times(server: ServerProcess, key: str, import_id: str) -> dict[str, Any]:
    return look(server, key, f"/imports/{import_id}")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel does not tell of memory in /proc")
def test_its_process_stays_small_and_gives_way(serve: Serve) -> None:
    server = serve(*QUIET)
    import_id = send(server, str(server.key), people(30_000))
    largest = niceness = 0

    def watch(job: dict[str, Any]) -> bool:
        nonlocal largest, niceness
        for process in children(server.process.pid):
            largest, niceness = max(largest, _largest_kib(process)), max(niceness, _niceness(process))
        return has_ended(job)

    assert wait_for(server, str(server.key), import_id, watch)["created"] == 30_000
    assert 20_000 < largest < 150 * 1024
    assert niceness == os.nice(0) + 10
    assert server.stop() == 0


def _largest_kib(process: int) -> int:
    """The most memory that it has had so far."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:  # it has ended
        return 0
    return int(found[1]) if found else 0


def _niceness(process: int) -> int:
    try:
        return os.getpriority(os.PRIO_PROCESS, process)
    except OSError:
        return 0


@pytest.mark.slow
def test_control_c_reaches_all_processes_and_leaves_no_trace(serve: Serve) -> None:
    """As a terminal sends it: to the server and to what it has begun."""
    server = serve(*QUIET)
    key, import_id = str(server.key), send(server, str(server.key), people(30_000))
    wait_for(server, key, import_id, lambda job: job["processed"])

    os.kill(process_of(server), signal.SIGINT)
    assert server.stop(signal.SIGINT) == 0

    assert server.log.read_text() == ""
    server = serve(*QUIET)
    assert wait_for(server, key, import_id, has_ended)["created"] == 30_000


@pytest.mark.slow
def test_a_request_is_answered_while_a_file_that_takes_long_to_open_is_looked_at(serve: Serve) -> None:
    server = serve(*QUIET)
    key = str(server.key)
    wide = ",".join(f"column {number}" for number in range(900)) + "\n"
    import_id = send(server, key, (wide + ("," * 899 + "\n") * 20_000 + '"' * 1_000_000).encode())
    wait_until(lambda: look(server, key, f"/imports/{import_id}")["status"] != "queued")

    longest = 0.0
    while not has_ended(look(server, key, f"/imports/{import_id}")):
        started = time.monotonic()
        look(server, key, "/workspace")
        longest = max(longest, time.monotonic() - started)

    assert look(server, key, f"/imports/{import_id}")["status"] == "failed"
    assert longest < 1
    server.stop()
