"""`leadlight export`: leads of a server as a file."""

import sys
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from leadlight.cli.connection import DEFAULT_URL, Key, Url, end, talking
from leadlight.cli.lead_options import (
    CreatedAfter,
    CreatedBefore,
    FollowUpAfter,
    FollowUpBefore,
    Search,
    Source,
    Status,
    UpdatedAfter,
    UpdatedBefore,
    WithEmail,
    WithMetadata,
    WithPhone,
    chosen,
)
from leadlight.cli.options import AsJson
from leadlight.cli.tables import errors_console, print_json, printable

_STDOUT = Path("-")


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; - or nothing for the output.")
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="By the name of the file, if not said; csv without one.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    status: Status = None,
    source: Source = None,
    search: Search = None,
    email: WithEmail = None,
    phone: WithPhone = None,
    created_after: CreatedAfter = None,
    created_before: CreatedBefore = None,
    updated_after: UpdatedAfter = None,
    updated_before: UpdatedBefore = None,
    follow_up_after: FollowUpAfter = None,
    follow_up_before: FollowUpBefore = None,
    metadata: WithMetadata = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Write leads to a file, or to the output; every filter has to hold.

    The file appears once it is whole. An import of it gives back the same leads.
    """
    output = None if output == _STDOUT else output
    chosen_format = format_ or _format_of(output)
    _check(output, chosen_format, force=force)
    which = chosen(
        status=status,
        source=source,
        search=search,
        email=email,
        phone=phone,
        created_after=created_after,
        created_before=created_before,
        updated_after=updated_after,
        updated_before=updated_before,
        follow_up_after=follow_up_after,
        follow_up_before=follow_up_before,
        metadata=metadata,
    )
    errors = errors_console()
    with talking(url, key) as client, errors.status("Exporting") if errors.is_terminal else nullcontext():
        size = client.leads.export(output or sys.stdout.buffer, format=chosen_format, **which)
        sys.stdout.flush()
    if output is None:
        return
    if as_json:
        print_json({"file": str(output), "format": chosen_format, "bytes": size})
    else:
        typer.echo(f"Wrote {printable(str(output))}, {size:,} bytes")


def _format_of(output: Path | None) -> Format:
    """By the ending of its name."""
    ending = "" if output is None else output.suffix.lower().removeprefix(".")
    return Format(ending) if ending in set(Format) else Format.CSV


def _check(output: Path | None, chosen_format: Format, *, force: bool) -> None:
    if output is None:
        if chosen_format is Format.XLSX and sys.stdout.isatty():
            end("an XLSX file is nothing for a terminal; give --output")
        return
    if output.is_dir():
        end(f"{output} is a folder; name a file in it")
    if output.exists() and not force:
        end(f"{output} is there already; give another --output, or --force to replace it")
