"""Chooses the engine by where the store is: a URL, or a file in the data folder."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from leadlight.errors import StoreUnavailable
from leadlight.store import postgres_schema, sqlite_file
from leadlight.store.copying import Advance, Copied, copy_store, is_unfinished
from leadlight.store.database import Database, StoreRefusal, first_line
from leadlight.store.migrate import SchemaState
from leadlight.store.postgres import PostgresDatabase
from leadlight.store.postgres_pool import COMMAND_SECONDS
from leadlight.store.sqlite import SqliteDatabase

_POSTGRES = ("postgresql", "postgres")
_HOUR = 3600.0
_CACHE_KIB = 64_000


async def open_database(
    data: Path,
    url: str = "",
    *,
    create: bool = True,
    connections: int = 8,
    patient: bool = False,
    cache_kib: int = _CACHE_KIB,
    checkpoint_pages: int = sqlite_file.CHECKPOINT_PAGES,
) -> Database:
    """The store at a URL, or in the data folder when there is none.

    `patient`: for an operator's commands, which read whole stores: a server is given an hour for a statement.
    `cache_kib`: memory for the pages of a file; `checkpoint_pages`: of its log, at which that is written to the file.
    What is empty is set up when `create` says so. A file's schema is brought up to date; a server's is left to
    `migrate`, for other processes may be at work there. Raises StoreRefusal, StoreUnavailable, OSError.
    """
    database = await _open(
        data,
        url,
        create=create,
        connections=connections,
        patient=patient,
        cache_kib=cache_kib,
        checkpoint_pages=checkpoint_pages,
    )
    try:
        if not await is_unfinished(database):
            return database
        reason = "a copy into this store broke off: run the same `leadlight db copy` again, which goes on"
    except StoreUnavailable as error:
        reason = f"the store can't be read: {first_line(error.__cause__ or error)}"
    await database.close()
    raise StoreRefusal(reason)


async def copy(source_url: str, target_url: str, advance: Advance) -> list[Copied]:
    """Copies a store into an empty one, or goes on with it. Raises StoreRefusal, StoreUnavailable."""
    if not source_url or not target_url:
        raise StoreRefusal("name both stores by their URLs, as in sqlite:///leadlight-data/leadlight.db")
    source = await open_database(Path(), source_url, create=False, patient=True)
    try:
        target = await _open(Path(), target_url, create=True, connections=4, patient=True)
        try:
            return await copy_store(source, target, advance)
        finally:
            await target.close()
    finally:
        await source.close()


async def distribute(data: Path, url: str) -> list[str]:
    """Spreads a store over the machines of a cluster; answers the tables that were moved. Raises StoreRefusal."""
    if not _is_server(url):
        raise StoreRefusal(f"the store in {_file(data, url)} is a file: only a database cluster can be distributed")
    return await postgres_schema.distribute(url)


async def schema_state(data: Path, url: str = "") -> SchemaState:
    """Which schema the store has, and which it should have; changes nothing."""
    return await postgres_schema.state(url) if _is_server(url) else sqlite_file.state(_file(data, url))


async def migrate(data: Path, url: str = "") -> SchemaState:
    """Brings the schema up to date and answers what it was; many processes may call it at once."""
    if _is_server(url):
        return await postgres_schema.migrate(url)
    before = sqlite_file.state(_file(data, url))
    await SqliteDatabase.open(_file(data, url), cache_kib=_CACHE_KIB).close()
    return before


async def _open(
    data: Path,
    url: str,
    *,
    create: bool,
    connections: int,
    patient: bool,
    cache_kib: int = _CACHE_KIB,
    checkpoint_pages: int = sqlite_file.CHECKPOINT_PAGES,
) -> Database:
    if _is_server(url):
        combines = await postgres_schema.prepare(url, create=create)
        return PostgresDatabase(
            url, connections=connections, combines=combines, command_seconds=_HOUR if patient else COMMAND_SECONDS
        )
    file = _file(data, url)
    if not create and not file.exists():
        raise StoreRefusal(
            f"there is no store in {file.parent}; `leadlight serve` makes one, and --data names another folder"
        )
    return SqliteDatabase.open(file, cache_kib=cache_kib, checkpoint_pages=checkpoint_pages)


def _is_server(url: str) -> bool:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        raise StoreRefusal("the database URL can't be understood") from None
    if url and scheme not in (*_POSTGRES, "sqlite"):
        given = f"this one begins with {scheme!r}" if scheme else "this one has no scheme"  # no more: of passwords
        raise StoreRefusal(f"a database URL has to begin with sqlite:/// or postgresql://; {given}")
    return scheme in _POSTGRES


def _file(data: Path, url: str) -> Path:
    """Of a URL as in `sqlite:///relative.db` and `sqlite:////absolute.db`; a folder stands for the file in it."""
    if not url:
        return data / sqlite_file.FILE_NAME
    parts = urlsplit(url)
    if parts.netloc or len(parts.path) < 2:
        raise StoreRefusal("a file's URL has three slashes before its path: sqlite:///leadlight-data/leadlight.db")
    path = Path(unquote(parts.path[1:]))
    return path / sqlite_file.FILE_NAME if path.is_dir() else path
