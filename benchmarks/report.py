"""Tables for people: on the screen and in results.md. Says what machine it was, not where or whose."""

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import apsw

from benchmarks.reference import NODE_PACKAGES, PYTHON_PACKAGES
from benchmarks.rounds import Effort, Section


def markdown(sections: Sequence[Section], effort: Effort, command: str) -> str:
    """The whole page."""
    parts = [
        "# Results\n\nWritten by `" + command + f"` on {datetime.now(UTC):%Y-%m-%d}. "
        f"Medians of {effort.rounds} rounds of {effort.seconds:g} s in turn; ratios are within a round. The server is "
        "bound to one core and wrk to another. Compare ratios, not the figures of different machines. `answers per "
        "CPU second` counts the server's own processor time: what it would do if nothing else were running.\n",
        _table(("what", "which"), _machine()),
        "## Targets\n\n" + targets_table(sections),
    ]
    parts += [
        f"## {section.title}\n\n{section.about}\n\n{_table(section.columns, section.rows)}" for section in sections
    ]
    return "\n".join(parts)


def targets_table(sections: Sequence[Section]) -> str:
    rows = [
        (target.text, target.wanted, target.measured, "reached" if target.reached else "**missed**")
        for section in sections
        for target in section.targets
    ]
    return _table(("target", "wanted", "measured", ""), rows)


def section_table(section: Section) -> str:
    return _table(section.columns, section.rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[index]) for row in (columns, *rows)) for index in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |\n"

    return line(columns) + line(["-" * width for width in widths]) + "".join(map(line, rows))


def _machine() -> list[tuple[str, str]]:
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("system", f"{platform.system()} {platform.release()}"),
        ("Python, SQLite, uvicorn", f"{sys.version.split()[0]}, {apsw.sqlite_lib_version()}, {version('uvicorn')}"),
        ("Node, Fastify, better-sqlite3", f"{_said('node', '--version')}, " + ", ".join(NODE_PACKAGES.values())),
        ("FastAPI reference", ", ".join(PYTHON_PACKAGES)),
        ("wrk, nginx", f"{_said('wrk', '--version')}, {_said('nginx', '-v')}"),
    ]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _said(*command: str) -> str:
    """The version in the first line that a program prints about itself."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "none"
    words = (done.stdout + done.stderr).split()
    return next((word for word in words if any(letter.isdigit() for letter in word)), "unknown")
