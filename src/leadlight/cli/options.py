"""What the commands share: options that are environment variables too, the open store, the last word on errors."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import typer

from leadlight.app import Services
from leadlight.errors import InvalidInput, LeadlightError
from leadlight.settings import Settings, SettingsError
from leadlight.store.database import Database, StoreRefusal
from leadlight.store.opening import open_database

T = TypeVar("T")

_HELP = {field.name: field.metadata["help"] for field in fields(Settings)}


def setting(name: str) -> Any:
    """The option of a setting: its flag, its variable, and the help that Settings gives it."""
    flag = f"--{name.replace('_', '-')}"
    if isinstance(getattr(Settings, name), bool):
        flag += f"/--no-{flag[2:]}"
    return option(flag, _HELP[name], variable=name)


def option(flag: str, text: str, *, variable: str | None = None) -> Any:
    """An option that can be given as `LEADLIGHT_…` too."""
    name = (variable or flag.lstrip("-").replace("-", "_")).upper()
    return typer.Option(flag, envvar=f"LEADLIGHT_{name}", help=text)


Data = Annotated[Path, setting("data")]
DatabaseUrl = Annotated[str, setting("database_url")]
WebhookAllowPrivate = Annotated[bool, setting("webhook_allow_private")]
WebhookRetrySchedule = Annotated[str, setting("webhook_retry_schedule")]
WebhookTimeoutSeconds = Annotated[int, setting("webhook_timeout_seconds")]
UndoDays = Annotated[int, setting("undo_days")]
SubmissionRetentionDays = Annotated[int, setting("submission_retention_days")]
ImportMaxExpandedBytes = Annotated[int, setting("import_max_expanded_bytes")]
WebhookRetentionDays = Annotated[int, setting("webhook_retention_days")]
AsJson = Annotated[bool, option("--json", "Print JSON, for programs.")]
DEFAULT_DATA = Settings.data


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


def print_json(value: object) -> None:
    typer.echo(msgspec.json.encode(value).decode())


def fail(sentence: str) -> NoReturn:
    typer.secho(f"leadlight: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
