"""Several serving processes: none is missed when it dies, is replaced or is reloaded, and none outlives its parent."""

import http.client
import os
import re
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.load import lead_ids
from tests.e2e.processes import (
    ServerProcess,
    answering,
    ask,
    connections_to_each,
    is_refused,
    leadlight,
    raw,
    running,
    wait_until,
    worker_of,
)

Serve = Callable[..., ServerProcess]

TWO = ("--workers", "2", "--rate-limit", "0", "--auth-failures-per-minute", "0")
BODY = b'{"name": "Ada", "email": "ada@example.com"}'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_both_answer_and_say_which_counts(serve: Serve) -> None:
    server = serve(*TWO)

    assert answering(server) == {"1", "2"}

    assert len(server.workers()) == 2
    assert server.stop() == 0


def test_one_alone_has_no_parent_and_no_label(serve: Serve) -> None:
    server = serve("--workers", "1")
    connection = server.connect()

    assert worker_of(connection) is None

    connection.close()
    assert server.workers() == set()


@pytest.mark.slow
@pytest.mark.engine("sqlite")
def test_a_reload_that_can_not_be_leaves_things_as_they_are(serve: Serve, data: Path) -> None:
    server = serve(*TWO, "--log-level", "error")
    answering(server)
    before = server.workers()

    (data / "leadlight.db").rename(data / "away")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the reload was given up" in server.log.read_text())

    assert f"worker 1 can't serve: there is no store in {data}" in server.log.read_text()
    wait_until(lambda: server.workers() == before)
    assert answering(server) == {"1", "2"}
    assert server.stop() == 0


@pytest.mark.slow
@pytest.mark.engine("sqlite")
def test_one_that_dies_again_and_again_is_replaced_ever_more_slowly(serve: Serve, data: Path) -> None:
    server = serve(*TWO, "--log-level", "error")
    answering(server)

    (data / "leadlight.db").rename(data / "away")
    os.kill(min(server.workers()), signal.SIGKILL)
    wait_until(lambda: server.log.read_text().count("it is replaced") == 3)
    (data / "away").rename(data / "leadlight.db")

    assert answering(server) == {"1", "2"}
    assert re.findall(r"it is replaced ([^\"]+)", server.log.read_text()) == ["at once", "in 1 s", "in 2 s"]
    assert server.stop() == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are set with prlimit")
def test_a_system_that_has_no_room_for_a_process_is_asked_again(serve: Serve) -> None:
    import resource  # noqa: PLC0415  (not on every platform)

    server = serve(*TWO, "--log-level", "error")
    answering(server)
    soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)

    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (3, hard))
    os.kill(min(server.workers()), signal.SIGKILL)
    wait_until(lambda: "can't be started" in server.log.read_text())
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (soft, hard))

    assert answering(server) == {"1", "2"}
    assert server.stop() == 0


def test_workers_that_can_not_start_end_the_parent(data: Path) -> None:
    failed = leadlight(
        "serve", "--port", "0", *TWO, "--rate-limit-url", "valkey://127.0.0.1/0?socket_timeout=no", data=data
    )

    assert failed.returncode == 1
    assert failed.stderr.endswith("leadlight: no worker could start; the log says why\n")
    assert "worker 2 can't serve: LEADLIGHT_RATE_LIMIT_URL is not usable" in failed.stderr


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, id="SIGTERM"), pytest.param(signal.SIGINT, id="SIGINT", marks=pytest.mark.slow)],
)
def test_a_stop_answers_what_is_under_way_in_each(serve: Serve, number: signal.Signals) -> None:
    server = serve(*TWO)
    with_each = connections_to_each(server)
    workers = server.workers()
    for connection in with_each.values():
        begin_request(connection, server)

    server.process.send_signal(number)
    wait_until(lambda: is_refused(server))
    statuses = [end_request(connection) for connection in with_each.values()]

    assert statuses == [201, 201]
    assert server.process.wait(timeout=40) == 0
    assert workers & running() == set()
    assert len(lead_ids(serve, server)) == 2


def test_a_second_interrupt_ends_it_quickly(serve: Serve) -> None:
    server = serve(*TWO)
    connections = connections_to_each(server)
    workers = server.workers()
    for connection in connections.values():
        begin_request(connection, server)

    server.process.send_signal(signal.SIGINT)
    wait_until(lambda: is_refused(server))
    alive = server.process.poll() is None
    server.process.send_signal(signal.SIGINT)

    assert alive
    assert server.process.wait(timeout=20) == 0  # it would drain for 30 seconds
    assert workers & running() == set()
    for connection in connections.values():
        connection.close()


