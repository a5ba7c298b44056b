"""`leadlight forms`: what leads come in by from websites."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from leadlight.app import Services
from leadlight.capture.form import MAX_FORMS, Form
from leadlight.capture.snippet import render_snippet
from leadlight.cli.connection import DEFAULT_URL
from leadlight.cli.opened import demand_url, run
from leadlight.cli.options import DEFAULT_DATA, AsJson, BaseUrl, Data, DatabaseUrl, print_json
from leadlight.cli.tables import cell

commands = typer.Typer(no_args_is_help=True, help="List forms, and print the HTML of one.")


class Listed(msgspec.Struct, rename="camel"):
    """A form as an operator sees it, who stands outside of all workspaces."""

    id: str
    name: str
    workspace_id: str
    allowed_origins: tuple[str, ...]

    @classmethod
    def of(cls, form: Form) -> "Listed":
        return cls(form.id, form.name, form.workspace_id, form.settings.allowed_origins)


@commands.command("list")
def list_(data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """List the forms of all workspaces; they are made in the dashboard, or over the API."""

    async def work(services: Services) -> list[Listed]:
        return [
            Listed.of(form)
            for workspace in await services.workspaces.list_workspaces()
            for form in await services.forms.list_forms(workspace.id, after="", limit=MAX_FORMS)
        ]

    forms = run(data, database_url, work)
    if as_json:
        print_json(forms)
        return
    table = Table("id", "name", "workspace", "origins")
    for form in forms:
        table.add_row(form.id, cell(form.name), form.workspace_id, cell(" ".join(form.allowed_origins)))
    Console().print(table)


@commands.command()
def snippet(
    form: Annotated[str, typer.Argument(help="The form's id, form_…")],
    base_url: BaseUrl = DEFAULT_URL,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
) -> None:
    """Print a form as HTML, to be put into a website: with labels, and a trap for bots."""
    demand_url(base_url)

    async def work(services: Services) -> Form:
        return await services.forms.find_form(form)

    found = run(data, database_url, work)
    typer.echo(render_snippet(found.id, found.settings, base_url=base_url).rstrip("\n"))
