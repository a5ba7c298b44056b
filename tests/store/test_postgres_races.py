"""Two servers on one PostgreSQL database that write, decide or start at the same moment."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import pytest

from leadlight.leads.change import LeadPatch
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.migrate import load_migrations
from leadlight.workspaces.service import KeySpec
from tests.conftest import Client, LetStop, MovableClock, Server, all_of
from tests.e2e.processes import ServerProcess, ask, wait_until
from tests.postgres_locks import held_feeds
from tests.postgres_server import PostgresServer

T = TypeVar("T")

pytestmark = pytest.mark.engine("postgres")

LEAD = {"name": "Ada", "email": "ada@example.com"}


class Pair:
    """Two servers on one database, and one key."""

    def __init__(self, servers: tuple[Server, Server], run: Callable[[str], list[Any]]) -> None:
        self.servers = servers
        self.run = run
        self._url = str(servers[0].settings.database_url)
        self.first = servers[0].client(servers[0].workspace(), Scope.ADMIN)
        self.second = self._client(servers[1])

    def caller(self) -> Principal:
        return Principal(Actor.of(self.first.key_id), self.first.workspace_id, frozenset(Scope), None, None)

    def ask_at_once(self, requests: Sequence[Callable[[Client], T]]) -> list[T]:
        """Each on a connection of its own, by turns to the one and to the other; both begin before either can write."""
        clients = [self._client(server) for server, _ in zip(itertools.cycle(self.servers), requests, strict=False)]
        with ThreadPoolExecutor(len(requests)) as executor:
            with held_feeds(self._url):
                asked = [executor.submit(request, client) for request, client in zip(requests, clients, strict=True)]
                wait_until(lambda: self.run(_WAITING) == [(2,)])
            return [future.result() for future in asked]

    def _client(self, server: Server) -> Client:
        return Client(server.url, self.first.key, self.first.workspace_id, self.first.key_id)


_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'leadlight' AND datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def pair(store: dict[str, Any], clock: MovableClock, postgres: PostgresServer, let_stop: LetStop) -> Iterator[Pair]:
    servers = (Server(store, clock), Server(store, clock))
    yield Pair(servers, partial(postgres.run, database=urlsplit(store["database_url"]).path[1:]))
    let_stop(servers)


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    together = threading.Barrier(len(calls))

    def start(call: Callable[[], T]) -> T:
        together.wait(20)
        return call()

    with ThreadPoolExecutor(len(calls)) as executor:
        return list(executor.map(start, calls))


def test_many_updates_of_one_lead_lose_nothing(pair: Pair) -> None:
    lead_id = pair.first.create()["id"]

    def update(server: Server, letter: str) -> None:
        patches = [LeadPatch(metadata=msgspec.Raw(f'{{"{letter}{number}":1}}'.encode())) for number in range(200)]
        server.do(all_of(server.services.leads.update_lead(pair.caller(), lead_id, patch) for patch in patches))

    at_once([partial(update, server, letter) for server, letter in zip(pair.servers, "ab", strict=True)])

    lead = pair.second.get(f"/api/v1/leads/{lead_id}")
    events = pair.second.get(f"/api/v1/leads/{lead_id}/events?limit=1000").json()["data"]["events"]
    assert lead.json()["data"]["metadata"] == {f"{letter}{number}": 1 for letter in "ab" for number in range(200)}
    assert lead.headers["ETag"].endswith('-401"')
    assert len(events) == 401


def test_of_many_updates_of_one_version_one_wins(pair: Pair) -> None:
    path = f"/api/v1/leads/{pair.first.create()['id']}"
    condition = {"If-Match": pair.first.get(path).headers["ETag"]}

    responses = pair.ask_at_once(
        [lambda api, number=number: api.patch(path, {"phone": str(number)}, headers=condition) for number in range(20)]
    )

    statuses = [response.status_code for response in responses]
    assert sorted(statuses) == [200] + [412] * 19
    assert pair.first.get(path).json()["data"]["phone"] == str(statuses.index(200))


def test_a_request_sent_many_times_makes_one_lead(pair: Pair) -> None:
    headers = {"Idempotency-Key": "a-key-of-the-client"}

    responses = pair.ask_at_once([lambda api: api.post("/api/v1/leads", LEAD, headers=headers)] * 20)

    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["data"]["id"] for response in responses}) == 1
    assert [response.headers.get("Idempotency-Replayed") for response in responses].count("true") == 19
    assert pair.second.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 1


def test_of_many_duplicates_one_is_taken(pair: Pair) -> None:
    responses = pair.ask_at_once([lambda api: api.post("/api/v1/leads?onDuplicate=reject", LEAD)] * 20)

    assert sorted(response.status_code for response in responses) == [201] + [409] * 19
    assert pair.second.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 1


def test_of_many_that_are_to_be_merged_one_is_made(pair: Pair) -> None:
    leads = [{**LEAD, "metadata": {str(number): 1}} for number in range(20)]

    responses = pair.ask_at_once(
        [lambda api, lead=lead: api.post("/api/v1/leads?onDuplicate=update", lead) for lead in leads]
    )

    assert sorted(response.status_code for response in responses) == [200] * 19 + [201]
    [lead] = pair.second.get("/api/v1/leads").json()["data"]["leads"]
    assert lead["metadata"] == {str(number): 1 for number in range(20)}


def test_of_many_deletions_of_one_lead_one_finds_it(pair: Pair) -> None:
    path = f"/api/v1/leads/{pair.first.create()['id']}"

    responses = pair.ask_at_once([lambda api: api.delete(path)] * 20)

    assert sorted(response.status_code for response in responses) == [200] + [404] * 19
    events = pair.second.get("/api/v1/events").json()["data"]["events"]
    assert [event["type"] for event in events] == ["lead.deleted"]


def test_workspaces_made_at_the_same_time_are_all_made(pair: Pair) -> None:
    for _ in range(10):
        at_once([server.workspace for server in pair.servers])

    assert pair.run("SELECT count(*), count(DISTINCT number), max(number) FROM workspaces") == [(21, 21, 21)]
    assert pair.run("SELECT count(*) FROM feeds") == [(21,)]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], ServerProcess]]:
    """Starts processes on the database at a URL; several may be started at once."""
    started: list[ServerProcess] = []
    numbers = itertools.count()

    def start(url: str) -> ServerProcess:
        options = ("--database-url", url, "--rate-limit", "0")
        server = ServerProcess(tmp_path / "data", tmp_path / f"log-{next(numbers)}", *options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()


def test_of_many_that_make_the_first_workspace_one_does(start_server: Callable[..., Server]) -> None:
    spec = KeySpec("first", (Scope.ADMIN,))

    async def make(server: Server) -> list[Any]:
        return await all_of(server.services.workspaces.create_first("Default", spec) for _ in range(20))

    for _ in range(5):
        server = start_server()
        assert len([made for made in server.do(make(server)) if made]) == 1


def test_servers_that_start_at_the_same_time_set_up_one_store(
    postgres: PostgresServer, serve: Callable[[str], ServerProcess]
) -> None:
    url = postgres.create_database()

    servers = at_once([partial(serve, url)] * 2)

    keys = [server.key for server in servers if server.key]
    run = partial(postgres.run, database=urlsplit(url).path[1:])
    assert len(keys) == 1
    assert [ask_once(server, keys[0]) for server in servers] == [200, 200]
    assert [server.stop() for server in servers] == [0, 0]
    assert run("SELECT count(*) FROM workspaces") == [(1,)]
    assert [tuple(row) for row in run("SELECT number, name FROM schema_migrations ORDER BY number")] == [
        (migration.number, migration.name) for migration in load_migrations("postgres")
    ]


def ask_once(server: ServerProcess, key: str) -> int:
    connection = server.connect()
    status, _ = ask(connection, "GET", "/api/v1/workspace", key=key)
    connection.close()
    return status
