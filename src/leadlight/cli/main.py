"""The command line, put together."""

from typing import Annotated

import typer

from leadlight import __version__
from leadlight.cli import (
    db,
    dedupe,
    export,
    forms,
    import_,
    imports,
    keys,
    leads,
    maintenance,
    operations,
    serve,
    webhooks,
    worker,
    workspaces,
)

app = typer.Typer(
    name="leadlight",
    help="The open, self-hosted lead store.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they would show secrets
)
app.command()(serve.serve)
app.command()(worker.worker)
app.add_typer(workspaces.commands, name="workspaces")
app.add_typer(keys.commands, name="keys")
app.add_typer(webhooks.commands, name="webhooks")
app.add_typer(forms.commands, name="forms")
app.add_typer(leads.commands, name="leads")
app.command("import")(import_.import_)
app.add_typer(imports.commands, name="imports")
app.command()(export.export)
app.command()(dedupe.dedupe)
app.add_typer(operations.commands, name="operations")
app.add_typer(db.commands, name="db")
app.command()(maintenance.backup)
app.command()(maintenance.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leadlight {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of no command."""


def main() -> None:
    app()
