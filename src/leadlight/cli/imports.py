"""`leadlight imports`: the imports of a workspace, and their end before the time."""

from typing import Annotated

import typer

from leadlight.cli.connection import DEFAULT_URL, Key, Url, talking
from leadlight.cli.listing import Limit, beginning, page_size, show_list
from leadlight.cli.options import AsJson
from leadlight.cli.tables import counted, print_json
from leadlight.client import Import

commands = typer.Typer(no_args_is_help=True, help="List and cancel imports; `leadlight import` begins one.")


@commands.command("list")
def list_(limit: Limit = 20, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """List imports, newest first."""
    with talking(url, key) as client:
        found = beginning(client.imports.list(page_size=page_size(limit)), limit)
    columns = ("id", "file", "status", "rows", "created", "updated", "skipped", "failed", "begun")
    show_list(found, limit, columns=columns, row=_row, as_json=as_json)


@commands.command()
def cancel(
    import_id: Annotated[str, typer.Argument(help="The import's id, imp_…")],
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """End an import; what it has stored stays, until its operation is undone."""
    with talking(url, key) as client:
        found = client.imports.cancel(import_id)
        if not found.has_ended:
            found = client.imports.wait(import_id)
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found.id} is {found.status}, after {counted(found.processed, 'row')}.")
    if found.operation_id is not None:
        typer.echo(f"To take back what it stored: leadlight operations undo {found.operation_id}")


def _row(found: Import) -> tuple[object, ...]:
    counts = found.processed, found.created, found.updated, found.skipped, found.failed
    return found.id, found.file_name, found.status, *counts, found.created_at
