"""What the commands share: options that are environment variables too, the open store, the last word on errors."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import typer

from leadlight.app import Services
from leadlight.errors import InvalidInput, LeadlightError
from leadlight.settings import Settings
from leadlight.store.database import Database
from leadlight.store.migrate import SchemaTooNew
from leadlight.store.opening import has_store, open_database

T = TypeVar("T")

_HELP = {field.name: field.metadata["help"] for field in fields(Settings)}


def setting(name: str) -> Any:
    """The option of a setting: its flag, its variable, and the help that Settings gives it."""
    return option(f"--{name.replace('_', '-')}", _HELP[name], variable=name)


def option(flag: str, text: str, *, variable: str | None = None) -> Any:
    """An option that can be given as `LEADLIGHT_…` too."""
    name = (variable or flag.lstrip("-").replace("-", "_")).upper()
    return typer.Option(flag, envvar=f"LEADLIGHT_{name}", help=text)


Data = Annotated[Path, setting("data")]
AsJson = Annotated[bool, option("--json", "Print JSON, for programs.")]
DEFAULT_DATA = Settings.data


def open_store(data: Path, *, create: bool) -> Database:
    """Opens the store, or ends the command with a sentence."""
    if not create and not has_store(data):
        fail(f"there is no store in {data}; `leadlight serve` makes one, and --data names another folder")
    try:
        return open_database(data)
    except SchemaTooNew as error:
        fail(str(error))
    except (LeadlightError, OSError) as error:
        fail(f"the store in {data} can't be opened: {error}")


def run(data: Path, work: Callable[[Services], Awaitable[T]], *, create: bool = False) -> T:
    """Does some work on the store, whether or not a server runs on it."""
    database = open_store(data, create=create)

    async def session() -> T:
        try:
            return await work(Services(database))
        finally:
            await database.close()

    try:
        return asyncio.run(session())
    except InvalidInput as error:
        fail("; ".join(f"{problem.field}: {problem.message}" for problem in error.problems))
    except LeadlightError as error:
        fail(error.message)


def print_json(value: object) -> None:
    typer.echo(msgspec.json.encode(value).decode())


def fail(sentence: str) -> NoReturn:
    typer.secho(f"leadlight: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
