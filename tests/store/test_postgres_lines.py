"""Writes of one workspace stand in line on PostgreSQL, and share commits; each has its own outcome."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from leadlight.errors import Conflict, StoreUnavailable
from leadlight.store import postgres_lines
from leadlight.store.database import Database, Transaction
from leadlight.store.opening import open_database

pytestmark = pytest.mark.engine("postgres")


async def note(tx: Transaction, text: str) -> str:
    await tx.execute("INSERT INTO scraps (text) VALUES (:text)", text=text)
    return text


async def refuse(tx: Transaction, text: str) -> None:
    await tx.row("SELECT 1")
    raise Conflict(text)


async def note_and_refuse(tx: Transaction, text: str) -> None:
    await note(tx, text)
    raise Conflict(text)


async def note_and_fail(tx: Transaction, text: str) -> None:
    await tx.later("INSERT INTO scraps (text) VALUES (:text)", text=text)
    raise ValueError(text)


async def break_a_rule(tx: Transaction, text: str) -> None:
    await tx.later("INSERT INTO scraps (text) VALUES (:text)", text=text)
    await tx.later("INSERT INTO heartbeats (id, checked_at) VALUES (1, NULL)")


async def sleep(tx: Transaction) -> None:
    await tx.row("SELECT 1 FROM pg_sleep(1)")


async def notes(tx: Transaction) -> list[str]:
    return [str(text) for [text] in await tx.rows("SELECT text FROM scraps ORDER BY number")]


@pytest.fixture
async def database(new_store: Callable[[], dict[str, Any]]) -> AsyncIterator[Database]:
    store = await asyncio.to_thread(new_store)
    database = await open_database(Path(), store["database_url"], connections=3)

    async def make(tx: Transaction) -> None:
        await tx.execute("CREATE TABLE scraps (number BIGINT GENERATED ALWAYS AS IDENTITY, text TEXT NOT NULL)")

    await database.write(make)
    yield database
    await database.close()


async def test_those_that_wait_share_a_commit_and_keep_their_order(database: Database) -> None:
    before = await database.statistics()

    texts = await asyncio.gather(*(database.write(note, f"{number:02}", turn="ws_a") for number in range(40)))

    after = await database.statistics()
    assert texts == await database.read(notes) == [f"{number:02}" for number in range(40)]
    assert after.committed_units - before.committed_units == 40
    assert after.committed_batches - before.committed_batches == 2  # the first alone, then all that had come


async def test_one_that_refuses_before_it_writes_costs_the_others_nothing(database: Database) -> None:
    before = (await database.statistics()).committed_batches

    first, refused, second, third = await asyncio.gather(
        *(database.write(unit, "x", turn="ws_a") for unit in (note, refuse, note, note)), return_exceptions=True
    )

    assert [first, second, third] == ["x"] * 3
    assert isinstance(refused, Conflict)
    assert (await database.statistics()).committed_batches - before == 2


@pytest.mark.parametrize("bad", [note_and_refuse, note_and_fail, break_a_rule])
async def test_one_that_fails_after_it_wrote_is_undone_alone(database: Database, bad: Any) -> None:
    outcomes = await asyncio.gather(
        database.write(note, "first", turn="ws_a"),
        database.write(note, "before", turn="ws_a"),
        database.write(bad, "bad", turn="ws_a"),
        database.write(note, "behind", turn="ws_a"),
        return_exceptions=True,
    )

    assert await database.read(notes) == ["first", "before", "behind"]
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, False, True, False]


async def test_a_busy_workspace_holds_one_connection_and_delays_no_other(database: Database) -> None:
    busy = [asyncio.create_task(database.write(sleep, turn="ws_a")) for _ in range(3)]
    await asyncio.sleep(0.05)

    async with asyncio.timeout(0.9):
        assert await database.write(note, "quick", turn="ws_b") == "quick"
        assert await database.read(notes) == ["quick"]

    await asyncio.gather(*busy)


async def test_a_line_that_is_too_long_takes_no_more(database: Database) -> None:
    room = postgres_lines.MAX_WAITING
    waiting = [asyncio.create_task(database.write(note, "x", turn="ws_a")) for _ in range(room + 1)]
    await asyncio.sleep(0)

    with pytest.raises(StoreUnavailable, match="too busy"):
        await database.write(note, "one more", turn="ws_a")

    await asyncio.gather(*waiting)
    assert len(await database.read(notes)) == room + 1


async def test_closing_finishes_what_waits(database: Database) -> None:
    waiting = [asyncio.create_task(database.write(note, "x", turn="ws_a")) for _ in range(5)]
    await asyncio.sleep(0)

    await database.close()

    assert await asyncio.gather(*waiting) == ["x"] * 5
