"""The statements of one unit of work on SQLite: at once, on one connection."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import apsw

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Row, Sums, Table, Value
from leadlight.store.sqlite_file import BROKEN
from leadlight.store.sums import PendingSums


class SqliteTransaction:
    """Statements on one connection; its coroutines never suspend."""

    for_update = ""  # one unit writes at a time
    finds_pieces_sooner = True

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.pending = PendingSums()
        self._cursor = connection.cursor()

    async def rows(self, sql: str, **parameters: Value) -> list[Row]:
        return self._run(sql, parameters)

    async def row(self, sql: str, **parameters: Value) -> Row | None:
        rows = self._run(sql, parameters)
        return rows[0] if rows else None

    async def execute(self, sql: str, **parameters: Value) -> int:
        self._run(sql, parameters)
        return self.connection.changes()

    async def later(self, sql: str, **parameters: Value) -> None:
        self._run(sql, parameters)

    async def each(self, sql: str, rows: Sequence[dict[str, Value]]) -> None:
        self._many(sql, rows)

    async def load(self, table: Table, rows: Sequence[Row]) -> None:
        self._many(_insertion(table), rows)

    def add(self, sums: Sums, key: Row, amounts: tuple[int, ...]) -> None:
        self.pending.add(sums, key, amounts)

    def add_up(self) -> None:
        """Writes what is pending."""
        for sql, rows in self.pending.take():
            self._many(sql, rows)

    def _many(self, sql: str, rows: Sequence[Any]) -> None:
        try:
            self._cursor.executemany(sql, rows)
        except BROKEN as error:
            raise StoreUnavailable from error

    def roll_back(self) -> None:
        """Ends the transaction, unless an error of the disk has ended it already."""
        self.pending.clear()
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def json_text(self, json: str, key: str) -> str:
        # `->>` would rewrite numbers and give 1 for true; `->` gives the JSON text as it was sent.
        path = f"""('$."' || {key} || '"')"""
        return f"CASE json_type({json}, {path}) WHEN 'text' THEN {json} ->> {path} ELSE {json} -> {path} END"

    def contains_text(self, index: str, parameter: str) -> str:
        first = "(SELECT number << 40 FROM workspaces WHERE id = :workspace_id)"
        return (
            f"SELECT rowid & {(1 << 40) - 1} AS number FROM {index} "
            f"""WHERE {index} MATCH '"' || replace(:{parameter}, '"', '""') || '"' """
            f"AND rowid BETWEEN {first} AND {first} + {(1 << 40) - 1}"
        )

    def _run(self, sql: str, parameters: dict[str, Value]) -> list[Row]:
        """All rows of a statement, so that it ends and the cursor is free for the next."""
        try:
            return cast("list[Row]", self._cursor.execute(sql, parameters).fetchall())
        except BROKEN as error:
            raise StoreUnavailable from error


@lru_cache
def _insertion(table: Table) -> str:
    values = ", ".join("?" for _ in table.columns)
    return f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({values})"
