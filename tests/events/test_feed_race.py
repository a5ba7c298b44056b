"""The feed while many write to it: who reads on behind the last cursor meets every event once, in its order."""

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from leadlight.principal import Scope
from tests.conftest import Client, LetStop, MovableClock, Server
from tests.e2e.processes import ServerProcess

WRITERS = 16

Event = dict[str, Any]


class Writer:
    """Creates leads, changes and deletes some. `told`: what the feed has to tell of each in the end."""

    def __init__(self, number: int, api: Client) -> None:
        self.told: dict[str, list[str]] = {}
        self._api = api
        self._choose = random.Random(number)
        self._kept: list[str] = []

    def write(self, steps: int) -> None:
        for _ in range(steps):
            action = self._choose.random()
            if action < 0.4 or not self._kept:
                self._create()
            elif action < 0.8:
                self._change(self._choose.choice(self._kept))
            else:
                self._delete(self._kept.pop(self._choose.randrange(len(self._kept))))

    def _create(self) -> None:
        lead_id = self._ask("POST", "/api/v1/leads", {"name": "Ada", "email": "ada@example.com"})["id"]
        self._kept.append(lead_id)
        self.told[lead_id] = ["lead.created"]

    def _change(self, lead_id: str) -> None:
        path = f"/api/v1/leads/{lead_id}"
        status = self._ask("GET", path)["status"]
        self._ask("PATCH", path, {"status": "lost" if status == "new" else "new"})
        self.told[lead_id] += ["lead.updated", "lead.status_changed"]

    def _delete(self, lead_id: str) -> None:
        self._ask("DELETE", f"/api/v1/leads/{lead_id}")
        self.told[lead_id] = ["lead.deleted"]

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        response = self._api.request(method, path, json=body)
        assert response.status_code in (200, 201), response.text
        return dict(response.json()["data"])


class Reader:
    """Reads on in small pages, now at the one server and now at the other."""

    def __init__(self, apis: list[Client], **parameters: str) -> None:
        self.events: list[Event] = []
        self.cursors = ["0"]
        self._apis, self._parameters = itertools.cycle(apis), parameters
        self._choose = random.Random(len(parameters))

    def read_until(self, written: threading.Event) -> None:
        """Reads until there is no more, with all written."""
        while True:
            was_written = written.is_set()
            if not self._read_page() and was_written:
                return

    def _read_page(self) -> list[Event]:
        parameters = {"after": self.cursors[-1], "limit": str(self._choose.randint(1, 7)), **self._parameters}
        response = next(self._apis).get("/api/v1/events", params=parameters)
        assert response.status_code == 200, response.text
        page = response.json()["data"]
        self.events += page["events"]
        self.cursors.append(page["pagination"]["nextCursor"])
        return list(page["events"])


def race(servers: list[Client], *, steps: int) -> None:
    """Many write and some read meanwhile; checks what was read."""
    writers = [Writer(number, client) for number, client in enumerate(fresh(servers, WRITERS))]
    everything, some = Reader(fresh(servers, 2)), Reader(fresh(servers, 2), types="lead.created,lead.deleted")
    written = threading.Event()
    with ThreadPoolExecutor() as executor:
        reading = [executor.submit(reader.read_until, written) for reader in (everything, some)]
        try:
            run_all([(writer.write, steps) for writer in writers])
        finally:
            written.set()
        for future in reading:
            future.result()

    final = Reader(servers)
    final.read_until(written)
    told = {lead_id: types for writer in writers for lead_id, types in writer.told.items()}
    assert types_by_lead(final.events) == told
    check(everything, final.events)
    check(some, [event for event in final.events if event["type"] in ("lead.created", "lead.deleted")])


def check(reader: Reader, final: list[Event]) -> None:
    """A reader has met what is in the feed now, in that order, and else only what deletions took out of it since."""
    ids = [event["id"] for event in reader.events]
    stays = {event["id"] for event in final}
    gone = [event for event in reader.events if event["id"] not in stays]
    deleted = {event["leadId"] for event in final if event["type"] == "lead.deleted"}
    positions = [int(cursor) for cursor in reader.cursors]

    assert len(set(ids)) == len(ids)
    assert [event for event in reader.events if event["id"] in stays] == final
    assert {event["leadId"] for event in gone} <= deleted
    assert "lead.deleted" not in {event["type"] for event in gone}
    assert positions == sorted(positions)
    assert len(reader.events) > WRITERS


def types_by_lead(events: list[Event]) -> dict[str, list[str]]:
    types: dict[str, list[str]] = {}
    for event in events:
        types.setdefault(event["leadId"], []).append(event["type"])
    return types


def fresh(servers: list[Client], count: int) -> list[Client]:
    """Clients with connections of their own, by turns at each server."""
    return [
        Client(one.url, one.key, one.workspace_id, one.key_id)
        for one in itertools.islice(itertools.cycle(servers), count)
    ]


def run_all(calls: list[tuple[Callable[[int], None], int]]) -> None:
    with ThreadPoolExecutor(len(calls)) as executor:
        for future in [executor.submit(call, steps) for call, steps in calls]:
            future.result()


@pytest.fixture
def servers(store: dict[str, Any], clock: MovableClock, let_stop: LetStop) -> Iterator[list[Client]]:
    """One key, at each of two servers on one store."""
    running = [Server(store, clock) for _ in range(2)]
    client = running[0].client(running[0].workspace(), Scope.ADMIN)
    yield [Client(server.url, client.key, client.workspace_id, client.key_id) for server in running]
    let_stop(running)


@pytest.fixture
def processes(store: dict[str, Any], tmp_path: Path) -> Iterator[list[Client]]:
    """One key, at each of two processes on one store."""
    options = ("--rate-limit", "0", "--log-level", "error", "--database-url", store.get("database_url", ""))
    running = [ServerProcess(store["data"], tmp_path / f"log-{number}", *options) for number in range(2)]
    yield [Client(f"http://127.0.0.1:{server.port}", str(running[0].key), "", "") for server in running]
    for server in running:
        server.kill()


def test_a_reader_misses_nothing_and_meets_nothing_twice_while_many_write(servers: list[Client]) -> None:
    race(servers, steps=20)


@pytest.mark.slow
def test_a_reader_misses_nothing_and_meets_nothing_twice_when_processes_write(processes: list[Client]) -> None:
    race(processes, steps=200)
