"""The engine for many processes: PostgreSQL, through asyncpg. All that is peculiar to it stands in this folder."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from random import random
from typing import Any, TypeVar, TypeVarTuple, cast

import asyncpg

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Progress, Row, Snapshot, Statistics, StoreRefusal, Table, Transaction
from leadlight.store.postgres_lines import Lines
from leadlight.store.postgres_notices import Notices
from leadlight.store.postgres_pool import AWAY, COMMAND_SECONDS, LOST, Connection, Pool
from leadlight.store.postgres_schema import faults_of_server, list_tables
from leadlight.store.postgres_snapshot import PostgresSnapshot
from leadlight.store.postgres_transaction import BEGIN_SCAN, PostgresTransaction
from leadlight.store.snapshots import Snapshots

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_BEGIN = "BEGIN; SET LOCAL lock_timeout = '10s'"
_TRIES = 8
_AGAIN = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.UniqueViolationError,  # another unit was quicker; the next try sees what it wrote
    asyncpg.InvalidCachedStatementError,  # a migration ran
)


class PostgresDatabase:
    """A store on a server; its schema has been looked at before. It belongs to the running event loop."""

    def __init__(self, url: str, *, connections: int, combines: bool, command_seconds: float = COMMAND_SECONDS) -> None:
        for_scans = max(1, connections // 3)  # of their own, so that no list ever takes a look-up's
        self._pool = Pool(url, connections - for_scans, command_seconds=command_seconds)
        self._scans = Pool(url, for_scans, command_seconds=4 * command_seconds)
        self._snapshots = Snapshots(lambda: PostgresSnapshot(url, command_seconds=4 * command_seconds))
        self._combines = combines
        self._batches = self._units = 0
        self._lines = Lines(self._write_in_turn)
        self._notices = Notices(url)

    async def read(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        return cast("T", await self._try(self._pool, _read, unit, args))

    async def scan(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        return cast("T", await self._try(self._scans, _scan, unit, args))

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        return self._snapshots.open()

    async def write(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts, turn: str | None = None) -> T:
        if turn is None:
            return cast("T", await self._try(self._pool, self._write, unit, args))
        return cast("T", await self._lines.write(turn, unit, args))

    def listen(self, heard: Callable[[str], None]) -> Callable[[], None]:
        return self._notices.listen(heard)

    async def statistics(self) -> Statistics:
        async def size(tx: Transaction) -> Row | None:
            return await tx.row("SELECT pg_database_size(current_database())")

        row = await self.read(size)
        return Statistics(
            waiting_writes=self._lines.waiting,
            committed_batches=self._batches,
            committed_units=self._units,
            size_bytes=cast("int", row[0]) if row else 0,
        )

    async def tables(self) -> list[Table]:
        return await self.scan(list_tables)

    async def settle(self) -> None:
        """Gathers the statistics that plans are made of; until then a large table is taken for a small one."""

        async def analyze(tx: Transaction) -> None:
            await tx.execute("ANALYZE")

        await self.write(analyze)

    async def backup(self, destination: str, progress: Progress) -> None:
        del destination, progress  # they are of the engine whose store is a file
        raise StoreRefusal("a database server is backed up with its own tools: pg_dump --format=custom, or pgBackRest")

    async def check(self) -> list[str]:
        return await self.scan(faults_of_server)

    async def close(self) -> None:
        await self._snapshots.close()
        await self._lines.close()
        await self._notices.close()
        await self._pool.close()
        await self._scans.close()

    async def _try(
        self, pool: Pool, session: Callable[..., Awaitable[T]], unit: Callable[..., Awaitable[T]], args: Any
    ) -> T:
        """Runs a unit, again where another one was quicker or the connection was lost before the commit."""
        for left in range(_TRIES - 1, -1, -1):
            connection = await pool.acquire()
            try:
                return await session(connection, unit, args)
            except TimeoutError as error:  # what was too slow once would only be so again
                connection.terminate()
                raise StoreUnavailable from error
            except (*LOST, *_AGAIN) as error:
                again = isinstance(error, _AGAIN)
                if not again:  # the next try is to get none that met the same fate and does not know it yet
                    connection.terminate()
                    pool.terminate_idle()
                if not left:
                    raise StoreUnavailable from error
            except AWAY as error:
                raise StoreUnavailable from error
            finally:
                pool.release(connection)
            if again:
                await asyncio.sleep(random() * 0.02 * (_TRIES - left))  # noqa: S311  (spreads what collided)
        raise AssertionError("unreachable")

    def _write_in_turn(self, turn: str, unit: Callable[..., Awaitable[T]], args: Any) -> Awaitable[T]:
        return self._try(self._pool, functools.partial(self._write, turn=turn), unit, args)

    async def _write(
        self, connection: Connection, unit: Callable[..., Awaitable[T]], args: Any, turn: str | None = None
    ) -> T:
        tx = PostgresTransaction(connection, combines=self._combines)
        try:
            await connection.execute(_BEGIN)
            result = await unit(tx, *args)
            await tx.add_up()
            await tx.flush()
        except BaseException as error:
            await _roll_back(connection, error)
            raise
        try:
            status = await connection.execute("COMMIT")
        except BaseException as error:
            connection.terminate()
            if turn is not None:
                self._notices.doubt(turn)
            if not isinstance(error, Exception):
                raise
            raise StoreUnavailable("The store went away before it said whether this was stored") from error
        if status != "COMMIT":
            raise StoreUnavailable("The store did not take the transaction")
        self._batches += 1
        self._units += tx.units
        if turn is not None:
            self._notices.written(turn)
        return result


async def _read(connection: Connection, unit: Callable[..., Awaitable[T]], args: Any) -> T:
    return await unit(PostgresTransaction(connection), *args)


async def _scan(connection: Connection, unit: Callable[..., Awaitable[T]], args: Any) -> T:
    try:
        await connection.execute(BEGIN_SCAN)
        result = await unit(PostgresTransaction(connection), *args)
        await connection.execute("COMMIT")
        return result
    except BaseException as error:
        await _roll_back(connection, error)
        raise


async def _roll_back(connection: Connection, error: BaseException) -> None:
    """Leaves the connection as it was found, or closed."""
    if isinstance(error, LOST) or not isinstance(error, Exception):
        connection.terminate()
        return
    try:
        await connection.execute("ROLLBACK")
    except (*LOST, asyncpg.PostgresError):
        connection.terminate()
