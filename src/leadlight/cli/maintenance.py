"""`leadlight backup` and `leadlight doctor`: a copy to be sure of, and a look at the store's health."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from leadlight.app import Services
from leadlight.cli.opened import fail, run
from leadlight.cli.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, print_json


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Write a consistent copy of the store while everything goes on.

    To restore: stop the server, put the file into an empty data folder under the store's name, start.
    """
    if file.exists():
        fail(f"{file} is there already; name a new file")
    if not file.resolve().parent.is_dir():
        fail(f"there is no folder {file.resolve().parent}")
    columns = (TextColumn("backing up"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)

    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("backup")

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        async def work(services: Services) -> None:
            await services.database.backup(str(file), advance)

        run(data, database_url, work)
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size})
    else:
        typer.echo(f"Wrote {file} ({size / 1e6:.1f} MB)")


def doctor(data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """Check the store's integrity and say what to do; exit code 1 when something is wrong."""

    async def work(services: Services) -> list[str]:
        return [*await services.database.check(), *await services.leads.check()]

    findings = run(data, database_url, work)
    if as_json:
        print_json({"ok": not findings, "findings": findings})
    else:
        for finding in findings:
            typer.secho(f"✗ {finding}", fg=typer.colors.RED)
        if not findings:
            typer.secho("✓ The store is in order.", fg=typer.colors.GREEN)
    if findings:
        raise typer.Exit(1)
