"""Snapshots: several units of work see one state of the store, delay nobody, and leave nothing behind."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Database, Transaction
from leadlight.store.opening import open_database
from leadlight.store.postgres_snapshot import PostgresSnapshot
from leadlight.store.snapshots import MOST_SNAPSHOTS, Snapshots, View
from leadlight.store.sqlite_snapshot import SqliteSnapshot

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n"


async def make_scraps(tx: Transaction) -> None:
    await tx.execute("CREATE TABLE scraps (text TEXT)")


async def insert(tx: Transaction, text: str) -> None:
    await tx.execute("INSERT INTO scraps (text) VALUES (:text)", text=text)


async def notes(tx: Transaction) -> list[str]:
    return [str(text) for [text] in await tx.rows("SELECT text FROM scraps ORDER BY text")]


async def go_on_for_ever(tx: Transaction) -> None:
    await tx.row(ENDLESS)


@pytest.fixture
async def database(store: dict[str, Any]) -> AsyncIterator[Database]:
    database = await open_database(store["data"], store.get("database_url", ""))
    await database.write(make_scraps)
    yield database
    await database.close()


@pytest.fixture
def new_view(store: dict[str, Any], database: Database) -> Callable[[], View]:
    """As the engine gives it."""
    del database  # which has made the table
    if "database_url" in store:
        return lambda: PostgresSnapshot(store["database_url"], command_seconds=15)
    file: Path = store["data"] / "leadlight.db"
    return lambda: SqliteSnapshot(file)


async def open_connections(database: Database) -> int:
    """Those of snapshots: on a server the connections that are in a transaction, beside a file the threads."""

    async def count(tx: Transaction) -> int:
        [[count]] = await tx.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state IN ('active', 'idle in transaction') AND pid <> pg_backend_pid()"
        )
        return int(str(count))

    threads = sum(thread.name.startswith("leadlight-snapshot") for thread in threading.enumerate())
    return threads if type(database).__name__ == "SqliteDatabase" else await database.read(count)


async def assert_nothing_is_left(database: Database) -> None:
    async with asyncio.timeout(5):
        while await open_connections(database):  # noqa: ASYNC110  (nobody tells of it)
            await asyncio.sleep(0.01)


async def test_what_is_written_between_two_scans_is_not_in_it(database: Database) -> None:
    await database.write(insert, "a")

    async with database.snapshot() as snapshot:
        before = await snapshot.scan(notes)
        await database.write(insert, "b")
        after = await snapshot.scan(notes)

    assert (before, after) == (["a"], ["a"])
    async with database.snapshot() as later:
        assert await later.scan(notes) == ["a", "b"]


async def test_a_unit_gets_its_arguments_and_gives_its_result(database: Database) -> None:
    async def add(_: Transaction, one: int, two: int) -> int:
        return one + two

    async with database.snapshot() as snapshot:
        assert await snapshot.scan(add, 1, 2) == 3


async def test_what_a_unit_raises_is_raised_and_the_snapshot_goes_on(database: Database) -> None:
    async def fail(_: Transaction) -> None:
        raise LookupError("no such thing")

    async with database.snapshot() as snapshot:
        with pytest.raises(LookupError, match="no such thing"):
            await snapshot.scan(fail)
        assert await snapshot.scan(notes) == []


async def test_others_read_and_write_while_all_snapshots_are_at_work(database: Database) -> None:
    async with AsyncExitStack() as stack:
        snapshots = [await stack.enter_async_context(database.snapshot()) for _ in range(MOST_SNAPSHOTS)]
        at_work = [asyncio.create_task(snapshot.scan(go_on_for_ever)) for snapshot in snapshots]
        async with asyncio.timeout(5):
            await database.write(insert, "a")
            found = await database.read(notes), await database.scan(notes)
        for scan in at_work:
            scan.cancel()

    assert found == (["a"], ["a"])


async def test_who_comes_when_too_many_are_open_waits_for_the_end_of_one(database: Database) -> None:
    async def read() -> list[str]:
        async with database.snapshot() as snapshot:
            return await snapshot.scan(notes)

    async with AsyncExitStack() as stack:
        for _ in range(MOST_SNAPSHOTS):
            await stack.enter_async_context(database.snapshot())
        waiting = [asyncio.create_task(read()) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)

    assert await asyncio.gather(*waiting) == [[], [], []]


async def test_who_waits_in_vain_is_told_so(new_view: Callable[[], View]) -> None:
    snapshots = Snapshots(new_view, patience_seconds=0.05)
    async with AsyncExitStack() as stack:
        for _ in range(MOST_SNAPSHOTS):
            await stack.enter_async_context(snapshots.open())

        with pytest.raises(StoreUnavailable, match="try again when an export has ended"):
            await stack.enter_async_context(snapshots.open())


async def test_it_is_over_after_a_while(new_view: Callable[[], View]) -> None:
    async with Snapshots(new_view, longest_seconds=0.2).open() as snapshot:
        await snapshot.scan(notes)
        await asyncio.sleep(0.25)

        with pytest.raises(StoreUnavailable, match="longer than an hour"):
            await snapshot.scan(notes)


async def test_it_ends_with_its_context(database: Database) -> None:
    async with database.snapshot() as snapshot:
        await snapshot.scan(notes)
        assert await open_connections(database) == 1

    await assert_nothing_is_left(database)
    with pytest.raises(StoreUnavailable):
        await snapshot.scan(notes)


@pytest.mark.parametrize("after_seconds", [0, 0.001, 0.2])
async def test_a_reader_who_is_cancelled_leaves_nothing_behind(database: Database, after_seconds: float) -> None:
    async def read() -> None:
        async with database.snapshot() as snapshot:
            await snapshot.scan(go_on_for_ever)

    for _ in range(2):
        readers = [asyncio.create_task(read()) for _ in range(2 * MOST_SNAPSHOTS)]
        await asyncio.sleep(after_seconds)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

    await assert_nothing_is_left(database)
    async with AsyncExitStack() as stack, asyncio.timeout(5):
        for _ in range(MOST_SNAPSHOTS):
            await stack.enter_async_context(database.snapshot())


async def test_a_generator_that_nobody_reads_to_its_end_leaves_nothing_behind(database: Database) -> None:
    async def pieces() -> AsyncGenerator[list[str], None]:
        async with database.snapshot() as snapshot:
            while True:
                yield await snapshot.scan(notes)

    closed, dropped = pieces(), pieces()
    await anext(closed)
    await anext(dropped)
    await closed.aclose()
    del dropped

    await assert_nothing_is_left(database)


async def test_the_store_closes_although_snapshots_are_open(store: dict[str, Any]) -> None:
    database = await open_database(store["data"], store.get("database_url", ""))
    async with database.snapshot() as idle, database.snapshot() as busy:
        scan = asyncio.create_task(busy.scan(go_on_for_ever))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            await database.close()

        with pytest.raises(StoreUnavailable):
            await scan
        with pytest.raises(StoreUnavailable):
            await idle.scan(notes)
    with pytest.raises(StoreUnavailable):
        await database.snapshot().__aenter__()


@pytest.mark.engine("postgres")
async def test_a_server_that_goes_away_is_told_of(database: Database) -> None:
    async def end_the_others(tx: Transaction) -> None:
        await tx.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    async with database.snapshot() as snapshot:
        await snapshot.scan(notes)
        await database.read(end_the_others)

        with pytest.raises(StoreUnavailable):
            await snapshot.scan(notes)
    await assert_nothing_is_left(database)
