"""`make bench`: measures Leadlight and says which targets it reaches.

python -m benchmarks.run [--full] [--only NAME …] [--record]
"""

import argparse
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import experiments, experiments_large
from benchmarks.load import HOW_TO_GET_WRK
from benchmarks.report import markdown, section_table, targets_table
from benchmarks.rounds import Effort, Section
from benchmarks.seed import WORK

RESULTS = Path(__file__).with_name("results.md")

Experiment = Callable[[Effort], Section]

USUAL: dict[str, Experiment] = {
    "lookup": experiments.against_references,
    "workloads": experiments.every_workload,
    "create": experiments.durable_creates,
    "calm": experiments.calm_look_ups,
    "process": experiments.the_process,
}
LARGE: dict[str, Experiment] = {
    "size": experiments_large.look_ups_by_size,
    "depth": experiments_large.pages_by_depth,
    "million": experiments_large.lists_of_a_million,
    "neighbours": experiments_large.neighbours,
}
_MILLION = 1_000_000


def main() -> int:
    given = _arguments()
    if shutil.which("wrk") is None:
        print(HOW_TO_GET_WRK, file=sys.stderr)
        return 2
    effort = Effort(given.leads, given.seconds, given.rounds)
    chosen = given.only or [*USUAL, *(LARGE if given.full else ())]
    sections = []
    for name in chosen:
        print(f"{name} …", flush=True)
        large_too = given.full and name == "process"
        for one in (effort, Effort(_MILLION, given.seconds, given.rounds)) if large_too else (effort,):
            section = (USUAL | LARGE)[name](one)
            sections.append(section)
            print(f"\n{section.title}\n\n{section_table(section)}", flush=True)
    shutil.rmtree(WORK / "scratch", ignore_errors=True)
    print(targets_table(sections))
    results = RESULTS if given.record else WORK / RESULTS.name
    command = shlex.join(["python", "-m", "benchmarks.run", *sys.argv[1:]])
    results.write_text(markdown(sections, effort, command), encoding="utf-8")
    print(f"These tables are in {results.relative_to(RESULTS.parent.parent)}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.run", description="Measure Leadlight.")
    parser.add_argument("--leads", type=int, default=200_000, help="size of the store (200000)")
    parser.add_argument("--seconds", type=float, default=3, help="length of one measurement (3)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each subject (5)")
    parser.add_argument("--full", action="store_true", help="the large stores too: 1 and 2 million leads")
    parser.add_argument("--only", nargs="+", choices=[*USUAL, *LARGE], metavar="NAME", help=", ".join([*USUAL, *LARGE]))
    parser.add_argument("--record", action="store_true", help="write the tables to benchmarks/results.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
