"""How much of a list a command shows, and that it says when there is more."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Annotated, TypeVar

import typer

from leadlight.cli.tables import print_json, table

T = TypeVar("T")

_LARGEST_PAGE = 100

Limit = Annotated[int, typer.Option("--limit", min=0, help="How many at the most; 0 for all.")]


def page_size(limit: int) -> int:
    """How many to ask for at once: one more than is shown tells whether that is all."""
    return min(limit + 1, _LARGEST_PAGE) if limit else _LARGEST_PAGE


def beginning(items: Iterator[T], limit: int) -> list[T]:
    """As much as `show_list` wants."""
    return list(islice(items, limit + 1) if limit else items)


def show_list(
    found: Sequence[T], limit: int, *, columns: Sequence[str], row: Callable[[T], Sequence[object]], as_json: bool
) -> None:
    shown = found[:limit] if limit else found
    if as_json:
        print_json(shown)
        return
    table(columns, map(row, shown))
    if len(found) > len(shown):
        typer.secho(f"There are more than these {limit}; --limit 0 shows all.", err=True)
