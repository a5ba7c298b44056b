"""The engine for many processes, on a real server: round trips, the pool, connections that are lost, transactions."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest

from leadlight.app import Services
from leadlight.errors import StoreUnavailable
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import LeadStatus
from leadlight.leads.listing import LeadSort
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.database import Database, Transaction
from leadlight.store.opening import open_database
from leadlight.store.postgres import PostgresDatabase
from leadlight.store.postgres_pool import Pool
from tests.conftest import Client, LetStop, MovableClock, Server
from tests.postgres_server import PostgresServer
from tests.postgres_wire import Moment, Wire

pytestmark = pytest.mark.engine("postgres")

LEAD = {"name": "Ada", "email": "ada@example.com"}

_TABLE = re.compile(r"(?:FROM|INTO|UPDATE(?! SET)) ([a-z_]+)")
_COMPARED = {
    "leads": "name, status, source, metadata, number, version",
    "events": "position, type, changes",
    "lead_counts": "status, source, leads",
}
_OF_NOTICES = re.compile("pg_notify|LISTEN|pg_backend_pid")  # on a connection of their own; no request waits for them
_OURS = "pg_stat_activity WHERE application_name = 'leadlight' AND datname = current_database()"


async def insert(tx: Transaction, text: str) -> str:
    await tx.execute("INSERT INTO scraps (text) VALUES (:text)", text=text)
    return text


async def insert_slowly(tx: Transaction, text: str) -> str:
    await tx.row("SELECT pg_sleep(0.02)")
    return await insert(tx, text)


async def notes(tx: Transaction) -> list[str]:
    return [str(text) for (text,) in await tx.rows("SELECT text FROM scraps ORDER BY text")]


async def backend(tx: Transaction) -> int:
    """The server's process for this connection, known after a moment."""
    [[pid]] = await tx.rows("SELECT pg_backend_pid() FROM pg_sleep(0.05)")
    return int(str(pid))


Run = Callable[[str], list[Any]]
OpenDatabase = Callable[..., PostgresDatabase]


@pytest.fixture
def url(store: dict[str, Any]) -> str:
    return str(store["database_url"])


@pytest.fixture
def run(postgres: PostgresServer, url: str) -> Run:
    """Runs a statement on the test's database, on a connection that is not ours, while everything here stands still."""

    def in_a_thread(sql: str) -> list[Any]:
        with ThreadPoolExecutor() as executor:
            return executor.submit(postgres.run, sql, urlsplit(url).path[1:]).result()

    return in_a_thread


@pytest.fixture
async def open_(url: str, run: Run) -> AsyncIterator[OpenDatabase]:
    """Opens the store, which has a table for scraps."""
    run("CREATE TABLE scraps (text TEXT)")
    opened: list[PostgresDatabase] = []

    def open_(*, connections: int = 4, combines: bool = True, over: str = url) -> PostgresDatabase:
        opened.append(PostgresDatabase(over, connections=connections, combines=combines))
        return opened[-1]

    yield open_
    for database in opened:
        await database.close()


@pytest.fixture
def start_on(clock: MovableClock, let_stop: LetStop) -> Iterator[Callable[..., Server]]:
    """Starts a server on the database at a URL."""
    running: list[Server] = []

    def start(url: str, **settings: Any) -> Server:
        running.append(Server({"data": Path(), "database_url": url}, clock, **settings))
        return running[-1]

    yield start
    let_stop(running)


@pytest.fixture
def wire(url: str) -> Iterator[Wire]:
    wire = Wire(url)
    yield wire
    wire.close()


# Round trips


@pytest.fixture
def api_over_wire(start_on: Callable[..., Server], wire: Wire) -> Client:
    server = start_on(wire.url, background=False)
    return server.client(server.workspace())


def warmed(wire: Wire, request: Callable[[], object]) -> list[str]:
    """The round trips of a request whose statements the connection knows."""
    for _ in range(2):
        wire.round_trips.clear()
        request()
    return [trip for trip in wire.round_trips if not _OF_NOTICES.search(trip)]


