"""The store, opened for commands that work on it without a server, and the last word on errors."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import typer

from leadlight.app import Services
from leadlight.capture.form import redirect_rule
from leadlight.errors import Invalid, InvalidInput, LeadlightError, NotFound
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


async def find_workspace(services: Services, wanted: str) -> str:
    """The id of a workspace, by it or by a name that only one has. Raises NotFound."""
    found = [
        workspace.id
        for workspace in await services.workspaces.list_workspaces()
        if wanted in (workspace.id, workspace.name)
    ]
    if not found:
        raise NotFound(f"there is no workspace {wanted}; `leadlight workspaces list` shows them")
    if len(found) > 1:
        raise NotFound(f"{len(found)} workspaces are called {wanted}; name one by its id: {', '.join(found)}")
    return found[0]


async def only_workspace(services: Services) -> str:
    """The id of the only workspace there is. Raises NotFound where that is not clear."""
    found = await services.workspaces.list_workspaces()
    if not found:
        raise NotFound("there is no workspace yet; `leadlight workspaces create NAME` makes one")
    if len(found) > 1:
        raise NotFound(
            f"there are {len(found)} workspaces; name one with --workspace: {', '.join(each.id for each in found)}"
        )
    return found[0].id


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


def demand_url(base_url: str) -> None:
    """Ends the command where --base-url is no address that a browser could open."""
    try:
        redirect_rule(base_url)
    except Invalid as invalid:
        fail(f"--base-url {invalid.message}")


def fail(sentence: str) -> NoReturn:
    typer.secho(f"leadlight: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
