"""The embedded engine: SQLite in one file. All that is peculiar to it stands in this folder.

Three kinds of connection: one on the event loop for queries by key, a few in threads for queries
that take long, one in the writer's thread. In WAL mode readers and the writer never wait for one
another.
"""

import asyncio
import functools
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple, cast

import apsw

from leadlight.clock import system_clock
from leadlight.errors import StoreUnavailable
from leadlight.store.database import Progress, Row, Statistics, Transaction, Value
from leadlight.store.group_commit import GroupCommit, drive
from leadlight.store.migrate import load_migrations, pending
from leadlight.store.scrubbing import VFS_NAME

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

FILE_NAME = "leadlight.db"
_SCAN_THREADS = 2
_MAX_WAITING_SCANS = 256
_BUSY_MILLISECONDS = 5_000
_BACKUP_PAGES = 1_024
_BROKEN = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
)


class SqliteTransaction:
    """Statements on one connection; its coroutines never suspend."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._cursor = connection.cursor()

    async def rows(self, sql: str, **parameters: Value) -> list[Row]:
        return self._run(sql, parameters)

    async def row(self, sql: str, **parameters: Value) -> Row | None:
        rows = self._run(sql, parameters)
        return rows[0] if rows else None

    async def execute(self, sql: str, **parameters: Value) -> int:
        self._run(sql, parameters)
        return self.connection.changes()

    def roll_back(self) -> None:
        """Ends the transaction, unless an error of the disk has ended it already."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def json_text(self, column: str, parameter: str) -> str:
        # `->>` would rewrite numbers and give 1 for true; `->` gives the JSON text as it was sent.
        path = f"""('$."' || :{parameter} || '"')"""
        return f"CASE json_type({column}, {path}) WHEN 'text' THEN {column} ->> {path} ELSE {column} -> {path} END"

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
        except _BROKEN as error:
            raise StoreUnavailable from error