@pytest.mark.slow
def test_one_that_does_not_end_is_killed(serve: Serve) -> None:
    server = serve(*TWO, "--drain-seconds", "1")
    answering(server)
    workers = server.workers()
    os.kill(min(workers), signal.SIGSTOP)

    assert server.stop() == 0
    assert "did not end within 11 seconds and is killed" in server.log.read_text()
    assert workers & running() == set()


def test_none_outlives_a_parent_that_was_killed(serve: Serve) -> None:
    server = serve(*TWO)
    connections = connections_to_each(server)
    workers = server.workers()
    for connection in connections.values():
        begin_request(connection, server)

    os.kill(server.process.pid, signal.SIGKILL)
    wait_until(lambda: is_refused(server))
    statuses = [end_request(connection) for connection in connections.values()]

    assert statuses == [201, 201]
    wait_until(lambda: not workers & running())


def test_a_store_that_is_broken_is_told_in_a_sentence(data: Path) -> None:
    data.mkdir()
    (data / "leadlight.db").write_text("no store at all, and no empty file")

    failed = leadlight("serve", "--port", "0", *TWO, data=data)

    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith(f"leadlight: the store in {data} can't be opened: ")
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_our_own_server_has_is_refused(serve: Serve, tmp_path: Path, workers: str) -> None:
    server = serve(*TWO)
    other = tmp_path / "other"

    failed = leadlight("serve", "--port", str(server.port), *TWO, "--workers", workers, data=other)

    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == (
        f"leadlight: can't listen on 127.0.0.1:{server.port}: Address already in use; choose another --host or --port\n"
    )
    assert not other.exists()
    assert server.ready_after() > 0


def test_a_port_that_another_server_has_is_refused(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = str(taken.getsockname()[1])
        failed = leadlight("serve", "--port", port, *TWO, data=data)

    assert (failed.returncode, failed.stdout) == (1, "")
    assert f"can't listen on 127.0.0.1:{port}" in failed.stderr


def test_limits_that_each_would_count_for_itself_are_refused(data: Path) -> None:
    failed = leadlight("serve", "--port", "0", "--workers", "2", data=data)

    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("leadlight: 2 processes would each count requests for themselves")
    assert not data.exists()


@pytest.mark.slow
def test_a_key_that_is_revoked_works_nowhere_a_second_later(serve: Serve) -> None:
    server = serve(*TWO)
    connections = [server.connect() for _ in range(24)]
    admin = server.connect()
    assert {worker_of(connection) for connection in connections} == {"1", "2"}
    _, issued = ask(admin, "POST", "/api/v1/keys", {"name": "short", "scopes": ["leads:read"]}, server.key)
    key, path = issued["data"]["key"], f"/api/v1/keys/{issued['data']['id']}"

    def statuses() -> Counter[int]:
        return Counter(ask(connection, "GET", "/api/v1/leads", key=key)[0] for connection in connections)

    before = statuses()
    revoked, _ = ask(admin, "DELETE", path, key=server.key)
    revoked_at = time.monotonic()
    while time.monotonic() < revoked_at + 1:
        statuses()  # whoever remembers the key is asked all the time
    after = statuses()

    assert (before, after) == ({200: 24}, {401: 24})
    assert revoked == 200
    for connection in (*connections, admin):
        connection.close()


def test_a_connection_that_was_just_made_is_given_time_for_its_request(serve: Serve) -> None:
    server = serve(*TWO)
    answering(server)
    connections = [server.connect() for _ in range(8)]
    for connection in connections:
        connection.connect()
    time.sleep(0.1)  # until they are taken

    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: is_refused(server))
    answers = [raw(connection, "/health/live") for connection in connections]

    assert [(answer.status, answer.getheader("Connection")) for answer in answers] == [(200, "close")] * 8
    assert server.process.wait(timeout=40) == 0
    for connection in connections:
        connection.close()


def begin_request(connection: http.client.HTTPConnection, server: ServerProcess) -> None:
    connection.putrequest("POST", "/api/v1/leads")
    connection.putheader("Authorization", f"Bearer {server.key}")
    connection.putheader("Content-Length", str(len(BODY)))
    connection.endheaders()
    connection.send(BODY[:10])


def end_request(connection: http.client.HTTPConnection) -> int:
    connection.send(BODY[10:])
    status = connection.getresponse().status
    connection.close()
    return status
