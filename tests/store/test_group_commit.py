"""The writer: batches, failures that stay alone, refusals, and a disk or a lock that is not to be had."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Database, Transaction
from leadlight.store.opening import open_database
from tests.conftest import Client, Server

pytestmark = pytest.mark.engine("sqlite")

HOLD_THE_LOCK = """
import apsw, sys, time
connection = apsw.Connection(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
connection.close()
"""


async def insert(tx: Transaction, text: str) -> str:
    await tx.execute("INSERT INTO scraps (text) VALUES (:text)", text=text)
    return text


async def insert_and_fail(tx: Transaction, text: str) -> None:
    await insert(tx, text)
    raise ValueError(text)


async def refuse(tx: Transaction, text: str) -> None:
    await tx.row("SELECT 1")
    raise ValueError(text)


async def insert_and_sleep(tx: Transaction, text: str) -> None:
    await insert(tx, text)
    await asyncio.sleep(0)


async def notes(tx: Transaction) -> list[str]:
    return [str(text) for (text,) in await tx.rows("SELECT text FROM scraps ORDER BY text")]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(tmp_path)

    async def make_table(tx: Transaction) -> None:
        await tx.execute("CREATE TABLE scraps (text TEXT PRIMARY KEY)")

    await database.write(make_table)
    yield database
    await database.close()


@asynccontextmanager
async def held_writer(database: Database) -> AsyncIterator[None]:
    """Keeps the writer in a unit for a moment, so that what is written meanwhile makes one batch."""
    entered, leave = threading.Event(), threading.Event()

    async def hold(_: Transaction) -> None:
        entered.set()
        leave.wait(20)

    held = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(entered.wait)
    asyncio.get_running_loop().call_later(0.02, leave.set)
    yield
    await held


async def test_a_batch_is_committed_at_once(database: Database) -> None:
    before = await database.statistics()

    async with held_writer(database):
        results = await asyncio.gather(*(database.write(insert, f"note {number:03}") for number in range(100)))

    after = await database.statistics()
    assert results[:2] == ["note 000", "note 001"]
    assert after.committed_units - before.committed_units == 101
    assert after.committed_batches - before.committed_batches == 2
    assert len(await database.read(notes)) == 100


async def test_a_unit_that_fails_after_a_change_is_undone_alone(database: Database) -> None:
    async with held_writer(database):
        results = await asyncio.gather(
            database.write(insert, "one"),
            database.write(insert_and_fail, "two"),
            database.write(insert, "three"),
            return_exceptions=True,
        )

    assert results[0] == "one"
    assert repr(results[1]) == "ValueError('two')"
    assert results[2] == "three"
    assert await database.read(notes) == ["one", "three"]


async def test_several_units_of_a_batch_may_fail(database: Database) -> None:
    async with held_writer(database):
        results = await asyncio.gather(
            *(database.write(insert_and_fail if number % 3 else insert, f"note {number}") for number in range(9)),
            return_exceptions=True,
        )

    assert [isinstance(result, ValueError) for result in results] == [False, True, True] * 3
    assert await database.read(notes) == ["note 0", "note 3", "note 6"]


async def test_a_unit_that_refuses_before_it_changes_anything_costs_the_others_nothing(database: Database) -> None:
    batches = (await database.statistics()).committed_batches

    async with held_writer(database):
        results = await asyncio.gather(
            database.write(insert, "one"), database.write(refuse, "no"), return_exceptions=True
        )

    assert results[0] == "one"
    assert repr(results[1]) == "ValueError('no')"
    assert (await database.statistics()).committed_batches - batches == 2


async def test_a_constraint_that_is_broken_fails_that_unit(database: Database) -> None:
    async with held_writer(database):
        results = await asyncio.gather(
            database.write(insert, "same"),
            database.write(insert, "same"),
            database.write(insert, "other"),
            return_exceptions=True,
        )

    assert results[0] == "same"
    assert isinstance(results[1], Exception)
    assert results[2] == "other"
    assert await database.read(notes) == ["other", "same"]


async def test_a_unit_that_awaits_something_else_fails_loudly(database: Database) -> None:
    async with held_writer(database):
        results = await asyncio.gather(
            database.write(insert_and_sleep, "never"), database.write(insert, "one"), return_exceptions=True
        )

    assert repr(results[0]) == "RuntimeError('A unit of work awaited something other than its transaction')"
    assert results[1] == "one"
    assert await database.read(notes) == ["one"]


async def test_a_caller_that_gives_up_leaves_the_writer_alone(database: Database) -> None:
    async with held_writer(database):
        impatient = asyncio.ensure_future(database.write(insert, "impatient"))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await database.write(insert, "patient") == "patient"

    assert "patient" in await database.read(notes)


async def test_refuses_more_when_too_many_wait(database: Database) -> None:
    async with held_writer(database):
        queued = [asyncio.ensure_future(database.write(insert, f"note {number:05}")) for number in range(12_000)]
        results = await asyncio.gather(*queued, return_exceptions=True)

    refused = [result for result in results if isinstance(result, StoreUnavailable)]
    assert len(refused) == 2_000
    assert str(refused[0]) == "The store is too busy to take this write; try again in a moment"
    assert len(await database.read(notes)) == 10_000


async def test_closing_finishes_what_is_queued(tmp_path: Path, database: Database) -> None:
    async with held_writer(database):
        queued = [asyncio.ensure_future(database.write(insert, f"note {number:03}")) for number in range(100)]
        await asyncio.sleep(0)
        await database.close()

    assert len(await asyncio.gather(*queued)) == 100
    reopened = await open_database(tmp_path)
    assert len(await reopened.read(notes)) == 100
    await reopened.close()


async def test_a_closed_store_takes_no_writes(database: Database) -> None:
    await database.close()

    with pytest.raises(StoreUnavailable):
        await database.write(insert, "late")


async def test_a_full_disk_refuses_the_batch_and_recovers(database: Database) -> None:
    await database.write(insert, "before")
    await database.write(_limit_pages, 1)

    with pytest.raises(StoreUnavailable):
        await database.write(insert, "too much " * 10_000)
    assert await database.read(notes) == ["before"]
    await database.write(_limit_pages, 1 << 30)

    assert await database.write(insert, "room again") == "room again"
    assert await database.read(notes) == ["before", "room again"]


async def test_waits_for_another_process_that_writes(database: Database, tmp_path: Path) -> None:
    with held_lock(tmp_path) as release:
        asyncio.get_running_loop().call_later(0.5, release)

        assert await database.write(insert, "after the wait") == "after the wait"


@pytest.mark.slow
async def test_gives_up_on_another_process_that_holds_the_lock_and_recovers(database: Database, tmp_path: Path) -> None:
    with held_lock(tmp_path) as release:
        with pytest.raises(StoreUnavailable):
            await database.write(insert, "in vain")
        assert await database.read(notes) == []
        release()

    assert await database.write(insert, "now") == "now"
    assert await database.read(notes) == ["now"]


def test_a_full_disk_answers_503_to_writes_and_goes_on_reading(server: Server, api: Client) -> None:
    lead = api.create()
    server.do(server.database.write(_limit_pages, 1))

    refused = api.post("/api/v1/leads", {"name": "Ben", "email": "ben@example.com", "metadata": {"pad": "x" * 60_000}})
    read = api.get(f"/api/v1/leads/{lead['id']}")
    listed = api.get("/api/v1/leads").json()["data"]
    server.do(server.database.write(_limit_pages, 1 << 30))
    taken = api.post("/api/v1/leads", {"name": "Ben", "email": "ben@example.com"})

    assert refused.status_code == 503
    assert refused.json()["code"] == "SERVICE_UNAVAILABLE"
    assert refused.json()["requestId"] == refused.headers["X-Request-Id"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert (read.status_code, read.json()["data"]["id"]) == (200, lead["id"])
    assert [item["id"] for item in listed["leads"]] == [lead["id"]]
    assert taken.status_code == 201
    assert [event["type"] for event in api.get("/api/v1/events").json()["data"]["events"]] == ["lead.created"] * 2


async def _limit_pages(tx: Transaction, pages: int) -> None:
    """A disk that is full for real: the file may not grow beyond this (SQLite answers SQLITE_FULL)."""
    await tx.row(f"PRAGMA max_page_count = {pages}")


@contextmanager
def held_lock(folder: Path) -> Iterator[Callable[[], None]]:
    """Another process that holds the write lock until it is told to let go."""
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(folder / "leadlight.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        standard_input = process.stdin

        def release() -> None:
            standard_input.write("\n")
            standard_input.flush()

        yield release