class SqliteSession:
    """The writing connection."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.transaction = SqliteTransaction(connection)

    def begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def roll_back(self) -> None:
        self.transaction.roll_back()

    def savepoint(self) -> None:
        self._connection.execute("SAVEPOINT unit")

    def release(self) -> None:
        self._connection.execute("RELEASE unit")

    def undo_to_savepoint(self) -> None:
        self._connection.execute("ROLLBACK TO unit")

    def is_broken(self, error: BaseException) -> bool:
        return isinstance(error, (StoreUnavailable, *_BROKEN)) or not self._connection.in_transaction

    def tidy(self) -> bool:
        """Empties the write-ahead log, so that what was deleted is in no file; False if a reader is in the way."""
        self._connection.set_busy_timeout(50)
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            return False
        finally:
            self._connection.set_busy_timeout(_BUSY_MILLISECONDS)
        return True

    def close(self) -> None:
        self.tidy()
        self._connection.close()


class SqliteDatabase:
    """A store in one file. Open it with `open`; it must be used from one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        session = SqliteSession(_connect(path, cache_kib=64_000, checkpoints=True))
        _migrate(session)
        self._writing = session.transaction
        self._writer = GroupCommit(session)
        self._writer.start()
        self._reading = SqliteTransaction(_connect(path, cache_kib=32_000))
        self._has_snapshot = False
        self._scanners = threading.local()
        self._scanning: list[apsw.Connection] = []
        self._waiting_scans = 0
        self._pool = ThreadPoolExecutor(_SCAN_THREADS, "leadlight-scan", initializer=_yield_the_processor)

    @classmethod
    def open(cls, folder: Path) -> "SqliteDatabase":
        """Opens the store in a folder, makes it where there is none, and brings its schema up to date."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / FILE_NAME
        with suppress(FileExistsError):  # opening and closing a file that is in use would drop its locks
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # -wal and -shm take over the mode
        try:
            return cls(path)
        except _BROKEN as error:
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
        if self._waiting_scans >= _MAX_WAITING_SCANS:
            raise StoreUnavailable("Too many lists and searches are waiting; try again in a moment")
        self._waiting_scans += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._scan, unit, args)
        except _BROKEN as error:
            raise StoreUnavailable from error
        finally:
            self._waiting_scans -= 1

    async def write(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        start = cast("Any", functools.partial(unit, self._writing, *args))
        return cast("T", await self._writer.submit(start))

    def statistics(self) -> Statistics:
        files = (self._path, Path(f"{self._path}-wal"))
        return Statistics(
            waiting_writes=self._writer.waiting,
            committed_batches=self._writer.batches,
            committed_units=self._writer.units,
            size_bytes=sum(file.stat().st_size for file in files if file.exists()),
        )

    async def backup(self, destination: str, progress: Progress) -> None:
        await asyncio.to_thread(_back_up, self._path, Path(destination), progress)

    async def check(self) -> list[str]:
        return await asyncio.to_thread(_check, self._path)

    async def close(self) -> None:
        self._writer.stop()
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._pool.shutdown)
        for connection in (*self._scanning, self._reading.connection):
            connection.close()

    def _end_snapshot(self) -> None:
        self._has_snapshot = False
        self._reading.roll_back()

    def _scan(self, unit: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        tx: SqliteTransaction | None = getattr(self._scanners, "tx", None)
        if tx is None:
            connection = _connect(self._path, cache_kib=8_000)
            self._scanning.append(connection)
            tx = self._scanners.tx = SqliteTransaction(connection)
        tx.connection.execute("BEGIN")
        try:
            return drive(unit(tx, *args))
        finally:
            tx.roll_back()


def _connect(path: Path, *, cache_kib: int, checkpoints: bool = False) -> apsw.Connection:
    """`checkpoints`: whether it may write to the file itself; all may write to the write-ahead log."""
    vfs = VFS_NAME if checkpoints else None
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs, statementcachesize=256)
    connection.set_busy_timeout(_BUSY_MILLISECONDS)  # first: the others may meet another process
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
        f"cache_size = -{cache_kib}",
        f"wal_autocheckpoint = {4_000 if checkpoints else 0}",
        "trusted_schema = ON",  # the text index's triggers write to a virtual table
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0 if checkpoints else 1)
    return connection


def _migrate(session: SqliteSession) -> None:
    connection = session.transaction.connection
    session.begin()
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations "
            "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
        )
        applied = connection.execute("SELECT coalesce(max(number), 0) FROM schema_migrations").get
        for migration in pending(load_migrations("sqlite"), cast("int", applied)):
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, ?, ?)",
                (migration.number, migration.name, system_clock()),
            )
        session.commit()
    except BaseException:
        session.roll_back()
        connection.close()
        raise


def _yield_the_processor() -> None:
    """Lets look-ups go first when long queries compete with them for a core."""
    if sys.platform == "linux":  # elsewhere a priority belongs to the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _back_up(path: Path, destination: Path, progress: Progress) -> None:
    partial = destination.with_name(destination.name + ".partial")
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    source = _connect(path, cache_kib=8_000)
    try:
        source.execute("BEGIN; SELECT count(*) FROM schema_migrations").fetchall()  # holds one snapshot
        target = apsw.Connection(str(partial), vfs=VFS_NAME)
        with target.backup("main", source, "main") as copy:
            while not copy.done:
                copy.step(_BACKUP_PAGES)
                progress(copy.page_count - copy.remaining, copy.page_count)
        target.execute("PRAGMA journal_mode = DELETE").fetchall()  # one file, complete in itself
        target.close()
        _sync(partial)
        os.link(partial, destination)  # refuses to replace a file that is there
        _sync(destination.parent)
    finally:
        partial.unlink()
        source.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check(path: Path) -> list[str]:
    connection = _connect(path, cache_kib=64_000)
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
        found += [
            f"a row of {row[0]} refers to no row of {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")
        ]
        try:
            connection.execute("INSERT INTO lead_text (lead_text, rank) VALUES ('integrity-check', 1)")
        except apsw.CorruptError:
            found.append("the text index does not match the leads")
        return found
    except (apsw.CorruptError, apsw.NotADBError) as error:
        return [f"the file is damaged: {error}"]
    finally:
        connection.close()
