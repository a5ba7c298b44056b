"""The store, opened for commands that work on it without a server, and the last word on errors."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import typer

from leadlight.app import Services
from leadlight.errors import InvalidInput, LeadlightError
from leadlight.settings import SettingsError
from leadlight.store.database import Database, StoreRefusal
from leadlight.store.opening import open_database

T = TypeVar("T")


async def open_store(
    data: Path,
    url: str,
    *,
    create: bool = False,
    connections: int = 2,
    patient: bool = False,
) -> Database:
    """Opens the store, or ends the command with a sentence."""
    try:
        return await open_database(data, url, create=create, connections=connections, patient=patient)
    except (LeadlightError, OSError) as error:
        fail(f"the store {'at the database URL' if url else f'in {data}'} can't be opened: {error}")


def run(data: Path, url: str, work: Callable[[Services], Awaitable[T]], *, create: bool = False) -> T:
    """Does some work on the store, whether or not a server runs on it."""

    async def session() -> T:
        database = await open_store(data, url, create=create, patient=True)
        try:
            return await work(Services(database))
        finally:
            await database.close()

    with refusals():
        return asyncio.run(session())


@contextmanager
def refusals() -> Iterator[None]:
    """Ends the command with a sentence where the store or a rule says no."""
    try:
        yield
    except InvalidInput as error:
        fail("; ".join(f"{problem.field}: {problem.message}" for problem in error.problems))
    except LeadlightError as error:
        fail(error.message)
    except (SettingsError, StoreRefusal, OSError) as error:
        fail(str(error))


def fail(sentence: str) -> NoReturn:
    typer.secho(f"leadlight: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
