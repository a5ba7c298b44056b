"""The embedded engine: SQLite in one file. All that is peculiar to it stands in this folder.

Three kinds of connection: one on the event loop for queries by key, a few in threads for queries
that take long and for snapshots, two in the writer's thread. In WAL mode readers and the writer
never wait for one another.
"""

import asyncio
import functools
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple, cast

import apsw

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Progress, Snapshot, Statistics, Table, Transaction
from leadlight.store.group_commit import GroupCommit, drive
from leadlight.store.neighbours import Neighbours
from leadlight.store.snapshots import Snapshots
from leadlight.store.sqlite_file import (
    BROKEN,
    CHECKPOINT_PAGES,
    back_up,
    check,
    connect,
    list_tables,
    state,
)
from leadlight.store.sqlite_session import SqliteSession
from leadlight.store.sqlite_snapshot import SqliteSnapshot, yield_the_processor
from leadlight.store.sqlite_transaction import SqliteTransaction

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_SCAN_THREADS = 2
_MAX_WAITING_SCANS = 256


class SqliteDatabase:
    """A store in one file. Open it with `open`; it must be used from one event loop."""

    def __init__(self, path: Path, *, cache_kib: int, checkpoint_pages: int) -> None:
        self._path = path
        session = SqliteSession(path, cache_kib=cache_kib, checkpoint_pages=checkpoint_pages)
        self._writing = session.transaction
        self._writer = GroupCommit(session)
        self._writer.start()
        self._neighbours = Neighbours(path)
        self._reading = SqliteTransaction(connect(path, cache_kib=cache_kib // 2))
        self._has_snapshot = False
        self._scanners = threading.local()
        self._scanning: list[apsw.Connection] = []
        self._waiting_scans = 0
        self._is_closed = False
        self._pool = ThreadPoolExecutor(_SCAN_THREADS, "leadlight-scan", initializer=yield_the_processor)
        self._snapshots = Snapshots(lambda: SqliteSnapshot(path))

    @classmethod
    def open(cls, path: Path, *, cache_kib: int, checkpoint_pages: int = CHECKPOINT_PAGES) -> "SqliteDatabase":
        """Opens the store in a file, makes it where there is none, and brings its schema up to date.

        `cache_kib`: of pages for the writer; for look-ups half as much.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):  # opening and closing a file that is in use would drop its locks
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # -wal and -shm take over the mode
        try:
            state(path)  # refuses a file of others before anything is done to it
            return cls(path, cache_kib=cache_kib, checkpoint_pages=checkpoint_pages)
        except BROKEN as error:
            raise StoreUnavailable(str(error)) from error

    def read(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> Awaitable[T]:
        # What runs in one turn of the loop shares a snapshot, which saves each query the taking of a lock. None of it
        # can miss what it must see: a request that comes later, or a write that is answered later, is queued behind
        # the end of this snapshot (docs/decisions/0006).
        if not self._has_snapshot:
            asyncio.get_running_loop().call_soon(self._end_snapshot)
            self._reading.connection.execute("BEGIN")
            self._has_snapshot = True
        return unit(self._reading, *args)

    async def scan(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        if self._is_closed:
            raise StoreUnavailable("The store is closed")
        if self._waiting_scans >= _MAX_WAITING_SCANS:
            raise StoreUnavailable("Too many lists and searches are waiting; try again in a moment")
        self._waiting_scans += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._scan, unit, args)
        except BROKEN as error:
            raise StoreUnavailable from error
        finally:
            self._waiting_scans -= 1

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        return self._snapshots.open()

    async def write(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts, turn: str | None = None) -> T:
        start = cast("Any", functools.partial(unit, self._writing, *args))  # all run one after another here
        committed = functools.partial(self._neighbours.written, turn) if turn else None
        return cast("T", await self._writer.submit(start, committed))

    def listen(self, heard: Callable[[str], None]) -> Callable[[], None]:
        return self._neighbours.listen(heard)

    async def statistics(self) -> Statistics:
        files = (self._path, Path(f"{self._path}-wal"))
        return Statistics(
            waiting_writes=self._writer.waiting,
            committed_batches=self._writer.batches,
            committed_units=self._writer.units,
            size_bytes=sum(file.stat().st_size for file in files if file.exists()),
        )

    async def tables(self) -> list[Table]:
        return await self.scan(list_tables)

    async def settle(self) -> None:
        """Nothing: its indexes are complete, and its plans need no statistics."""

    async def backup(self, destination: str, progress: Progress) -> None:
        await asyncio.to_thread(back_up, self._path, Path(destination), progress)

    async def check(self) -> list[str]:
        return await asyncio.to_thread(check, self._path)

    async def close(self) -> None:
        self._is_closed = True
        await self._snapshots.close()
        self._writer.stop()
        await asyncio.to_thread(self._writer.join)
        self._neighbours.close()
        await asyncio.to_thread(self._pool.shutdown)
        for connection in (*self._scanning, self._reading.connection):
            connection.close()

    def _end_snapshot(self) -> None:
        self._has_snapshot = False
        self._reading.roll_back()

    def _scan(self, unit: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        tx: SqliteTransaction | None = getattr(self._scanners, "tx", None)
        if tx is None:
            connection = connect(self._path, cache_kib=8_000)
            self._scanning.append(connection)
            tx = self._scanners.tx = SqliteTransaction(connection)
        tx.connection.execute("BEGIN")
        try:
            return drive(unit(tx, *args))
        finally:
            tx.roll_back()
