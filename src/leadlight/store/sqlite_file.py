"""The file of an embedded store: how it is opened, migrated, copied and checked."""

import os
import time
from pathlib import Path
from typing import cast
from urllib.parse import quote

import apsw

from leadlight.clock import system_clock
from leadlight.errors import StoreUnavailable
from leadlight.store.database import Progress, StoreRefusal, Table, Transaction
from leadlight.store.migrate import SchemaState, load_migrations, pending
from leadlight.store.scrubbing import VFS_NAME

FILE_NAME = "leadlight.db"
BUSY_SECONDS = 5.0
_MIGRATION_SECONDS = 3600.0
CHECKPOINT_PAGES = 4_000
"""Of the write-ahead log, at which it is written to the file: more is quicker, and a larger log."""
_POLL_SECONDS = 0.001
_BACKUP_PAGES = 1_024
BROKEN = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
)
"""What is raised when the disk, the file or another process is in the way."""


def connect(path: Path, *, cache_kib: int, vfs: str | None = None) -> apsw.Connection:
    """One that writes to the write-ahead log alone, and not to the file itself."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs, statementcachesize=256)
    wait_for_others(connection)  # first: the others may meet another process
    _keep_log(connection)
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
        f"cache_size = -{cache_kib}",
        "wal_autocheckpoint = 0",
        "trusted_schema = ON",  # the text index's triggers write to a virtual table
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    return connection


def _keep_log(connection: apsw.Connection) -> None:
    """Turns the write-ahead log on: once in a file's life, and SQLite does not wait where others look at it."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)


def connect_to_checkpoint(path: Path) -> apsw.Connection:
    """One that writes the log to the file when it is told to, or closed last."""
    connection = connect(path, cache_kib=0, vfs=VFS_NAME)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
    return connection


def wait_for_others(connection: apsw.Connection, seconds: float = BUSY_SECONDS) -> None:
    """Lets it wait for a lock of another process.

    Asking each millisecond: SQLite's own way asks ever more rarely, and who has just written would always be quicker.
    """

    def ask_again(times: int) -> bool:
        time.sleep(_POLL_SECONDS)
        return times * _POLL_SECONDS < seconds

    connection.set_busy_handler(ask_again)


def migrate(connection: apsw.Connection) -> None:
    """Applies what is missing, after another process that does so too. Raises SchemaTooNew."""
    wait_for_others(connection, seconds=_MIGRATION_SECONDS)
    connection.execute("BEGIN IMMEDIATE")
    wait_for_others(connection)
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations "
            "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
        )
        for migration in pending(load_migrations("sqlite"), _applied(connection)):
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, ?, ?)",
                (migration.number, migration.name, system_clock()),
            )
        connection.execute("COMMIT")
    except BaseException:
        connection.close()  # and all is as it was
        raise


async def list_tables(tx: Transaction) -> list[Table]:
    names = await tx.rows(
        "SELECT sqlite_master.name FROM sqlite_master JOIN pragma_table_list AS kinds USING (name) "
        "WHERE kinds.schema = 'main' AND kinds.type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY sqlite_master.rowid"
    )
    tables = []
    for [name] in names:
        columns = await tx.rows("SELECT name, pk FROM pragma_table_info(:name) ORDER BY cid", name=name)
        key = sorted((position, column) for column, position in cast("list[tuple[str, int]]", columns) if position)
        tables.append(Table(str(name), tuple(str(row[0]) for row in columns), tuple(column for _, column in key)))
    return tables


def state(path: Path) -> SchemaState:
    """Which schema a file has; opens nothing that is not there, and changes nothing."""
    newest = load_migrations("sqlite")[-1].number
    if not path.exists():
        return SchemaState(0, newest)
    try:
        connection = apsw.Connection(
            f"file:{quote(str(path))}?mode=ro", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
        wait_for_others(connection)
        try:
            return SchemaState(_applied(connection), newest)
        except apsw.SQLError as error:
            raise StoreRefusal(f"{path} holds tables that are not Leadlight's ({error}): name another file") from error
        finally:
            connection.close()
    except BROKEN as error:
        raise StoreUnavailable(str(error)) from error


def _applied(connection: apsw.Connection) -> int:
    if connection.execute("SELECT count(*) FROM sqlite_master").get == 0:
        return 0
    return cast("int", connection.execute("SELECT coalesce(max(number), 0) FROM schema_migrations").get)


def back_up(path: Path, destination: Path, progress: Progress) -> None:
    partial = destination.with_name(destination.name + ".partial")
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    source = connect(path, cache_kib=8_000)
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


def check(path: Path) -> list[str]:
    return [*_check_content(path), *_check_modes(path.parent)]


def _check_modes(folder: Path) -> list[str]:
    """Files that others on this machine could read."""
    return [
        f"{file} can be read by other users of this machine: chmod 600 {file}"
        for file in sorted(folder.iterdir())
        if file.is_file() and file.stat().st_mode & 0o077
    ]


def _check_content(path: Path) -> list[str]:
    connection = connect(path, cache_kib=64_000)
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
