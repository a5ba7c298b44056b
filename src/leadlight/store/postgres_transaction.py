"""The statements of one unit of work on PostgreSQL: our SQL as asyncpg wants it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from leadlight.store.database import Row, Sums, Table, Value
from leadlight.store.postgres_pool import Connection
from leadlight.store.sums import PendingSums

BEGIN_SCAN = """
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL plan_cache_mode = force_custom_plan;
SET LOCAL jit = off
"""
"""Begins a transaction that reads on one snapshot: that of its first statement."""

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_FEW_ROWS = 500
_PUT_OFF_ROWS = 4


class PostgresTransaction:
    """Statements on one connection."""

    for_update = " FOR UPDATE"
    finds_pieces_sooner = False

    def __init__(self, connection: Connection, *, combines: bool = False) -> None:
        """`combines`: whether statements that are put off are sent as one."""
        self._connection = connection
        self._combines = combines
        self._put_off: list[tuple[str, dict[str, Value]]] = []
        self._pending = PendingSums()
        self.has_written = False
        self.units = 1

    async def rows(self, sql: str, **parameters: Value) -> list[Row]:
        if self._put_off:
            await self.flush()
        return cast("list[Row]", await self._connection.fetch(*self._asked(sql, parameters)))

    async def row(self, sql: str, **parameters: Value) -> Row | None:
        if self._put_off:
            await self.flush()
        return cast("Row | None", await self._connection.fetchrow(*self._asked(sql, parameters)))

    async def execute(self, sql: str, **parameters: Value) -> int:
        if self._put_off:
            await self.flush()
        return await self._execute(sql, parameters)

    async def later(self, sql: str, **parameters: Value) -> None:
        self.has_written = True
        self._put_off.append((sql, parameters))

    async def each(self, sql: str, rows: Sequence[dict[str, Value]]) -> None:
        if self._put_off:
            await self.flush()
        if rows:
            self.has_written = True
            text, names = positional(sql)
            await self._connection.executemany(text, [[row[name] for name in names] for row in rows])

    async def load(self, table: Table, rows: Sequence[Row]) -> None:
        self.has_written = True
        if len(rows) <= _PUT_OFF_ROWS:
            sql = _insertion(table)
            self._put_off += [(sql, dict(zip(table.columns, row, strict=True))) for row in rows]
            return
        if self._put_off:
            await self.flush()
        if len(rows) > _FEW_ROWS:
            await self._connection.copy_records_to_table(table.name, columns=table.columns, records=rows)
        else:  # one round trip; a COPY asks for the columns' types first
            await self._connection.executemany(positional(_insertion(table))[0], rows)

    def add(self, sums: Sums, key: Row, amounts: tuple[int, ...]) -> None:
        self.has_written = True
        self._pending.add(sums, key, amounts)

    async def add_up(self) -> None:
        """Writes what is pending, or has it sent with what was put off."""
        for sql, rows in self._pending.take():
            if len(rows) > _PUT_OFF_ROWS:
                await self.each(sql, rows)
            else:
                self._put_off += [(sql, row) for row in rows]

    async def flush(self) -> None:
        """Sends what was put off: as one statement where that can be, to save round trips."""
        put_off, self._put_off = self._put_off, []
        if self._combines and len(put_off) > 1:
            text, names = combined(tuple(sql for sql, _ in put_off))
            await self._connection.execute(text, *[put_off[index][1][name] for index, name in names])
            return
        for sql, parameters in put_off:
            await self._execute(sql, parameters)

    def json_text(self, json: str, key: str) -> str:
        value = f"CAST({json} AS json) -> CAST({key} AS text)"  # json keeps numbers as they were sent
        text = f"CAST({json} AS json) ->> CAST({key} AS text)"
        return f"CASE json_typeof({value}) WHEN 'string' THEN {text} ELSE CAST({value} AS text) END"

    def contains_text(self, index: str, parameter: str) -> str:
        escaped = rf"replace(replace(replace(:{parameter}, '\', '\\'), '%', '\%'), '_', '\_')"
        return f"SELECT number FROM {index} WHERE workspace_id = :workspace_id AND text LIKE '%' || {escaped} || '%'"

    def _asked(self, sql: str, parameters: dict[str, Value]) -> list[Any]:
        """A statement that answers rows, as asyncpg wants it; it may change some too, by RETURNING."""
        self.has_written |= not sql.lstrip().startswith("SELECT")
        text, names = positional(sql)
        return [text, *[parameters[name] for name in names]]

    async def _execute(self, sql: str, parameters: dict[str, Value]) -> int:
        self.has_written = True
        text, names = positional(sql)
        status = await self._connection.execute(text, *[parameters[name] for name in names])
        count = status.rpartition(" ")[2]  # as in `UPDATE 1`, `INSERT 0 1`; others have no count
        return int(count) if count.isdigit() else 0


@lru_cache
def _insertion(table: Table) -> str:
    values = ", ".join(f":{column}" for column in table.columns)
    return f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({values})"


@lru_cache(maxsize=1024)
def positional(sql: str) -> tuple[str, tuple[str, ...]]:
    """A text with `:name` parameters as one with `$1`, and the names in that order."""
    names: dict[str, int] = {}
    text = _PARAMETER.sub(lambda match: f"${names.setdefault(match[1], len(names) + 1)}", sql)
    return text, tuple(names)


@lru_cache(maxsize=256)
def combined(statements: Sequence[str]) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Statements as one, which sees the rows as they were before it; the parameters by statement and name."""
    names: dict[tuple[int, str], int] = {}
    texts = [
        _PARAMETER.sub(lambda match, at=index: f"${names.setdefault((at, match[1]), len(names) + 1)}", sql)  # type: ignore[misc]
        for index, sql in enumerate(statements)
    ]
    first = ", ".join(f"part_{index} AS ({text})" for index, text in enumerate(texts[:-1]))
    return f"WITH {first} {texts[-1]}", tuple(names)
