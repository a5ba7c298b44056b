"""The live stream of real processes: it outlives none of them, reaches across them, and goes on where it was."""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.load import Load, feed
from tests.e2e.processes import ServerProcess, answering, ask, connections_to_each, is_refused, soft_limit, wait_until
from tests.events.listener import PATH, Listener
from tests.postgres_server import PostgresServer

Serve = Callable[..., ServerProcess]

QUIET = ("--rate-limit", "0", "--log-level", "error")
TWO = (*QUIET, "--workers", "2", "--auth-failures-per-minute", "0")
LEAD = {"name": "Ada", "email": "ada@example.com"}


def listen(server: ServerProcess, key: str | None, *, last_id: str | None = None) -> Listener:
    return Listener(server.connect(), str(key), last_id=last_id)


def create(server: ServerProcess, key: str | None, **fields: Any) -> str:
    connection = server.connect()
    status, answer = ask(connection, "POST", "/api/v1/leads", {**LEAD, **fields}, key)
    connection.close()
    assert status == 201
    return str(answer["data"]["id"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_streams_at_once_and_cleanly(serve: Serve, number: signal.Signals) -> None:
    server = serve(*QUIET)
    listeners = [listen(server, server.key) for _ in range(3)]
    began = time.monotonic()

    server.process.send_signal(number)
    rests = [listener.rest() for listener in listeners]

    assert rests == [[], [], []]
    assert server.process.wait(timeout=40) == 0
    assert time.monotonic() - began < 3 * soft_limit()  # it would drain for 30 seconds
    assert server.log.read_text() == ""
    for listener in listeners:
        listener.close()


def test_a_stop_does_not_wait_for_a_client_that_does_not_read(serve: Serve) -> None:
    server = serve(*QUIET)
    connection = server.connect()
    connection.request("GET", PATH, headers={"Authorization": f"Bearer {server.key}"})
    for _ in range(100):
        create(server, server.key, metadata={"text": "x" * 60_000})
    began = time.monotonic()

    code = server.stop()

    connection.close()
    assert code == 0
    assert time.monotonic() - began < 4 * soft_limit()
    assert server.log.read_text() == ""


def test_goes_on_after_a_restart(serve: Serve) -> None:
    first = serve(*QUIET)
    listener = listen(first, first.key)
    create(first, first.key)
    listener.event()
    missed = create(first, first.key)  # whether it is told or not
    listener.close()
    first.stop()

    second = serve(*QUIET)
    again = listen(second, first.key, last_id=listener.last_id)
    new = create(second, first.key)

    assert [event["leadId"] for event in again.events(2)] == [missed, new]
    again.close()


def test_goes_on_after_a_crash(serve: Serve) -> None:
    first = serve(*QUIET)
    listener = listen(first, first.key)
    leads = [create(first, first.key) for _ in range(20)]
    told = [event["leadId"] for event in listener.events(7)]
    first.kill()
    listener.close()

    second = serve(*QUIET)
    again = listen(second, first.key, last_id=listener.last_id)

    assert told + [event["leadId"] for event in again.events(13)] == leads
    again.close()


def test_what_one_worker_writes_is_told_by_the_other(serve: Serve) -> None:
    server = serve(*TWO)
    listeners = {number: Listener(each, str(server.key)) for number, each in connections_to_each(server).items()}
    writers = connections_to_each(server)
    began = time.monotonic()

    for _ in range(10):
        for writer in writers.values():
            assert ask(writer, "POST", "/api/v1/leads", LEAD, server.key)[0] == 201
    told = {number: [event["id"] for event in listener.events(20)] for number, listener in listeners.items()}
    took = time.monotonic() - began

    feed = ask(writers["1"], "GET", "/api/v1/events", key=server.key)[1]["data"]["events"]
    assert told == {"1": [event["id"] for event in feed], "2": [event["id"] for event in feed]}
    assert took < 3 * soft_limit()  # nobody waits for the look every five seconds
    for each in (*listeners.values(), *writers.values()):
        each.close()


def test_a_key_that_one_worker_revokes_is_told_nothing_by_the_other(serve: Serve) -> None:
    server = serve(*TWO)
    admin = server.connect()
    issued = ask(admin, "POST", "/api/v1/keys", {"name": "short", "scopes": ["leads:read"]}, server.key)[1]["data"]
    listeners = [Listener(each, issued["key"]) for each in connections_to_each(server).values()]

    ask(admin, "DELETE", f"/api/v1/keys/{issued['id']}", key=server.key)
    revoked_at = time.monotonic()
    rests = [listener.rest() for listener in listeners]

    assert rests == [[], []]
    assert time.monotonic() - revoked_at < 2 * soft_limit()
    for each in (admin, *listeners):
        each.close()


def test_a_reload_ends_streams_and_they_go_on_at_the_next_workers(serve: Serve) -> None:
    server = serve(*TWO)
    listeners = [Listener(each, str(server.key)) for each in connections_to_each(server).values()]
    before = server.workers()

    server.process.send_signal(signal.SIGHUP)
    rests = [listener.rest() for listener in listeners]
    lead = create(server, server.key)
    again = [listen(server, server.key, last_id=listener.last_id) for listener in listeners]

    assert rests == [[], []]
    assert [listener.event()["leadId"] for listener in again] == [lead, lead]
    wait_until(lambda: not server.workers() & before)
    for each in (*listeners, *again):
        each.close()


@pytest.mark.slow
def test_nothing_is_missed_or_told_twice_while_many_write_and_listeners_come_and_go(serve: Serve) -> None:
    server = serve(*TWO)
    answering(server)
    told: list[list[str]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=follow, args=(server, each, 7 * n)) for n, each in enumerate(told, 1)]
    for thread in threads:
        thread.start()

    with Load(server, fresh=2, kept=6) as load:
        load.wait_for(800)
    create(server, server.key, name="Last")
    for thread in threads:
        thread.join(timeout=60)

    expected = [event["id"] for event in feed(server, str(server.key))]
    assert len(expected) > 100
    assert told == [expected] * 4


def follow(server: ServerProcess, told: list[str], at_once: int) -> None:
    """Listens to so many events at once, again and again, until it is told of the last lead."""
    listener = listen(server, server.key, last_id="0")
    while True:
        for _ in range(at_once):
            event = listener.event()
            told.append(event["id"])
            if event["data"]["name"] == "Last":
                listener.close()
                return
        listener.close()
        listener = listen(server, server.key, last_id=listener.last_id)


def test_a_stream_that_is_begun_while_the_server_stops_ends_at_once(serve: Serve) -> None:
    server = serve(*QUIET)
    server.ready_after()
    connection = server.connect()
    connection.connect()
    time.sleep(0.1)  # until it is taken

    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: is_refused(server))
    connection.request("GET", PATH, headers={"Authorization": f"Bearer {server.key}"})
    response = connection.getresponse()

    assert (response.status, response.headers["Connection"], response.read()) == (200, "close", b"")
    assert server.process.wait(timeout=40) == 0
    connection.close()


