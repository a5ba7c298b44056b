"""Drives wrk: a file of requests against a server, and what it measured."""

import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import count
from operator import attrgetter
from pathlib import Path
from statistics import median
from zlib import crc32

import msgspec

from benchmarks.seed import WORK
from benchmarks.servers import Server, pinned

HOW_TO_GET_WRK = "wrk is missing; get it with `apt-get install wrk` (Debian, Ubuntu) or `brew install wrk` (macOS)"

_SCRIPT = Path(__file__).with_name("replay.lua")
_CORE = "1"
_runs = count(1)


class _Report(msgspec.Struct):
    requests: int
    microseconds: int
    p50: int
    p99: int
    refused: int
    broken: int


@dataclass(frozen=True, slots=True)
class Requests:
    """A file of requests, replayed over and over. `connections`: how many ask at the same time."""

    name: str
    file: Path
    connections: int


@dataclass(frozen=True, slots=True)
class Measured:
    """`rate`: answers a second; `per_cpu_second`: answers a second of the server's own processor time.

    Latencies in milliseconds.
    """

    rate: float
    p50: float
    p99: float
    per_cpu_second: float = 0.0


class LoadFailed(Exception):
    """Answers that were no answers; nothing can be measured so."""


def requests(name: str, lines: Iterable[str], connections: int = 32) -> Requests:
    """Writes requests to a file: each line `method path body`, with tabs between."""
    text = "\n".join(lines) + "\n"
    file = WORK / "requests" / f"{crc32(text.encode()):08x}.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return Requests(name, file, connections)


def start(server: Server, key: str, load: Requests, seconds: float) -> subprocess.Popen[str]:
    """Starts wrk; `finish` has its figures."""
    command = [
        *("wrk", "--threads", "1", "--connections", str(load.connections), "--duration", f"{max(1, round(seconds))}s"),
        *(
            "--timeout",
            "30s",
            "--script",
            str(_SCRIPT),
            server.address,
            "--",
            str(load.file),
            key,
            str(next(_runs) * 7919),
        ),
    ]
    return subprocess.Popen(pinned(_CORE, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(running: subprocess.Popen[str], load: Requests) -> Measured:
    """Raises LoadFailed when not every answer was a good one."""
    output, _ = running.communicate()
    last = output.strip().rpartition("\n")[2]
    if not last.startswith("{"):
        raise LoadFailed(f"wrk failed at {load.name}: {output}")
    report = msgspec.json.decode(last, type=_Report)
    if report.refused or report.broken or not report.requests:
        raise LoadFailed(f"{load.name}: {report.refused} of {report.requests} refused, {report.broken} broken")
    rate = report.requests / report.microseconds * 1_000_000
    return Measured(rate, report.p50 / 1000, report.p99 / 1000)


def measure(server: Server, key: str, load: Requests, seconds: float) -> Measured:
    cpu_before = server.cpu_seconds()
    measured = finish(start(server, key, load, seconds), load)
    cpu = server.cpu_seconds() - cpu_before
    return replace(measured, per_cpu_second=measured.rate * round(seconds) / cpu if cpu else 0.0)


def middle(runs: Sequence[Measured]) -> Measured:
    """The median of each figure."""
    return Measured(*(median(figures) for figures in zip(*map(astuple, runs), strict=True)))


def middle_ratio(
    runs: Sequence[Measured], others: Sequence[Measured], figure: Callable[[Measured], float] = attrgetter("rate")
) -> float:
    """The median of the ratios of one figure, each within its own round."""
    return median(figure(run) / figure(other) for run, other in zip(runs, others, strict=True))
