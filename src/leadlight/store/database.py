"""What every engine gives: transactions, and the three ways of running one.

A unit of work is a plain `async def unit(tx, …)`. Nothing but the transaction may be awaited in
it, and it may run more than once, so it changes nothing but the database.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, TypeVarTuple

import msgspec

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Value = str | int | float | None
Row = tuple[Value, ...]


class Transaction(Protocol):
    """Statements of one unit of work; parameters are written `:name` in the SQL."""

    async def rows(self, sql: str, **parameters: Value) -> list[Row]: ...

    async def row(self, sql: str, **parameters: Value) -> Row | None:
        """The first row, or None."""

    async def execute(self, sql: str, **parameters: Value) -> int:
        """Runs a statement that changes rows and answers how many it changed."""

    def json_text(self, column: str, parameter: str) -> str:
        """SQL for the text of the value at a key (named by a parameter) of a column of JSON."""

    def contains_text(self, index: str, parameter: str) -> str:
        """SQL for the numbers of the rows of `:workspace_id` whose indexed text contains a parameter's text.

        For texts of three characters and more.
        """


class Statistics(msgspec.Struct, frozen=True):
    """The state of a store, for metrics; the counts are since it was opened."""

    waiting_writes: int
    committed_batches: int
    committed_units: int
    size_bytes: int


Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


class Database(Protocol):
    """A store that is open."""

    def read(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> Awaitable[T]:
        """Runs a query by key, whose cost is flat."""

    async def scan(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        """Runs queries whose cost grows with the data, on one snapshot, where they delay no read."""

    async def write(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        """Runs a unit of work; when it answers, its changes are on disk.

        Raises StoreUnavailable when they can't be put there; then nothing of it is kept.
        """

    def statistics(self) -> Statistics: ...

    async def backup(self, destination: str, progress: Progress) -> None:
        """Writes a consistent copy to a new file while others go on."""

    async def check(self) -> list[str]:
        """What is wrong inside the store, a sentence each; empty when all is well."""

    async def close(self) -> None:
        """Finishes what is queued, then closes."""
