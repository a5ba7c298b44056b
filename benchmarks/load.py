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
_runs = count(1)


class _Report(msgspec.Struct):
    """What wrk's script prints. `cpu`: microseconds of its own."""

    requests: int
    microseconds: int
    cpu: int
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
    """`rate`: answers a second. Latencies in milliseconds.

    Processor time in microseconds an answer: of the server, of the database server it asks, of who asks. 0 where the
    system does not tell.
    """

    rate: float
    p50: float
    p99: float
    server_cpu: float = 0.0
    database_cpu: float = 0.0
    client_cpu: float = 0.0

    @property
    def per_cpu_second(self) -> float:
        """Answers a second of the server's own processor time."""
        return 1_000_000 / self.server_cpu if self.server_cpu else 0.0


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
    """Starts wrk; `finish` has its figures. Of several keys, with commas between, each has a thread of its own."""
    threads, duration = key.count(",") + 1, f"{max(1, round(seconds))}s"
    command = [
        *("wrk", "--threads", str(threads), "--connections", str(load.connections), "--duration", duration),
        *("--timeout", "30s", "--script", str(_SCRIPT), server.address, "--"),
        *(str(load.file), key, str(next(_runs) * 7919)),
    ]
    return run(server.clients_on, command)


def run(cores: str, command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(pinned(cores, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(running: subprocess.Popen[str], name: str) -> Measured:
    """Raises LoadFailed when not every answer was a good one."""
    output, _ = running.communicate()
    last = output.strip().rpartition("\n")[2]
    if not last.startswith("{"):
        raise LoadFailed(f"{name} failed: {output}")
    report = msgspec.json.decode(last, type=_Report)
    if report.refused or report.broken or not report.requests:
        raise LoadFailed(f"{name}: {report.refused} of {report.requests} refused, {report.broken} broken")
    rate = report.requests / report.microseconds * 1_000_000
    return Measured(rate, report.p50 / 1000, report.p99 / 1000, client_cpu=report.cpu / report.requests)


def measure(server: Server, key: str, load: Requests, seconds: float) -> Measured:
    server_before, database_before = server.cpu_seconds(), server.database_cpu_seconds()
    measured = finish(start(server, key, load, seconds), load.name)
    answers = measured.rate * max(1, round(seconds)) / 1_000_000
    return replace(
        measured,
        server_cpu=(server.cpu_seconds() - server_before) / answers,
        database_cpu=(server.database_cpu_seconds() - database_before) / answers,
    )


def middle(runs: Sequence[Measured]) -> Measured:
    """The median of each figure."""
    return Measured(*(median(figures) for figures in zip(*map(astuple, runs), strict=True)))


def middle_ratio(
    runs: Sequence[Measured], others: Sequence[Measured], figure: Callable[[Measured], float] = attrgetter("rate")
) -> float:
    """The median of the ratios of one figure, each within its own round."""
    return median(figure(run) / figure(other) for run, other in zip(runs, others, strict=True))
