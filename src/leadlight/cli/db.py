"""`leadlight db`: the schema of a store, and its way to another place."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from leadlight.cli.opened import refusals
from leadlight.cli.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, option, print_json
from leadlight.store import opening

commands = typer.Typer(no_args_is_help=True, help="Migrate, move and distribute a store.")


@commands.command()
def status(data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """Say which schema the store has; exit code 1 when this version needs another one."""
    with refusals():
        state = asyncio.run(opening.schema_state(data, database_url))
    if as_json:
        print_json({"applied": state.applied, "newest": state.newest})
    elif state.applied == state.newest:
        typer.echo(f"The schema is up to date: {state.applied}.")
    elif state.applied > state.newest:
        typer.echo(
            f"The store has schema {state.applied}, and this version knows up to {state.newest}: update Leadlight."
        )
    elif state.applied == 0:
        typer.echo("There is no store yet: `leadlight db migrate` makes it.")
    else:
        typer.echo(
            f"The store has schema {state.applied}, this version needs {state.newest}: run `leadlight db migrate`."
        )
    if state.applied != state.newest:
        raise typer.Exit(1)


@commands.command()
def migrate(data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """Bring the schema up to date; does nothing where it is, and many may run it at once."""
    with refusals():
        before = asyncio.run(opening.migrate(data, database_url))
    if as_json:
        print_json({"before": before.applied, "applied": before.newest})
    elif before.applied == before.newest:
        typer.echo(f"The schema was up to date: {before.applied}.")
    else:
        typer.echo(f"Migrated from schema {before.applied} to {before.newest}.")


@commands.command()
def copy(
    from_: Annotated[str, option("--from", "URL of the store to copy.", variable="copy_from")],
    to: Annotated[str, option("--to", "URL of an empty place, or of a copy that broke off.", variable="copy_to")],
    as_json: AsJson = False,
) -> None:
    """Copy a whole store, on whatever engine, into another one, and compare them. Stop its server first."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks = {}

        def advance(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step)
            progress.update(tasks[step], completed=done, total=total)

        with refusals():
            copied = asyncio.run(opening.copy(from_, to, advance))
    if as_json:
        print_json(copied)
        return
    table = Table("table", "rows", "checksum, the same on both sides")
    for part in copied:
        table.add_row(part.table, str(part.rows), part.checksum)
    Console().print(table)


@commands.command()
def distribute(data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """Spread the workspaces over the machines of a database cluster; does nothing where that is done."""
    with refusals():
        moved = asyncio.run(opening.distribute(data, database_url))
    if as_json:
        print_json({"distributed": moved})
    else:
        typer.echo(f"Distributed: {', '.join(moved)}" if moved else "Everything was distributed already.")
