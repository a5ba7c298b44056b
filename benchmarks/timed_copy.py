"""`leadlight db copy`, told apart into its parts: the copy itself, and all of it.

python -m benchmarks.timed_copy FROM TO
"""

import asyncio
import sys
from pathlib import Path
from time import perf_counter

import msgspec

from leadlight.store import opening


class CopyTimes(msgspec.Struct, frozen=True):
    """`copied`: seconds until the last row was there; the rest of `whole` gathers statistics and compares.

    `peak_mib`: most memory that the process held, 0 where the system does not tell.
    """

    tables: dict[str, int]
    copied: float
    whole: float
    peak_mib: float

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


def copy(source: str, target: str) -> CopyTimes:
    began = perf_counter()
    copied = 0.0

    def advance(step: str, _done: int, _total: int) -> None:
        nonlocal copied
        if not step.startswith("verify "):
            copied = perf_counter() - began

    tables = {part.table: part.rows for part in asyncio.run(opening.copy(source, target, advance))}
    return CopyTimes(tables, copied, perf_counter() - began, _peak_mib())


def _peak_mib() -> float:
    """Of this program alone; what `getrusage` tells begins with the peak of who started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(lines["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    print(msgspec.json.encode(copy(*sys.argv[1:])).decode())
