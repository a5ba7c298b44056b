"""The program without its commands, of which each start loads those that may be meant."""

from typing import Annotated

import typer

from leadlight import __version__


def new_program() -> typer.Typer:
    program = typer.Typer(
        name="leadlight",
        help="The open, self-hosted lead store.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,  # they would show secrets
    )
    program.callback()(_options)
    return program


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leadlight {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of no command."""
