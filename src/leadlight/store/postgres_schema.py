"""The schema on a PostgreSQL server: made, brought up to date, distributed; and why a server won't do."""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from leadlight.clock import system_clock
from leadlight.store.database import StoreRefusal, Table, Transaction, first_line
from leadlight.store.migrate import SchemaState, load_migrations, pending
from leadlight.store.postgres_pool import Connection, connect

_OLDEST_VERSION = 15
_REFUSED = (
    asyncpg.DuplicateTableError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFileError,
)
_LOCK = 5_495_310_247_621_836_097
_TEXT = re.compile(r"\bTEXT\b")
_DIRECTORY = ("workspaces", "api_keys", "form_directory", "users", "memberships", "sessions", "one_time_links")
"""Tables of no tenant that every node wants to look into; the others of no tenant stay where they are."""
_TABLES = """
SELECT relname::text, string_agg(attname, ' ' ORDER BY attnum), (
    SELECT string_agg(key.attname, ' ' ORDER BY array_position(conkey, key.attnum))
    FROM pg_attribute AS key WHERE key.attrelid = pg_class.oid AND key.attnum = ANY (conkey))
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_constraint ON conrelid = pg_class.oid AND contype = 'p'
WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
GROUP BY pg_class.oid, relname, conkey ORDER BY pg_class.oid
"""
_DISTRIBUTED = "SELECT logicalrelid::text FROM pg_dist_partition WHERE partmethod = 'h' OR repmodel = 't'"
_DISTRIBUTE = "SELECT create_distributed_table($1::regclass, 'workspace_id', colocate_with => $2)"
_HAS_SCHEMA = "SELECT to_regclass('schema_migrations') IS NOT NULL"
_FAULTS = {
    "fsync is off: a power cut can destroy the database; set fsync = on": """
        SELECT count(*) FROM pg_settings WHERE name = 'fsync' AND setting = 'off'
    """,
    "synchronous_commit is off: a crash can lose what was acknowledged; set synchronous_commit = on": """
        SELECT count(*) FROM pg_settings WHERE name = 'synchronous_commit' AND setting = 'off'
    """,
    "full_page_writes is off: a power cut can destroy the database; set full_page_writes = on": """
        SELECT count(*) FROM pg_settings WHERE name = 'full_page_writes' AND setting = 'off'
    """,
    "an index is not valid: find it in pg_index and run REINDEX": """
        SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid IN (
            SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
    """,
}


async def prepare(url: str, *, create: bool) -> bool:
    """Sees to it that the schema is ours, and answers whether put-off statements can be sent as one.

    An empty database is set up if `create` says so. Raises StoreRefusal.
    """
    async with session(url) as connection:
        found = await _state(connection)
        if found.applied == 0 and create:
            await _migrate(connection)
        elif found.applied == 0:
            raise StoreRefusal("there is no store in this database; `leadlight db migrate` makes one")
        elif pending(load_migrations("postgres"), found.applied):
            raise StoreRefusal(
                f"this database has schema {found.applied}, and this version of Leadlight needs {found.newest}: "
                "run `leadlight db migrate`, which other processes survive; nothing was changed"
            )
        return not await has_citus(connection)


async def state(url: str) -> SchemaState:
    async with session(url) as connection:
        return await _state(connection)


async def migrate(url: str) -> SchemaState:
    """Answers the state that it found. Raises StoreRefusal."""
    async with session(url) as connection:
        return await _migrate(connection)


async def faults_of_server(tx: Transaction) -> list[str]:
    """What a server does that an operator wouldn't want, a sentence each."""
    return [sentence for sentence, sql in _FAULTS.items() for [found] in await tx.rows(sql) if found]


async def list_tables(tx: Transaction) -> list[Table]:
    return [_table(*row) for row in await tx.rows(_TABLES)]


def _table(name: Any, columns: Any, key: Any) -> Table:
    return Table(name, tuple(columns.split()), tuple(key.split()))


async def distribute(url: str) -> list[str]:
    """Gives each workspace a place among the nodes of a Citus cluster; answers the tables that were moved."""
    async with session(url) as connection:
        found = await _state(connection)
        if found.applied != found.newest:
            raise StoreRefusal("this database has no store of this version yet: run `leadlight db migrate` first")
        if not await has_citus(connection):
            raise StoreRefusal(
                "this server has no Citus extension: install it, add citus to shared_preload_libraries, restart, "
                "and run CREATE EXTENSION citus in this database; a plain server needs no distributing"
            )
        tables = [_table(*row) for row in await connection.fetch(_TABLES)]
        done = {name for [name] in await connection.fetch(_DISTRIBUTED)}
        beside = next((table.name for table in tables if table.is_of_tenants and table.name in done), "default")
        moved = []
        for table in tables:  # each is complete in itself; what breaks off goes on when it is run again
            if table.name in done or not (table.is_of_tenants or table.name in _DIRECTORY):
                continue
            if table.is_of_tenants:
                await connection.execute(_DISTRIBUTE, table.name, beside)
                beside = table.name
            else:
                await connection.execute("SELECT create_reference_table($1::regclass)", table.name)
            moved.append(table.name)
        for name in reversed(moved):  # Citus leaves the rows where they were, out of sight
            await connection.execute("SELECT truncate_local_data_after_distributing_table($1::regclass)", name)
        return moved


