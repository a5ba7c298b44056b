"""Moves a whole store into another one, whatever the engines: every row as it was, then a proof that it is.

Tables are copied in the order of their keys, so what the target holds says where a copy that broke off goes on.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import cast

import msgspec

from leadlight.clock import system_clock
from leadlight.store.database import Database, Row, StoreRefusal, Table, Transaction

_PAGE = 5_000
_PAGE_CHARACTERS = 8_000_000
_SAMPLE = 50
_NOT_DATA = {"schema_migrations", "heartbeats", "unfinished_copies"}
_MARK = "INSERT INTO unfinished_copies (id, began_at) VALUES (1, :now)"
_UNMARK = "DELETE FROM unfinished_copies"
_MARKED = "SELECT count(*) FROM unfinished_copies"

Advance = Callable[[str, int, int], None]
"""Told the step (a table's name, or `verify` and it), how many of its rows are done, and how many there are."""


class Copied(msgspec.Struct, frozen=True):
    """How many rows a table has, and the sum of their digests, which is the same in whatever order they come."""

    table: str
    rows: int
    checksum: str


async def is_unfinished(database: Database) -> bool:
    """Whether a copy into this store broke off."""
    row = await database.scan(_first_row, _MARKED)
    return bool(row and row[0])


async def copy_store(source: Database, target: Database, advance: Advance) -> list[Copied]:
    """Copies all rows, or those that an earlier copy left, and compares both sides at the end.

    Raises StoreRefusal when the target holds something else, or the two differ in the end.
    """
    tables = [table for table in await source.tables() if table.name not in _NOT_DATA]
    if not await is_unfinished(target):
        for table in tables:
            if await target.scan(_first_row, f"SELECT {table.key[0]} FROM {table.name} LIMIT 1"):
                raise StoreRefusal(f"the store to copy to is not empty ({table.name} has rows): name an empty one")
        await target.write(_mark, system_clock())
    for table in tables:
        await _copy_table(source, target, table, advance)
    await target.settle()
    copied = [await _compare(source, target, table, advance) for table in tables]
    await target.write(_unmark)
    return copied


async def _copy_table(source: Database, target: Database, table: Table, advance: Advance) -> None:
    total = await _count(source, table)
    done = await _count(target, table)
    advance(table.name, done, total)
    last = await target.scan(_first_row, _last_key(table))
    async for rows in _pages(source, table, last):
        await target.write(_load, table, rows)
        done += len(rows)
        advance(table.name, done, total)


async def _compare(source: Database, target: Database, table: Table, advance: Advance) -> Copied:
    ours, theirs = await asyncio.gather(_digest(source, table, advance), _digest(target, table, _silently))
    if ours != theirs:
        raise StoreRefusal(
            f"after the copy, {table.name} has {theirs.rows} rows where the source has {ours.rows}, or other content: "
            "was the source written to meanwhile? Stop its server, and copy into a new empty store"
        )
    return ours


async def _digest(database: Database, table: Table, advance: Advance) -> Copied:
    total, rows, checksum = await _count(database, table), 0, 0
    async for page in _pages(database, table, None):
        rows += len(page)
        checksum += await asyncio.to_thread(_sum, page)
        advance(f"verify {table.name}", rows, total)
    return Copied(table.name, rows, f"{checksum % (1 << 128):032x}")


def _sum(rows: list[Row]) -> int:
    encode = msgspec.msgpack.Encoder().encode
    return sum(int.from_bytes(hashlib.blake2b(encode(tuple(row)), digest_size=16).digest(), "big") for row in rows)


async def _pages(database: Database, table: Table, last: Row | None) -> AsyncIterator[list[Row]]:
    """All rows behind a key, some thousand at a time; the next are read while these are worked on."""
    sample = await database.scan(_page, table, last, _SAMPLE)
    ahead = asyncio.create_task(database.scan(_page, table, last, _fitting(sample)))
    try:
        while rows := await ahead:
            ahead = asyncio.create_task(database.scan(_page, table, _key_of(table, rows[-1]), _fitting(rows)))
            yield rows
    finally:
        ahead.cancel()


def _fitting(rows: list[Row]) -> int:
    """How many rows like these make a page that is not too large in bytes."""
    characters = sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
    return min(_PAGE, max(1, _PAGE_CHARACTERS * len(rows) // max(1, characters)))


def _key_of(table: Table, row: Row) -> Row:
    return tuple(row[table.columns.index(column)] for column in table.key)


def _last_key(table: Table) -> str:
    order = ", ".join(f"{column} DESC" for column in table.key)
    return f"SELECT {', '.join(table.key)} FROM {table.name} ORDER BY {order} LIMIT 1"


def _silently(step: str, done: int, total: int) -> None:
    """Progress is told of one side."""


async def _count(database: Database, table: Table) -> int:
    row = await database.scan(_first_row, f"SELECT count(*) FROM {table.name}")
    return cast("int", row[0]) if row else 0


# Units of work


async def _first_row(tx: Transaction, sql: str) -> Row | None:
    return await tx.row(sql)


async def _page(tx: Transaction, table: Table, last: Row | None, limit: int) -> list[Row]:
    columns, order = ", ".join(table.columns), f"ORDER BY {', '.join(table.key)} LIMIT {limit}"
    if last is None:
        return await tx.rows(f"SELECT {columns} FROM {table.name} {order}")
    # Not `(a, b) > (:a, :b)`: a planner takes that for `a > :a`, which says little where one tenant is most of a table.
    branches = []
    for depth in range(len(table.key) - 1, -1, -1):
        same = "".join(f"{column} = :{column} AND " for column in table.key[:depth])
        where = f"{same}{table.key[depth]} > :{table.key[depth]}"
        branches.append(f"SELECT * FROM (SELECT {columns} FROM {table.name} WHERE {where} {order}) AS part_{depth}")
    behind = dict(zip(table.key, last, strict=True))
    return await tx.rows(f"SELECT * FROM ({' UNION ALL '.join(branches)}) AS parts {order}", **behind)


async def _load(tx: Transaction, table: Table, rows: list[Row]) -> None:
    await tx.load(table, rows)


async def _mark(tx: Transaction, now: int) -> None:
    await tx.execute(_MARK, now=now)


async def _unmark(tx: Transaction) -> None:
    await tx.execute(_UNMARK)