def tables(round_trips: Sequence[str]) -> list[str]:
    """What each is about: what it begins with, and the tables that it reads or writes."""
    return [" ".join([trip.split(maxsplit=1)[0].strip(";"), *_TABLE.findall(trip)]) for trip in round_trips]


def test_a_look_up_is_one_round_trip(api_over_wire: Client, wire: Wire) -> None:
    lead = api_over_wire.create()

    trips = warmed(wire, lambda: api_over_wire.get(f"/api/v1/leads/{lead['id']}"))

    assert tables(trips) == ["SELECT leads"]


def test_a_look_up_with_a_key_not_seen_lately_is_two(api_over_wire: Client, wire: Wire, clock: MovableClock) -> None:
    lead = api_over_wire.create()

    def look_up() -> None:
        clock.advance(seconds=1)
        api_over_wire.get(f"/api/v1/leads/{lead['id']}")

    assert tables(warmed(wire, look_up)) == ["SELECT api_keys", "SELECT leads"]


def test_a_creation_is_four_round_trips(api_over_wire: Client, wire: Wire) -> None:
    trips = warmed(wire, api_over_wire.create)

    assert tables(trips) == ["BEGIN", "UPDATE feeds", "WITH events leads lead_counts lead_days", "COMMIT"]


def test_an_update_and_a_deletion_lock_and_look_first(api_over_wire: Client, wire: Wire) -> None:
    ids = [api_over_wire.create()["id"] for _ in range(2)]
    phones, doomed = iter("12"), iter(ids)

    updating = tables(warmed(wire, lambda: api_over_wire.patch(f"/api/v1/leads/{ids[0]}", {"phone": next(phones)})))
    deleting = tables(warmed(wire, lambda: api_over_wire.delete(f"/api/v1/leads/{next(doomed)}")))

    assert updating == ["BEGIN", "SELECT feeds", "SELECT leads", "UPDATE feeds", "WITH events leads", "COMMIT"]
    assert deleting == [
        "BEGIN",
        "SELECT feeds",
        "SELECT leads",
        "WITH merged_leads into_it into_it",
        "SELECT webhooks",
        "WITH delivery_attempts deliveries deliveries deliveries",
        "SELECT operation_leads",
        "WITH operation_leads submissions notes merged_leads idempotency_keys events",
        "UPDATE feeds",
        "WITH events leads lead_counts lead_counts lead_identities lead_days lead_days",
        "COMMIT",
    ]


# The pool


async def test_more_units_than_connections_wait_in_line_and_are_all_answered(open_: OpenDatabase, run: Run) -> None:
    database = open_(connections=6)

    results = await asyncio.gather(
        *(database.write(insert_slowly, f"{number:02}") for number in range(40)),
        *(database.read(notes) for _ in range(40)),
        *(database.scan(notes) for _ in range(40)),
    )

    assert results[:2] == ["00", "01"]
    assert len(await database.read(notes)) == 40
    assert run(f"SELECT count(*) FROM {_OURS}") == [(6,)]


async def test_who_waits_longest_is_served_first(open_: OpenDatabase) -> None:
    database = open_(connections=2)
    served: list[int] = []

    async def serve(tx: Transaction, number: int) -> None:
        await tx.row("SELECT 1")
        served.append(number)

    await asyncio.gather(*(database.read(serve, number) for number in range(50)))

    assert served == list(range(50))


