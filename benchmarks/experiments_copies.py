"""What is measured of `leadlight db copy`: beside PostgreSQL's own COPY, the way back, and the memory that it needs."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.postgres_stores import PostgresStores, sqlite_url, timed_copy
from benchmarks.rounds import Effort, Section, at_least
from benchmarks.seed import scratch_folder, seeded_store
from benchmarks.servers import BOTH_CORES, read_through
from benchmarks.timed_copy import CopyTimes
from leadlight.store import opening

_CHECKPOINT = "CHECKPOINT"


def copies(effort: Effort, stores: PostgresStores) -> Section:
    store = seeded_store(effort.leads)
    section = Section(
        f"Copies of {effort.leads:,} leads",
        "`the copy itself` ends with the last row; `the command` gathers statistics and compares both sides as well. "
        "With COPY the server reads the same rows from files into the same tables with the same indexes.",
        ("what", "rows", "seconds", "rows/s", "of COPY", "peak MiB"),
    )
    stores.bind(BOTH_CORES)
    read_through(store)
    there: list[CopyTimes] = []
    back: list[CopyTimes] = []
    bare: list[float] = []
    for number in range(effort.rounds):
        url = stores.empty()
        stores.run(url, _CHECKPOINT)
        there.append(timed_copy(sqlite_url(store), url))
        stores.settle(url)
        bare.append(_copy_from_files(stores, url, list(there[0].tables)))
        back.append(timed_copy(url, sqlite_url(scratch_folder("copy"))))
        stores.keep(effort.leads, url)
        print(f"  round {number + 1} of {effort.rounds}", flush=True)
    rows, copy_rate = there[0].rows, there[0].rows / median(bare)
    section.rows += _rows("SQLite to PostgreSQL", there, copy_rate)
    section.rows.append(("COPY", f"{rows:,}", f"{median(bare):.1f}", f"{copy_rate:,.0f}", "1.00 x", ""))
    section.rows += _rows("PostgreSQL to SQLite", back)
    section.rows += _rows("a tenth, SQLite to PostgreSQL", [_copy_a_tenth(effort, stores)])
    ratio = median(seconds / times.copied for seconds, times in zip(bare, there, strict=True))
    section.targets.append(at_least(f"copying {effort.leads:,} leads to PostgreSQL, of COPY's rows/s", ratio, 0.4))
    return section


def _copy_from_files(stores: PostgresStores, filled: str, tables: Sequence[str]) -> float:
    """Seconds that COPY takes for all rows of a filled store, into one that is made as it was."""
    for table in tables:
        file = stores.file(table)
        if not file.exists():
            stores.run(filled, f"COPY {table} TO '{file}'")
    url = stores.empty()
    asyncio.run(opening.migrate(Path(), url))
    stores.run(url, _CHECKPOINT)
    seconds = sum(stores.run(url, f"COPY {table} FROM '{stores.file(table)}'") for table in tables)
    stores.drop(url)
    return seconds


def _copy_a_tenth(effort: Effort, stores: PostgresStores) -> CopyTimes:
    store, url = seeded_store(effort.leads // 10), stores.empty()
    times = timed_copy(sqlite_url(store), url)
    stores.drop(url)
    return times


def _rows(name: str, runs: Sequence[CopyTimes], copy_rate: float | None = None) -> list[tuple[str, ...]]:
    """`copy_rate`: the rows a second of COPY, where they can be compared."""
    peak = f"{max(times.peak_mib for times in runs):.0f}"
    rows = []
    for part, seconds in (
        ("the copy itself", median(times.copied for times in runs)),
        ("the command", median(times.whole for times in runs)),
    ):
        rate = runs[0].rows / seconds
        ratio = f"{rate / copy_rate:.2f} x" if copy_rate else ""
        rows.append((f"{name}, {part}", f"{runs[0].rows:,}", f"{seconds:.1f}", f"{rate:,.0f}", ratio, peak))
    return rows
