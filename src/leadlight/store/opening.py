"""Chooses the engine."""

from pathlib import Path

from leadlight.store.database import Database
from leadlight.store.sqlite import FILE_NAME, SqliteDatabase


def open_database(folder: Path) -> Database:
    """The store in a folder; made where there is none, its schema brought up to date.

    Raises SchemaTooNew, StoreUnavailable, OSError.
    """
    return SqliteDatabase.open(folder)


def has_store(folder: Path) -> bool:
    return (folder / FILE_NAME).exists()