async def test_a_line_that_is_too_long_is_refused_at_once(url: str) -> None:
    pool = Pool(url, 1, max_waiting=2)
    connection = await pool.acquire()
    waiting = [asyncio.ensure_future(pool.acquire()) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(StoreUnavailable, match="too busy to take this request; try again in a moment"):
        await pool.acquire()

    pool.release(connection)
    assert await waiting[0] is connection
    pool.release(connection)
    assert await waiting[1] is connection
    pool.release(connection)
    await pool.close()


@pytest.mark.slow
async def test_who_waits_too_long_is_refused_and_leaves_the_line(open_: OpenDatabase) -> None:
    database = open_(connections=2)

    async def sleep(tx: Transaction) -> None:
        await tx.row("SELECT pg_sleep(14)")

    began = asyncio.get_running_loop().time()
    sleeping = asyncio.ensure_future(database.read(sleep))
    await asyncio.sleep(0)
    results = await asyncio.gather(*(database.read(notes) for _ in range(20)), return_exceptions=True)
    waited = asyncio.get_running_loop().time() - began

    assert {str(result) for result in results} == {"The store is too busy to take this request; try again in a moment"}
    assert 9 < waited < 13
    await sleeping
    assert await database.read(notes) == []


# Connections that are lost


async def terminate(run: Run, which: str) -> None:
    """Ends the connections of ours that a condition holds for, once there are any."""
    for _ in range(1000):
        if run(f"SELECT pg_terminate_backend(pid, 5000) FROM {_OURS} AND {which}"):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("there was none")


@pytest.mark.parametrize("noticed", [True, False])
async def test_connections_closed_while_idle_are_replaced_and_nobody_notices(
    open_: OpenDatabase, run: Run, noticed: bool
) -> None:
    database = open_(connections=18)
    before = await asyncio.gather(
        *(database.read(backend) for _ in range(10)), *(database.scan(backend) for _ in range(5))
    )
    await terminate(run, "state = 'idle'")
    await asyncio.sleep(0.1 if noticed else 0)

    first = await database.write(insert, "first")
    others = await asyncio.gather(
        *(database.write(insert_slowly, f"note {number}") for number in range(12)),
        *(database.scan(notes) for _ in range(12)),
    )

    assert first == "first"
    assert others[0] == "note 0"
    assert len(await database.read(notes)) == 13
    assert len(set(before)) == 15
    assert not set(before) & set(await asyncio.gather(*(database.read(backend) for _ in range(10))))


async def test_connections_whose_end_was_announced_are_not_used_again(open_: OpenDatabase, wire: Wire) -> None:
    database = open_(connections=15, over=wire.url)
    await asyncio.gather(*(database.read(backend) for _ in range(10)))
    wire.announce_shutdown()
    await asyncio.sleep(0.1)

    first = await database.read(notes)
    others = await asyncio.gather(*(database.write(insert_slowly, f"note {number}") for number in range(10)))

    assert first == []
    assert len(others) == len(await database.read(notes)) == 10


async def test_a_unit_whose_connection_is_lost_is_run_again_and_done_once(open_: OpenDatabase, run: Run) -> None:
    database = open_()
    tries = []

    async def insert_and_sleep(tx: Transaction) -> None:
        tries.append(await insert(tx, "once"))
        await tx.row(f"SELECT pg_sleep({30 if len(tries) == 1 else 0})")

    writing = asyncio.ensure_future(database.write(insert_and_sleep))
    await terminate(run, "wait_event = 'PgSleep'")
    await writing

    assert len(tries) == 2
    assert await database.read(notes) == ["once"]


async def test_the_units_of_a_turn_are_each_done_once_when_their_connection_is_lost(
    open_: OpenDatabase, run: Run
) -> None:
    database = open_()
    tries = []

    async def insert_and_sleep(tx: Transaction) -> None:
        tries.append(await insert(tx, "slow"))
        await tx.row(f"SELECT pg_sleep({30 if len(tries) == 1 else 0})")

    writing = [
        asyncio.ensure_future(database.write(insert, "one", turn="ws")),
        asyncio.ensure_future(database.write(insert, "two", turn="ws")),
        asyncio.ensure_future(database.write(insert_and_sleep, turn="ws")),
        asyncio.ensure_future(database.write(insert, "three", turn="ws")),
    ]
    await terminate(run, "wait_event = 'PgSleep'")
    await asyncio.gather(*writing)

    assert len(tries) == 2
    assert await database.read(notes) == ["one", "slow", "three", "two"]


async def test_a_connection_killed_at_the_commit_leaves_the_outcome_open_and_is_not_tried_again(
    open_: OpenDatabase, run: Run
) -> None:
    database = open_()
    run("""
        CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END'
    """)
    run("""
        CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON scraps DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.text = 'slow') EXECUTE FUNCTION sleep()
    """)
    tries = []

    async def insert_two(tx: Transaction) -> None:
        tries.append(await insert(tx, "slow"))
        await insert(tx, "other")

    writing = asyncio.ensure_future(database.write(insert_two))
    await terminate(run, "query = 'COMMIT' AND wait_event = 'PgSleep'")
    with pytest.raises(StoreUnavailable, match="went away before it said whether this was stored"):
        await writing

    assert len(tries) == 1
    assert await database.read(notes) == []


@pytest.mark.parametrize(("moment", "stored"), [("before", 0), ("after", 1)])
def test_a_creation_whose_commit_is_lost_is_a_503_and_is_whole_or_not_there(
    start_on: Callable[..., Server], wire: Wire, moment: Moment, stored: int
) -> None:
    server = start_on(wire.url, background=False)  # whose commits would be lost in its place
    api = server.client(server.workspace())
    options = {"json": LEAD, "headers": {"Idempotency-Key": "a-key-of-the-client"}}
    wire.lose_commit = moment

    refused = api.post("/api/v1/leads", **options)
    total = api.get("/api/v1/leads").json()["data"]["pagination"]["total"]
    retried = api.post("/api/v1/leads", **options)
    page = api.get("/api/v1/leads").json()["data"]

    assert (refused.status_code, refused.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert refused.json()["error"] == "The store went away before it said whether this was stored"
    assert int(refused.headers["Retry-After"]) >= 1
    assert total == stored
    assert retried.status_code == 201
    assert [lead["id"] for lead in page["leads"]] == [retried.json()["data"]["id"]]
    assert len(api.get("/api/v1/events").json()["data"]["events"]) == 1
    assert server.do(server.services.leads.check()) == []


# The transaction


async def insert_and_fail(tx: Transaction, text: str) -> None:
    await insert(tx, text)
    raise ValueError(text)


async def put_off_and_fail(tx: Transaction, text: str) -> None:
    await tx.later("INSERT INTO scraps (text) VALUES (:text)", text=text)
    raise ValueError(text)


async def insert_and_divide(tx: Transaction, text: str) -> None:
    await insert(tx, text)
    await tx.row("SELECT 1 / 0")


async def test_a_unit_that_fails_leaves_nothing_and_its_connection_goes_on(open_: OpenDatabase) -> None:
    database = open_(connections=2)
    before = await database.read(backend)

    for unit, error in ((insert_and_fail, ValueError), (put_off_and_fail, ValueError)):
        with pytest.raises(error):
            await database.write(unit, "never")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await database.write(insert_and_divide, "never")

    assert await database.write(insert, "now") == "now"
    assert await database.read(notes) == ["now"]
    assert await database.read(backend) == before


async def test_a_scan_is_one_snapshot(open_: OpenDatabase) -> None:
    database = open_()

    async def look_twice(tx: Transaction) -> tuple[list[str], list[str]]:
        before = await notes(tx)
        await database.write(insert, "meanwhile")
        return before, await notes(tx)

    assert await database.scan(look_twice) == ([], [])
    assert await database.scan(notes) == ["meanwhile"]


async def test_a_scan_changes_nothing(open_: OpenDatabase) -> None:
    database = open_()

    with pytest.raises(StoreUnavailable):
        await database.scan(insert, "never")

    assert await database.scan(notes) == []


async def test_statements_put_off_do_the_same_as_one_and_one_by_one(
    open_: OpenDatabase, wire: Wire, clock: MovableClock
) -> None:
    as_one, one_by_one = open_(over=wire.url), open_(over=wire.url, combines=False)

    told = [await tell_a_story(database, wire, clock) for database in (as_one, one_by_one)]

    (rows, trips), (same_rows, more_trips) = told
    assert rows["leads"] == [("Ada", "lost", "fair", '{"a":1,"b":2}', 1, 3)]
    assert [type_ for (_, type_, _) in rows["events"]] == [
        "lead.created",
        "lead.updated",
        "lead.status_changed",
        "lead.updated",
        "lead.deleted",
    ]
    assert rows["lead_counts"] == [("lost", "fair", 1)]
    assert same_rows == rows
    assert trips == [
        "BEGIN",
        "UPDATE feeds",
        "WITH events leads lead_counts lead_identities match_keys lead_days",
        "COMMIT",
    ]
    assert more_trips == [
        "BEGIN",
        "UPDATE feeds",
        "INSERT events",
        "INSERT leads",
        "INSERT lead_counts",
        "INSERT lead_identities match_keys",
        "INSERT lead_days",
        "COMMIT",
    ]


async def tell_a_story(database: Database, wire: Wire, clock: MovableClock) -> tuple[dict[str, list[Any]], list[str]]:
    """What two leads and their changes leave in a workspace, and the round trips of the first creation."""
    services = Services(database, clock)
    caller = await new_caller(services)
    draft = LeadDraft("Ada", "ada@example.com", metadata=msgspec.Raw(b'{"a":1}'))
    wire.round_trips.clear()
    ada = (await services.leads.create_lead(caller, draft)).lead
    beside = ("PARSE", "SELECT pg_notify")  # nobody who writes waits for others to be told
    trips = tables([trip for trip in wire.round_trips if not trip.startswith(beside)])
    ben = (await services.leads.create_lead(caller, LeadDraft("Ben", "ben@example.com"))).lead
    await services.leads.update_lead(caller, ada.id, LeadPatch(status=LeadStatus.LOST, source="fair"))
    await services.leads.update_lead(caller, ada.id, LeadPatch(metadata=msgspec.Raw(b'{"b":2}')))
    await services.leads.delete_lead(caller, ben.id)

    async def dump(tx: Transaction) -> dict[str, list[Any]]:
        return {
            table: await tx.rows(
                f"SELECT {columns} FROM {table} WHERE workspace_id = :workspace_id ORDER BY 1",
                workspace_id=caller.workspace_id,
            )
            for table, columns in _COMPARED.items()
        }

    return await database.scan(dump), trips


async def new_caller(services: Services) -> Principal:
    workspace = await services.workspaces.create_workspace("Ours")
    return Principal(Actor.of("key_1"), workspace.id, frozenset(Scope), None, None)


def test_every_text_is_compared_by_its_bytes(run: Run) -> None:
    others = run("""
        SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = current_schema()::regnamespace AND relname <> 'schema_migrations'
        AND attnum > 0 AND attcollation NOT IN (0, '"C"'::regcollation)
    """)

    assert others == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/usr/share/i18n/locales/en_US").exists(), reason="the rules of English are not installed")
async def test_text_sorts_by_its_bytes_whatever_the_language_of_the_database(
    database_in_english: str, tmp_path: Path
) -> None:
    in_a_file = await names_in_order(tmp_path / "file")
    on_a_server = await names_in_order(tmp_path, database_in_english)

    assert in_a_file == ["10", "9", "_x", "apple", "zebra", "Zoë", "Éric"]
    assert on_a_server == in_a_file


@pytest.fixture
def database_in_english(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a database that sorts by the rules of English, where it is not told otherwise."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        command = ["localedef", "--no-archive", "-i", "en_US", "-f", "UTF-8", f"{folder}/en_US.UTF-8"]
        subprocess.run(command, capture_output=True, timeout=60, check=True)
        monkeypatch.setenv("LOCPATH", folder)
        server = PostgresServer("fsync = off")
        server.run("CREATE DATABASE english TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'en_US.UTF-8'")
        [[sorted_]] = server.run(
            "SELECT array_agg(t ORDER BY t) FROM unnest(ARRAY['z', 'É', '_x', 'b']) AS t", "english"
        )
        assert sorted_ == ["b", "É", "_x", "z"]
        yield server.url("english")
        server.remove()


async def names_in_order(data: Path, url: str = "") -> list[str]:
    """By name, in pages of two; each is found behind the place where the last one ended."""
    database = await open_database(data, url)
    services = Services(database)
    caller = await new_caller(services)
    for number, name in enumerate(("Zoë", "apple", "Éric", "zebra", "_x", "10", "9")):
        await services.leads.create_lead(caller, LeadDraft(name, f"{number}@example.com"))
    names, place = [], None
    while len(names) < 7:
        page = await services.leads.list_leads(caller, LeadFilter(), sort=LeadSort.NAME, limit=2, behind=place)
        names += [lead.name for lead in page.leads]
        place = page.next_place
    await database.close()
    return names
