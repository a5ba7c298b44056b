"""`leadlight operations`: merges, imports and batches, and how to take them back."""

from typing import Annotated

import typer

from leadlight.cli.connection import DEFAULT_URL, Key, Url, talking
from leadlight.cli.listing import Limit, beginning, page_size, show_list
from leadlight.cli.options import AsJson
from leadlight.cli.tables import counted, print_json, table
from leadlight.client import Operation, OperationStatus

commands = typer.Typer(no_args_is_help=True, help="List and undo merges, imports and batches.")


@commands.command("list")
def list_(
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only merge, import, batch_update or batch_delete.")
    ] = None,
    limit: Limit = 20,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """List operations, newest first."""
    with talking(url, key) as client:
        found = beginning(client.operations.list(kind=kind, page_size=page_size(limit)), limit)
    columns = ("id", "kind", "status", "leads", "of", "when", "can be undone until")
    show_list(found, limit, columns=columns, row=_row, as_json=as_json)


@commands.command()
def undo(
    operation_id: Annotated[str, typer.Argument(help="The operation's id, op_…")],
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Take an operation back, but for the leads that were changed since."""
    with talking(url, key) as client:
        found = client.operations.undo(operation_id)
        if found.status == OperationStatus.UNDOING:
            found = client.operations.wait(operation_id)
    if as_json:
        print_json(found)
        return
    typer.echo(f"Took back {found.restored:,} of {counted(found.leads, 'lead')}.")
    if found.skipped:
        typer.echo(f"Left as they are: {found.skipped:,}.")
        table(("lead", "why"), ((each.id, each.reason) for each in found.skipped_leads))


def _row(found: Operation) -> tuple[object, ...]:
    return found.id, found.kind, found.status, found.leads, found.subject_id, found.created_at, found.undo_until
