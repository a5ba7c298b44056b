"""Starting and stopping: what is under way is answered and on disk, and a start that can't be does no harm."""

import http.client
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import ServerProcess, ask, leadlight, soft_limit

WRITERS = 16

Serve = Callable[..., ServerProcess]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Load:
    """Writers that create leads until the server refuses connections."""

    def __init__(self, server: ServerProcess, key: str) -> None:
        self.created: list[str] = []
        self.statuses: set[int] = set()
        self._server, self._key = server, key
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=40)

    def _write(self, number: int) -> None:
        connection = self._server.connect()
        lead = {"name": f"Writer {number}", "email": f"w{number}@example.com"}
        try:
            while True:
                status, answer = ask(connection, "POST", "/api/v1/leads", lead, self._key)
                self.statuses.add(status)
                self.created.append(answer["data"]["id"])
        except (http.client.RemoteDisconnected, ConnectionError):
            pass  # closed between two requests: a request that was taken and not answered shows in what is stored
        finally:
            connection.close()


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, id="SIGTERM"), pytest.param(signal.SIGINT, id="SIGINT", marks=pytest.mark.slow)],
)
def test_a_stop_under_load_answers_what_is_under_way(serve: Serve, number: signal.Signals) -> None:
    server = serve("--rate-limit", "0", "--log-level", "error")
    load = Load(server, str(server.key))
    time.sleep(0.6)

    code = server.stop(number)
    load.join()

    assert code == 0
    assert load.statuses == {201}
    assert len(load.created) > WRITERS
    assert _lead_ids(serve, str(server.key)) == set(load.created)
    assert server.log.read_text() == ""


def test_a_request_half_sent_is_answered(serve: Serve) -> None:
    server = serve()
    body = b'{"name": "Ada", "email": "ada@example.com"}'
    head = _head(server, len(body))
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head + body[:10])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        connection.sendall(body[10:])
        response = http.client.HTTPResponse(connection)
        response.begin()
        status = response.status
        response.close()

    assert status == 201
    assert server.process.wait(timeout=20) == 0
    assert len(_lead_ids(serve, str(server.key))) == 1


def test_an_idle_connection_does_not_hold_up_the_stop(serve: Serve) -> None:
    server = serve()
    connection = server.connect()
    ask(connection, "GET", "/health/live")

    started = time.monotonic()
    code = server.stop()

    connection.close()
    assert code == 0
    assert time.monotonic() - started < 2 * soft_limit()


@pytest.mark.slow
def test_a_client_that_never_finishes_does_not_hold_it_up_for_ever(serve: Serve) -> None:
    server = serve("--drain-seconds", "1")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(_head(server, 99))
        time.sleep(0.2)

        started = time.monotonic()
        code = server.stop()

    assert code == 0
    assert time.monotonic() - started < 4 * soft_limit()


def test_a_port_that_is_taken_is_said_in_a_sentence_and_no_key_is_made(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        failed = leadlight("serve", "--port", port, data=data)

    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.count("\n") == 1
    assert f"can't listen on 127.0.0.1:{port}" in failed.stderr
    assert not data.exists()


@pytest.mark.slow
def test_a_port_that_our_own_server_has_is_taken_too(serve: Serve, data: Path) -> None:
    server = serve()

    failed = leadlight("serve", "--port", str(server.port), data=data)

    assert (failed.returncode, failed.stdout) == (1, "")
    assert server.ready_after() > 0
    assert server.stop() == 0


def test_a_second_start_shows_no_key(serve: Serve) -> None:
    first = serve()
    first.stop()

    second = serve()
    connection = second.connect()
    status, _ = ask(connection, "GET", "/api/v1/workspace", key=first.key)
    connection.close()
    second.stop()

    assert second.key is None
    assert "sk-workspace_" not in second.output
    assert status == 200


@pytest.mark.slow
def test_answers_within_a_second_of_its_start(serve: Serve) -> None:
    times = []
    for _ in range(3):
        server = serve()
        times.append(server.ready_after())
        server.stop()

    assert min(times) < 1.0 * soft_limit(), times


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel does not tell of memory in /proc")
def test_is_small_when_idle(serve: Serve) -> None:
    server = serve()
    server.ready_after()
    connection = server.connect()
    for _ in range(20):
        ask(connection, "GET", "/api/v1/workspace", key=server.key)
    connection.close()
    time.sleep(1)

    resident = server.resident_kib()
    server.stop()

    assert resident < 90 * 1024


@pytest.mark.engine("sqlite")
@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are set with prlimit")
def test_a_disk_that_refuses_writes_stops_writes_alone_and_for_no_longer(serve: Serve, data: Path) -> None:
    import resource  # noqa: PLC0415  (not on every platform)

    server = serve()
    connection, key = server.connect(), server.key
    lead = {"name": "Ada", "email": "ada@example.com"}
    _, created = ask(connection, "POST", "/api/v1/leads", lead, key)
    path = f"/api/v1/leads/{created['data']['id']}"

    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
    refused, error = ask(connection, "POST", "/api/v1/leads", lead, key)
    not_ready, _ = ask(connection, "GET", "/health/ready")
    alive, _ = ask(connection, "GET", "/health/live")
    read, _ = ask(connection, "GET", path, key=key)
    listed, leads = ask(connection, "GET", "/api/v1/leads", key=key)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    taken, _ = ask(connection, "POST", "/api/v1/leads", lead, key)
    ready, _ = ask(connection, "GET", "/health/ready")
    connection.close()

    assert (refused, error["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert (not_ready, alive, read, listed) == (503, 200, 200, 200)
    assert leads["data"]["pagination"]["total"] == 1
    assert (taken, ready) == (201, 200)
    assert server.stop() == 0
    assert leadlight("doctor", data=data).returncode == 0


def _head(server: ServerProcess, length: int) -> bytes:
    lines = (
        "POST /api/v1/leads HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {server.key}",
        f"Content-Length: {length}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _lead_ids(serve: Serve, key: str) -> set[str]:
    """What a server finds that is started again."""
    server = serve("--rate-limit", "0")
    ids = set(_pages(server, key))
    assert server.stop() == 0
    return ids


def _pages(server: ServerProcess, key: str) -> Iterator[str]:
    cursor: str | None = ""
    connection = server.connect()
    while cursor is not None:
        _, answer = ask(connection, "GET", f"/api/v1/leads?limit=100&fields=id&cursor={cursor}", key=key)
        yield from (lead["id"] for lead in answer["data"]["leads"])
        cursor = answer["data"]["pagination"].get("nextCursor")
    connection.close()