async def has_citus(connection: Connection) -> bool:
    return bool(await connection.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'citus'"))


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Connection]:
    """A connection of its own, without a time limit. Raises StoreRefusal where there is none, or it may not do this."""
    connection = await _connect(url)
    try:
        await _demand(connection)
        yield connection
    except _REFUSED as error:
        raise StoreRefusal(_why_not_here(error)) from error
    finally:
        await connection.close(timeout=5)


async def _demand(connection: Connection) -> None:
    version = connection.get_server_version().major
    if version < _OLDEST_VERSION:
        raise StoreRefusal(
            f"the database server is PostgreSQL {version}, and Leadlight needs {_OLDEST_VERSION} or newer"
        )
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise StoreRefusal(
            f"the database is encoded in {encoding}: make one with createdb --template=template0 --encoding=UTF8"
        )


def _why_not_here(error: Exception) -> str:
    said = first_line(error)
    match error:
        case asyncpg.InsufficientPrivilegeError():
            return (
                f"the user of the database URL may not do that ({said}): "
                "make it the owner of the database and of what is in it"
            )
        case asyncpg.ReadOnlySQLTransactionError():
            return f"the database takes no writes ({said}): is it a replica? Name the primary in the URL"
        case asyncpg.UndefinedFileError() | asyncpg.FeatureNotSupportedError():
            return (
                f"the database server lacks an extension that search needs ({said}): "
                "install its contrib package, which holds pg_trgm and btree_gin"
            )
    return f"the database holds tables that are not Leadlight's ({said}): give it a database of its own"


async def _connect(url: str) -> Connection:
    try:
        return await connect(url, command_seconds=None)
    except (
        asyncpg.PostgresError,
        asyncpg.InternalClientError,
        asyncpg.InterfaceError,
        OSError,
        ValueError,
        OverflowError,
    ) as error:
        raise StoreRefusal(_why_not(error, url)) from error


def _why_not(error: Exception, url: str) -> str:  # noqa: PLR0911  (a table of reasons)
    """What is wrong and what to do, in a sentence without the password."""
    parts = urlsplit(url)
    said = first_line(error)
    where = f"the database server at {parts.netloc.rpartition('@')[2] or 'the default address'}"
    match error:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return f"{where} refuses the user {parts.username!r} ({said}): check user and password in the URL"
        case asyncpg.InvalidCatalogNameError():
            return f"{where} says: {said}; create it with createdb, or correct the URL"
        case asyncpg.CannotConnectNowError():
            return f"{where} takes no connections yet ({said}); try again in a moment"
        case asyncpg.TooManyConnectionsError():
            return f"{where} has no connection to spare ({said}); raise max_connections"
        case asyncpg.PostgresError() | asyncpg.InternalClientError():
            return f"{where} refuses the connection: {said}"
        case socket.gaierror():
            return f"the host of the database URL, {parts.hostname!r}, is not known"
        case TimeoutError():
            return f"{where} did not answer within five seconds"
        case OSError():
            return f"{where} does not answer: is it running, and is the URL right?"
    return "the database URL can't be understood; it looks like postgresql://user:password@host:5432/database"


async def _state(connection: Connection) -> SchemaState:
    applied = 0
    if await connection.fetchval(_HAS_SCHEMA):
        applied = await connection.fetchval("SELECT coalesce(max(number), 0) FROM schema_migrations")
    return SchemaState(applied, load_migrations("postgres")[-1].number)


async def _migrate(connection: Connection) -> SchemaState:
    """All that is missing, in one transaction that others wait for."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        found = await _state(connection)
        if found.applied == 0:
            await connection.execute(
                "CREATE TABLE schema_migrations "
                "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
            )
        for migration in pending(load_migrations("postgres"), found.applied):
            # Text sorts by its bytes, as in the other engine, whatever the database's own language.
            await connection.execute(_TEXT.sub('TEXT COLLATE "C"', migration.sql))
            row = (migration.number, migration.name, system_clock())
            await connection.execute("INSERT INTO schema_migrations VALUES ($1, $2, $3)", *row)
        return found
