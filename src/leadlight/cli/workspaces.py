"""`leadlight workspaces`: tenants."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from leadlight.app import Services
from leadlight.cli.opened import fail, run
from leadlight.cli.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, print_json
from leadlight.errors import Invalid
from leadlight.workspaces.schemas import WorkspaceView, name_rule

commands = typer.Typer(no_args_is_help=True, help="Create and list workspaces, the tenants of a store.")


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Create a workspace."""
    try:
        name = name_rule(name)
    except Invalid as invalid:
        fail(f"NAME {invalid.message}")

    async def work(services: Services) -> WorkspaceView:
        return WorkspaceView.of(await services.workspaces.create_workspace(name))

    workspace = run(data, database_url, work, create=True)
    if as_json:
        print_json(workspace)
        return
    typer.echo(f"Created workspace {workspace.name}: {workspace.id}")
    typer.echo(f"A key for it: leadlight keys create --workspace {workspace.id}")


@commands.command("list")
def list_(data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """List the workspaces."""

    async def work(services: Services) -> list[WorkspaceView]:
        return [WorkspaceView.of(workspace) for workspace in await services.workspaces.list_workspaces()]

    workspaces = run(data, database_url, work)
    if as_json:
        print_json(workspaces)
        return
    table = Table("id", "name", "created")
    for workspace in workspaces:
        table.add_row(workspace.id, workspace.name, workspace.created_at)
    Console().print(table)
