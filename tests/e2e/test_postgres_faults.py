"""PostgreSQL that goes away or is held up, under load: nobody hangs, and what was acknowledged is there, once."""

import http.client
import itertools
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.e2e.load import feed
from tests.e2e.processes import ServerProcess, ask, children, leadlight, soft_limit
from tests.postgres_locks import held_feeds
from tests.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.engine("postgres")]

CLIENTS = 12

Serve = Callable[..., ServerProcess]


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """A server that may crash: it answers when its disk has it."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def url(durable: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of an empty database, on which all servers and commands of the test run."""
    url = durable.create_database()
    monkeypatch.setenv("LEADLIGHT_DATABASE_URL", url)
    return url


@pytest.fixture
def serve(url: str, tmp_path: Path) -> Iterator[Serve]:
    del url  # it is in the environment
    started: list[ServerProcess] = []

    def start(*options: str) -> ServerProcess:
        options = ("--rate-limit", "0", "--log-level", "error", *options)
        started.append(ServerProcess(tmp_path / "data", tmp_path / f"log-{len(started)}", *options))
        return started[-1]

    yield start
    for server in started:
        server.kill()


@dataclass(frozen=True, slots=True)
class Answer:
    """Times in seconds."""

    began: float
    took: float
    status: int
    retry_after: str | None
    data: dict[str, Any]


