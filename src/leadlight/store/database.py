"""What every engine gives: transactions, and the three ways of running one.

A unit of work is a plain `async def unit(tx, …)`. Nothing but the transaction may be awaited in
it, and it may run more than once, so it changes nothing but the database.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar, TypeVarTuple

import msgspec

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Value = str | int | float | bytes | None
V = TypeVar("V", str, int)
Row = tuple[Value, ...]


class Table(msgspec.Struct, frozen=True):
    """A table of the schema: its columns, and those of its primary key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def is_of_tenants(self) -> bool:
        return self.key[0] == "workspace_id"


class Sums:
    """A table of numbers that rows are counted by. The first column behind its key says how many: no row has none.

    What is added to a number may be less than nothing.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.numbers = table.columns[len(table.key) :]
        values = ", ".join(f":{name}" for name in table.columns)
        same = " AND ".join(f"{name} = :{name}" for name in table.key)
        first = self.numbers[0]
        added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in self.numbers)
        changed = ", ".join(f"{name} = {name} + :{name}" for name in self.numbers)
        self.add = (
            f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({values}) "
            f"ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {added}"
        )
        self.change = f"UPDATE {table.name} SET {changed} WHERE {same} AND {first} + :{first} > 0"
        self.forget = f"DELETE FROM {table.name} WHERE {same} AND {first} + :{first} = 0"


class Transaction(Protocol):
    """Statements of one unit of work; parameters are written `:name` in the SQL."""

    async def rows(self, sql: str, **parameters: Value) -> list[Row]: ...

    async def row(self, sql: str, **parameters: Value) -> Row | None:
        """The first row, or None."""

    async def execute(self, sql: str, **parameters: Value) -> int:
        """Runs a statement that changes rows and answers how many it changed."""

    async def later(self, sql: str, **parameters: Value) -> None:
        """Runs a statement that changes rows, at the latest before the next one that is waited for.

        Statements that are put off may run as one: none may count on what another of them does.
        """

    async def each(self, sql: str, rows: Sequence[dict[str, Value]]) -> None:
        """Runs a statement that changes rows once for each set of parameters."""

    async def load(self, table: Table, rows: Sequence[Row]) -> None:
        """Inserts rows, one or many at once; few of them may be put off like what `later` runs."""

    def add(self, sums: Sums, key: Row, amounts: tuple[int, ...]) -> None:
        """Adds to the numbers of a row, when the transaction ends; it does not see what is added before.

        What many units add to one row is written once.
        """

    @property
    def for_update(self) -> str:
        """SQL behind a SELECT by key whose row is to stay as it is until the transaction ends."""

    @property
    def finds_pieces_sooner(self) -> bool:
        """Whether `contains_text` finds a piece of a long text much sooner than all of it."""

    def json_text(self, json: str, key: str) -> str:
        """SQL for the text of the value at a key of a JSON text, both given as SQL."""

    def contains_text(self, index: str, parameter: str) -> str:
        """SQL for the numbers of the rows of `:workspace_id` whose indexed text contains a parameter's text.

        For texts of three characters and more.
        """


class StoreRefusal(Exception):
    """What a store can't do or won't do: the text says why, and what to do."""


def first_line(error: BaseException) -> str:
    """What an error says, without the hints that may follow it."""
    return str(error).partition("\n")[0]


def besides(column: str, values: Sequence[V]) -> tuple[str, dict[str, V]]:
    """SQL to go on with where a column must hold none of some values, if there are any; and its parameters."""
    if not values:
        return "", {}
    among, names = one_of(values, name="other")
    return f" AND {column} NOT {among}", names


def one_of(values: Sequence[V], *, name: str = "one") -> tuple[str, dict[str, V]]:
    """SQL for being one of some values, and its parameters; filled up to a power of two: so there are few texts.

    `name`: of the parameters, where a statement has several such.
    """
    size = 1 << (len(values) - 1).bit_length()
    names = {f"{name}_{index}": values[min(index, len(values) - 1)] for index in range(size)}
    return f"IN ({', '.join(':' + each for each in names)})", names


class Statistics(msgspec.Struct, frozen=True):
    """The state of a store, for metrics; the counts are since it was opened."""

    waiting_writes: int
    committed_batches: int
    committed_units: int
    size_bytes: int


Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


class Snapshot(Protocol):
    """One state of a store, for several units of work, one after another; what is written meanwhile is not in it."""

    async def scan(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        """Runs queries; the state is that of the first ones. Raises StoreUnavailable, also once an hour is over."""


class Database(Protocol):
    """A store that is open."""

    def read(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> Awaitable[T]:
        """Runs a query by key, whose cost is flat."""

    async def scan(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        """Runs queries whose cost grows with the data, on one snapshot, where they delay no read."""

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """A snapshot for as long as the context is open, on resources of its own: it delays nobody.

        There are few at once, and who comes later waits a little. Raises StoreUnavailable.
        """

    async def write(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts, turn: str | None = None) -> T:
        """Runs a unit of work; when it answers, its changes are on disk.

        `turn`: the workspace whose feed the unit writes to; its units run one after another, several in one commit.
        Raises StoreUnavailable when they can't be put there; then nothing of it is kept.
        """

    def listen(self, heard: Callable[[str], None]) -> Callable[[], None]:
        """Calls `heard` with a workspace's id after units with that `turn` were committed, here or in another process.

        With "" when what others wrote may have been missed: once when it begins to hear them, and after a gap. Best
        effort: who must not miss a thing looks for itself now and then. `heard` is called on the store's event loop,
        and must not wait. Answers what ends it.
        """

    async def statistics(self) -> Statistics: ...

    async def tables(self) -> list[Table]:
        """The tables of the schema, those that others refer to first."""

    async def settle(self) -> None:
        """Does what a store wants done after many rows were loaded."""

    async def backup(self, destination: str, progress: Progress) -> None:
        """Writes a consistent copy to a new file while others go on. Raises StoreRefusal."""

    async def check(self) -> list[str]:
        """What is wrong inside the store, a sentence each; empty when all is well."""

    async def close(self) -> None:
        """Finishes what is queued, then closes."""
