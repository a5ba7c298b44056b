"""How far an import is: what is known of it, as a bar and a line."""

from types import TracebackType
from typing import Self

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from leadlight.cli.tables import counted
from leadlight.client import Import


class Standing(msgspec.Struct, frozen=True):
    """`share`: from 0 to 1, where it can be told."""

    share: float | None
    text: str


def standing(found: Import) -> Standing:
    """By rows where they are counted, by bytes before."""
    share = None
    if found.total:
        share = min(1.0, found.processed / found.total)
    elif found.size and found.bytes_read:
        share = min(1.0, found.bytes_read / found.size)
    words = [counted(found.processed, "row")]
    if found.rate_per_second:
        words.append(f"{found.rate_per_second:,.0f}/s")
        if share and found.processed:
            words.append(f"{_duration(found.processed * (1 / share - 1) / found.rate_per_second)} left")
    if found.failed:
        words.append(f"{found.failed:,} failed")
    return Standing(share, ", ".join(words))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Bar:
    """`with Bar(console) as bar:` Shows nothing where nobody looks."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[told]}"),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("Waiting", total=None, told="")

    def show(self, found: Import) -> None:
        now = standing(found)
        self._progress.update(
            self._task,
            description=found.status.capitalize(),
            total=None if now.share is None else 1.0,
            completed=now.share or 0.0,
            told=now.text,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()
