"""The commands that serve and work: they start without what only the others need, in less time and memory."""

from typing import Annotated

import typer

from leadlight import __version__
from leadlight.cli import serve, worker

app = typer.Typer(
    name="leadlight",
    help="The open, self-hosted lead store.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they would show secrets
)
app.command()(serve.serve)
app.command()(worker.worker)


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
