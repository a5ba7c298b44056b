"""How leads look in a terminal, and as JSON. What comes from outside can't steer the terminal."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leadlight.client.models import Lead

_STEERING = dict.fromkeys(
    (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}"
) | dict.fromkeys(map(ord, "\t\n\r"), " ")
"""Control characters, and those that turn the direction of writing."""

LEAD_COLUMNS = ("id", "name", "email", "phone", "status", "source", "created")
_WIDE = 1000


def printable(text: str) -> str:
    return text.translate(_STEERING)


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def cell(value: object) -> Text:
    """A value as a table shows it: never markup, never steering."""
    if value is None:
        return Text("")
    if isinstance(value, datetime):
        return Text(f"{value:%Y-%m-%d %H:%M:%S}")
    return Text(printable(value if isinstance(value, str) else to_json(value)))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints rows; what stands first in them is an id, to be copied as it is."""
    made = Table()
    for index, column in enumerate(columns):
        made.add_column(cell(column), overflow="fold", no_wrap=index == 0)
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    console().print(made)


def lead_row(lead: Lead) -> tuple[object, ...]:
    return lead.id, lead.name, lead.email, lead.phone, lead.status, lead.source, lead.created_at


def lead_fields(lead: Lead) -> dict[str, object]:
    """A lead field by field, its metadata key by key."""
    fields = {
        "id": lead.id,
        "name": lead.name,
        "email": lead.email,
        "phone": lead.phone,
        "source": lead.source,
        "status": lead.status,
        "created": lead.created_at,
        "updated": lead.updated_at,
    }
    if lead.follow_up_at is not None:
        fields["follow up"] = lead.follow_up_at
    if lead.follow_up_note is not None:
        fields["follow-up note"] = lead.follow_up_note
    return {**fields, **{f"metadata.{printable(key)}": value for key, value in lead.metadata.items()}}


def show(fields: Mapping[str, object]) -> None:
    """Prints one thing, a line for each field."""
    made = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in fields.items():
        made.add_row(Text(name), cell(value))
    console().print(made)


def console() -> Console:
    """What is not read in a terminal is as wide as it has to be."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDE)


def errors_console() -> Console:
    return Console(stderr=True)


def print_json(value: object) -> None:
    typer.echo(to_json(value))


def to_json(value: object) -> str:
    return msgspec.json.encode(as_sent(value)).decode()


def as_sent(value: object) -> Any:
    """With names and times as the API has them."""
    return _on_the_wire(msgspec.to_builtins(value, builtin_types=(datetime,)))


def _on_the_wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: _on_the_wire(item) for name, item in value.items()}
    return [_on_the_wire(item) for item in value] if isinstance(value, list | tuple) else value
