"""`make bench`: measures Leadlight and says which targets it reaches.

python -m benchmarks.run [--db postgres] [--full] [--only NAME …] [--record]
"""

import argparse
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import (
    experiments,
    experiments_copies,
    experiments_events,
    experiments_imports,
    experiments_large,
    experiments_pages,
    experiments_postgres,
)
from benchmarks.load import HOW_TO_GET_WRK
from benchmarks.postgres_stores import PostgresStores, postgres_stores
from benchmarks.report import PARTS, markdown, put_part, section_table, targets_table
from benchmarks.rounds import Effort, Section
from benchmarks.seed import WORK

RESULTS = Path(__file__).with_name("results.md")

USUAL: dict[str, Callable[[Effort], Section]] = {
    "lookup": experiments.against_references,
    "workloads": experiments.every_workload,
    "create": experiments.durable_creates,
    "calm": experiments.calm_look_ups,
    "process": experiments.the_process,
    "deliveries": experiments_events.deliveries,
    "subscribed": experiments_events.subscribed_creates,
    "dead": experiments_events.dead_endpoints,
    "stream": experiments_events.live_stream,
    "imports": experiments_imports.imports,
    "imports-calm": experiments_imports.calm_beside_imports,
    "pages": experiments_pages.pages,
}
LARGE: dict[str, Callable[[Effort], Section]] = {
    "size": experiments_large.look_ups_by_size,
    "depth": experiments_large.pages_by_depth,
    "million": experiments_large.lists_of_a_million,
    "neighbours": experiments_large.neighbours,
}
POSTGRES: dict[str, Callable[[Effort, PostgresStores], Section]] = {
    "lookup": experiments_postgres.against_references,
    "workers": experiments_postgres.two_workers,
    "create": experiments_postgres.durable_creates,
    "copy": experiments_copies.copies,
    "deliveries": experiments_events.deliveries,
    "subscribed": experiments_events.subscribed_creates,
    "dead": experiments_events.dead_endpoints,
    "stream": experiments_events.live_stream,
    "imports": experiments_imports.imports,
    "imports-calm": experiments_imports.calm_beside_imports,
    "pages": experiments_pages.pages,
}
POSTGRES_LARGE: dict[str, Callable[[Effort, PostgresStores], Section]] = {
    "million": experiments_postgres.lists_of_a_million,
}
_EFFORTS = {"sqlite": Effort(200_000, 3, 5, 100_000), "postgres": Effort(50_000, 1, 3, 100_000)}
_MILLION = 1_000_000


def main() -> int:
    given = _arguments()
    if shutil.which("wrk") is None:
        print(HOW_TO_GET_WRK, file=sys.stderr)
        return 2
    usual = _EFFORTS[given.db]
    effort = Effort(
        given.leads or usual.leads,
        given.seconds or usual.seconds,
        given.rounds or usual.rounds,
        given.leads or (_MILLION if given.full else usual.rows),
    )
    sections = []
    for section in (_postgres if given.db == "postgres" else _sqlite)(given.only, effort, full=given.full):
        sections.append(section)
        print(f"\n{section.title}\n\n{section_table(section)}", flush=True)
    shutil.rmtree(WORK / "scratch", ignore_errors=True)
    print(targets_table(sections))
    results = RESULTS if given.record else WORK / RESULTS.name
    command = shlex.join(["python", "-m", "benchmarks.run", *sys.argv[1:]])
    put_part(results, markdown(sections, effort, command, engine=given.db))
    print(f"These tables are in {results.relative_to(RESULTS.parent.parent)}")
    return 0


def _sqlite(only: list[str] | None, effort: Effort, *, full: bool) -> Iterator[Section]:
    for name in only or [*USUAL, *(LARGE if full else ())]:
        print(f"{name} …", flush=True)
        yield (USUAL | LARGE)[name](effort)
        if full and name == "process":
            yield USUAL[name](replace(effort, leads=_MILLION))


def _postgres(only: list[str] | None, effort: Effort, *, full: bool) -> Iterator[Section]:
    with postgres_stores() as stores:
        for name in only or [*POSTGRES, *(POSTGRES_LARGE if full else ())]:
            print(f"{name} …", flush=True)
            one = replace(effort, leads=_MILLION, rounds=1) if full and name == "copy" else effort
            yield (POSTGRES | POSTGRES_LARGE)[name](one, stores)


def _arguments() -> argparse.Namespace:
    names = {"sqlite": [*USUAL, *LARGE], "postgres": [*POSTGRES, *POSTGRES_LARGE]}
    listed = "; ".join(f"{engine}: {', '.join(of_it)}" for engine, of_it in names.items())
    parser = argparse.ArgumentParser(prog="benchmarks.run", description="Measure Leadlight.")
    parser.add_argument("--db", choices=[*PARTS], default="sqlite", help="the engine that is measured (sqlite)")
    parser.add_argument(
        "--leads", type=int, help="size of the store (200000; postgres: 50000), rows to import (100000)"
    )
    parser.add_argument("--seconds", type=float, help="length of one measurement (3; postgres: 1)")
    parser.add_argument("--rounds", type=int, help="measurements of each subject (5; postgres: 3)")
    parser.add_argument("--full", action="store_true", help="the large stores and files too: 1 and 2 million leads")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=listed)
    parser.add_argument("--record", action="store_true", help="write the tables to benchmarks/results.md")
    given = parser.parse_args()
    if unknown := set(given.only or ()) - set(names[given.db]):
        parser.error(f"--only {' '.join(unknown)}: choose from {', '.join(names[given.db])}")
    return given


if __name__ == "__main__":
    sys.exit(main())