def timed(
    connection: http.client.HTTPConnection, method: str, path: str, key: str, body: dict[str, Any] | None = None
) -> Answer:
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request(method, path, body and json.dumps(body), headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    took = time.monotonic() - began
    return Answer(began, took, response.status, response.headers["Retry-After"], answer.get("data", {}))


def statuses(answers: list[Answer]) -> set[int]:
    return {answer.status for answer in answers}


def longest(answers: list[Answer]) -> float:
    return max(answer.took for answer in answers)


class Load:
    """Clients that each create a lead and look it up, over and over, until they are stopped."""

    def __init__(self, server: ServerProcess) -> None:
        self.answers: list[Answer] = []
        self.created: list[list[str]] = [[] for _ in range(CLIENTS)]
        """What was acknowledged: ids by client, in its order."""
        self._server, self._stopped = server, threading.Event()
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._clients = [self._pool.submit(self._ask_on, number) for number in range(CLIENTS)]

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for client in self._clients:
            client.result(timeout=40)
        self._pool.shutdown()

    def _ask_on(self, number: int) -> None:
        connection = self._server.connect()
        created, key = self.created[number], str(self._server.key)
        for count in itertools.count():
            if self._stopped.is_set():
                break
            lead = {"name": f"Client {number}", "email": f"{number}-{count}@example.com"}
            answer = self._note(timed(connection, "POST", "/api/v1/leads", key, lead))
            if answer.status == 201:
                created.append(answer.data["id"])
            if created:
                self._note(timed(connection, "GET", f"/api/v1/leads/{created[-1]}", key))
        connection.close()

    def _note(self, answer: Answer) -> Answer:
        self.answers.append(answer)
        if answer.status == 503:
            time.sleep(0.02)
        return answer


class Waiting:
    """Requests that are under way at once, each on a connection of its own."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._pool = ThreadPoolExecutor(300)

    def create(self, key: str, count: int) -> list[Future[Answer]]:
        leads = [{"name": "Ada", "email": f"{number}@example.com"} for number in range(count)]
        return [self._pool.submit(self._ask, "POST", "/api/v1/leads", key, lead) for lead in leads]

    def get(self, path: str, key: str, count: int) -> list[Future[Answer]]:
        return [self._pool.submit(self._ask, "GET", path, key) for _ in range(count)]

    def _ask(self, method: str, path: str, key: str, body: dict[str, Any] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=90)
        answer = timed(connection, method, path, key, body)
        connection.close()
        return answer


def results(waiting: list[Future[Answer]]) -> list[Answer]:
    return [future.result(timeout=90) for future in waiting]


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_the_database_is_answered_with_503_and_loses_nothing(
    serve: Serve, durable: PostgresServer, tmp_path: Path, mode: Literal["fast", "immediate"]
) -> None:
    server = serve()

    with Load(server) as load:
        time.sleep(1)
        durable.stop(mode)
        time.sleep(1.5)
        durable.start()
        back = time.monotonic()
        time.sleep(4)

    later = [answer for answer in load.answers if answer.began > back + 2]
    assert statuses(load.answers) == {200, 201, 503}
    assert {answer.retry_after for answer in load.answers if answer.status == 503} == {"1"}
    assert longest(load.answers) < 3 * soft_limit()
    assert len(later) > CLIENTS
    assert statuses(later) == {200, 201}
    check_store(server, load)
    assert server.stop() == 0
    checked = leadlight("doctor", data=tmp_path / "data")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "✓ The store is in order.\n", "")


def test_a_database_that_stands_still_for_a_moment_is_waited_for(serve: Serve, durable: PostgresServer) -> None:
    server = serve()

    with Load(server) as load:
        time.sleep(0.5)
        with stopped(durable):
            time.sleep(3)
        time.sleep(1)

    assert statuses(load.answers) == {200, 201}
    assert longest(load.answers) > 2
    check_store(server, load)


def test_a_database_that_stands_still_for_long_is_given_up(serve: Serve, durable: PostgresServer) -> None:
    server = serve()
    key, waiting = str(server.key), Waiting(server)
    results(waiting.get("/api/v1/workspace", key, 10))

    with stopped(durable):
        answers = results(waiting.get("/api/v1/workspace", key, 10) + waiting.create(key, 10))
    later = results(waiting.get("/api/v1/workspace", key, 10) + waiting.create(key, 10))

    assert statuses(answers) == {503}
    assert longest(answers) < 40
    assert statuses(later) == {200, 201}
    assert longest(later) < 2 * soft_limit()


@contextmanager
def stopped(postgres: PostgresServer) -> Iterator[None]:
    """Keeps all of its processes from running."""
    postmaster = int((postgres.data / "postmaster.pid").read_text().split()[0])
    pids = {postmaster, *children(postmaster)}
    for pid in pids:
        with suppress(ProcessLookupError):  # some live for a moment only
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def check_store(server: ServerProcess, load: Load) -> None:
    """All that was acknowledged is there, in its order and once; what was refused is there once or not at all."""
    key = str(server.key)
    stored = dict(stored_leads(server, key))
    events = list(feed(server, key))
    told = [event["leadId"] for event in events]
    acknowledged = {lead_id for created in load.created for lead_id in created}
    places = {lead_id: place for place, lead_id in enumerate(told)}
    refused = sum(answer.status == 503 for answer in load.answers)

    assert acknowledged <= stored.keys()
    assert len(set(stored.values())) == len(stored)
    assert len(stored.keys() - acknowledged) <= refused
    assert {event["type"] for event in events} == {"lead.created"}
    assert len(set(told)) == len(told)
    assert set(told) == stored.keys()
    for created in load.created:
        assert len(created) > 10
        assert sorted(created, key=places.__getitem__) == created


def stored_leads(server: ServerProcess, key: str) -> Iterator[tuple[str, str]]:
    """The id and the email of each."""
    cursor: str | None = ""
    connection = server.connect()
    while cursor is not None:
        _, answer = ask(connection, "GET", f"/api/v1/leads?limit=100&fields=id,email&cursor={cursor}", key=key)
        yield from ((lead["id"], lead["email"]) for lead in answer["data"]["leads"])
        cursor = answer["data"]["pagination"].get("nextCursor")
    connection.close()


# Locks that others hold


def test_a_workspace_that_is_held_up_holds_up_nobody_else(serve: Serve, url: str) -> None:
    server = serve("--database-connections", "3")
    ours, theirs = str(server.key), other_key()
    waiting = Waiting(server)

    with held_feeds(url, "workspace_id = (SELECT min(id) FROM workspaces)"):
        writing = waiting.create(ours, 200)
        time.sleep(1)
        reading = results(waiting.get("/api/v1/leads", ours, 20) + waiting.get("/api/v1/workspace", ours, 20))
        elsewhere = results(waiting.create(theirs, 20))
        assert not any(future.done() for future in writing)
    written = results(writing)

    assert statuses(reading) == {200}
    assert longest(reading) < soft_limit()
    assert statuses(elsewhere) == {201}
    assert longest(elsewhere) < soft_limit()
    assert statuses(written) == {201}
    assert len(list(stored_leads(server, ours))) == 200


def test_when_all_connections_are_held_up_nobody_waits_for_ever(serve: Serve, url: str) -> None:
    server = serve("--database-connections", "3")
    ours, theirs = str(server.key), other_key()
    waiting = Waiting(server)

    with held_feeds(url):
        writing = waiting.create(ours, 100) + waiting.create(theirs, 100)
        time.sleep(1)
        reading = waiting.get("/api/v1/workspace", ours, 20)
        listing = waiting.get("/api/v1/leads", ours, 5)
        [alive] = results(waiting.get("/health/live", ours, 1))
        time.sleep(19)
    read, listed, written = results(reading), results(listing), results(writing)

    assert (alive.status, alive.took < soft_limit()) == (200, True)
    assert statuses(read) <= {200, 503}
    assert longest(read) < 14
    assert statuses(listed) <= {200, 503}
    assert longest(listed) < 14
    assert statuses(written) <= {201, 503}
    assert statuses(results(waiting.create(ours, 20) + waiting.get("/api/v1/leads", ours, 5))) == {200, 201}


def test_what_was_refused_for_waiting_too_long_is_not_stored_later(serve: Serve, url: str) -> None:
    server = serve()
    waiting = Waiting(server)

    with held_feeds(url):
        writing = waiting.create(str(server.key), 200)
        time.sleep(33)
    written = results(writing)
    time.sleep(2)

    acknowledged = {answer.data["id"] for answer in written if answer.status == 201}
    refused = [answer for answer in written if answer.status != 201]
    assert statuses(refused) == {503}
    assert {answer.retry_after for answer in refused} == {"1"}
    assert longest(written) < 45
    assert dict(stored_leads(server, str(server.key))).keys() == acknowledged


def other_key() -> str:
    """An admin key of another workspace."""
    no_folder = Path()  # the store is where the environment says
    workspace = json.loads(leadlight("workspaces", "create", "Other", "--json", data=no_folder).stdout)
    options = ("--name", "test", "--scope", "admin", "--json")
    return str(
        json.loads(leadlight("keys", "create", "--workspace", workspace["id"], *options, data=no_folder).stdout)["key"]
    )