@pytest.mark.slow
@pytest.mark.engine("postgres")
def test_outlives_a_store_that_is_away(serve: Serve, durable_postgres: PostgresServer) -> None:
    server = serve(*QUIET)
    listener = listen(server, server.key)
    durable_postgres.stop()
    time.sleep(3)
    durable_postgres.start()
    server.ready_after()

    lead = create(server, server.key)

    assert listener.event()["leadId"] == lead
    listener.close()


LISTENERS = 500


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does not tell of memory in /proc")
async def test_hundreds_listen_for_little_and_are_told_soon(serve: Serve) -> None:
    server = serve(*QUIET)
    create(server, server.key)
    before = server.resident_kib()
    crowd = Crowd(server)
    await crowd.gather(LISTENERS)
    idle = server.resident_kib()

    seconds = sorted([await crowd.told_within() for _ in range(20)])

    await crowd.leave()
    assert idle - before < 50 * 1024
    assert server.resident_kib() - before < 50 * 1024
    assert seconds[len(seconds) // 2] < 0.1 * soft_limit(), seconds
    assert seconds[-1] < 1.0 * soft_limit(), seconds


class Crowd:
    """Many who listen."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def gather(self, count: int) -> None:
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port)
            self._connections.append((reader, writer))
            head = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._server.key}\r\n\r\n"
            writer.write(head.encode())
        await asyncio.gather(*(reader.readuntil(b"\n\n\r\n") for reader, _ in self._connections))

    async def told_within(self) -> float:
        """Seconds from the sending of a new lead until the last one of them has heard of it."""
        heard = asyncio.gather(*(self._hear(reader) for reader, _ in self._connections))
        began = time.perf_counter()
        await asyncio.to_thread(create, self._server, self._server.key, metadata={"text": "x" * 500})
        await heard
        return time.perf_counter() - began

    async def leave(self) -> None:
        for _, writer in self._connections:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in self._connections))

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        await reader.readuntil(b"\nevent: lead.created\n")
        await reader.readuntil(b"\n\n\r\n")
