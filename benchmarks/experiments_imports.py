"""What is measured of imports: beside the bare engine loading the same leads, and what others feel of one."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from statistics import median

from benchmarks import load, workloads
from benchmarks.imported import Imported, import_file
from benchmarks.lead_files import csv_file
from benchmarks.load import LoadFailed, Measured, Requests, middle, middle_ratio
from benchmarks.postgres_stores import PostgresStores
from benchmarks.rounds import Effort, Section, at_least, at_most
from benchmarks.seed import read_note
from benchmarks.servers import BOTH_CORES, Server, cpu_seconds, leadlight, pinned
from benchmarks.subscribed_stores import Place, scratch_place
from leadlight.store.sqlite_file import FILE_NAME

_BEFORE = 1_000
_FEW_ROUNDS = 3
_MILLION = 1_000_000
_CALM_ROWS = 50_000
_IDLE_SECONDS = 3.0
_ALONE, _BESIDE, _ELSEWHERE = "alone", "beside an import", "beside another store's import"
_p99 = attrgetter("p99")


def imports(effort: Effort, stores: PostgresStores | None = None) -> Section:
    rows = effort.rows
    bare_name = "SQLite alone, executemany" if stores is None else "PostgreSQL alone, COPY"
    section = Section(
        f"Import of {rows:,} rows of CSV",
        f"Eight columns, sent by HTTP to a server on {_BEFORE:,} leads, with onDuplicate=update: each row is checked, "
        "looked for among the leads, and stored with its event, the counts, the search index and what an undo needs. "
        "Its time is from the beginning of the upload to the answer that all is done. The bare engine loads the very "
        "leads that the import stored into the same table with the same indexes, in one transaction, and nothing else. "
        "Nobody is bound to less than both cores. `process` is that of the import, or the one that loads; `µs` is "
        "processor time a row.",
        ("what", "seconds", "rows/s", "process µs", "database µs", "peak MiB", "of the bare engine"),
    )
    file = csv_file(rows)
    ours: list[_Load] = []
    bare: list[_Load] = []
    rounds = 1 if rows >= _MILLION else min(effort.rounds, _FEW_ROUNDS)
    for number in range(rounds):
        with scratch_place(_BEFORE, "imported", stores) as place:
            with _serving(place, stores) as server:
                before = _database_cpu(place)
                imported = import_file(server, place.key, file, rows)
                ours.append(_Load.of(imported, _database_cpu(place) - before))
            with scratch_place(_BEFORE, "bare", stores) as other:
                bare.append(_load_by_sqlite(place, other) if stores is None else _copy(place, other, stores))
        print(f"  round {number + 1} of {rounds}", flush=True)
    ratio = median(one.rate / other.rate for one, other in zip(ours, bare, strict=True))
    section.rows += [_row("Leadlight", ours, ratio), _row(bare_name, bare, 1.0)]
    section.targets.append(at_least(f"import of {rows:,} rows, of {bare_name}", ratio, 0.35))
    peak = max(one.peak_mib for one in ours)
    section.targets.append(at_most(f"memory of the process that imports {rows:,} rows", peak, 150, "MiB"))
    return section


def calm_beside_imports(effort: Effort, stores: PostgresStores | None = None) -> Section:
    rows = min(effort.rows, _CALM_ROWS)
    section = Section(
        f"Look-ups and creates on {effort.leads:,} leads while {rows:,} rows are imported",
        "At an even pace on ten connections: 500 look-ups a second, and at another time 25 creates, from the beginning "
        "of an upload until its import is done. A request that is due while its connection waits for an answer has "
        "waited since then. Nobody is bound to less than both cores. Another store's import shares nothing but the "
        "machine: what it costs a look-up, no store could spare.",
        ("requests", "a second", "p50 ms", "p99 ms", "p99 is"),
    )
    with (
        scratch_place(effort.leads, "calm", stores) as place,
        scratch_place(effort.leads, "elsewhere", stores) as other_place,
        _serving(place, stores) as server,
        _serving(other_place, stores) as other,
    ):
        look_ups = _Paced("look-ups", server, place.key, workloads.look_up(read_note(place.folder)), 500)
        creates = _Paced("creates", server, place.key, workloads.create(), 25)
        own, elsewhere = (server, place.key), (other, other_place.key)
        runs: dict[tuple[_Paced, str], list[Measured]] = {}
        rounds = min(effort.rounds, _FEW_ROUNDS)
        for number in range(rounds):
            for one, what, into in (
                (look_ups, _ALONE, None),
                (look_ups, _BESIDE, own),
                (look_ups, _ELSEWHERE, elsewhere),
                (creates, _ALONE, None),
                (creates, _BESIDE, own),
            ):
                file = csv_file(rows, number=2 * number + (one is creates))  # other people: they are new again
                with one.going_on(runs.setdefault((one, what), [])):
                    if into is None:
                        time.sleep(max(effort.seconds, _IDLE_SECONDS))
                    else:
                        import_file(*into, file, rows)
            print(f"  round {number + 1} of {rounds}", flush=True)
    for (one, what), measured in runs.items():
        found, ratio = middle(measured), middle_ratio(measured, runs[one, _ALONE], _p99)
        times = f"{found.p50:.2f}", f"{found.p99:.2f}"
        section.rows.append((f"{one.name} {what}", f"{one.per_second}", *times, f"{ratio:.2f} x"))
    beside = runs[look_ups, _BESIDE]
    for what, wanted in ((_ALONE, 2.0), (_ELSEWHERE, 1.5)):
        ratio = middle_ratio(beside, runs[look_ups, what], _p99)
        section.targets.append(at_most(f"p99 of look-ups beside an import, of that {what}", ratio, wanted, "x"))
    return section


@dataclass(frozen=True, slots=True)
class _Load:
    """Rows that were taken in. Processor time in microseconds a row."""

    seconds: float
    rate: float
    cpu: float
    database_cpu: float
    peak_mib: float = 0.0

    @classmethod
    def of(cls, imported: Imported, database_seconds: float) -> "_Load":
        cpu, database_cpu = (each / imported.rows * 1_000_000 for each in (imported.cpu, database_seconds))
        return cls(imported.seconds, imported.rows / imported.seconds, cpu, database_cpu, imported.peak_mib)


@dataclass(frozen=True, slots=True)
class _Paced:
    """Requests at an even pace, by a program of its own."""

    name: str
    server: Server
    key: str
    requests: Requests
    per_second: int

    @contextmanager
    def going_on(self, runs: list[Measured]) -> Iterator[None]:
        """Adds what it measured until the context ends."""
        what = (str(self.server.port), self.key, str(self.requests.file), str(self.per_second))
        command = pinned(BOTH_CORES, [sys.executable, "-m", "benchmarks.paced_requests", *what])
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True) as running:
            try:
                yield
                output, _ = running.communicate("")  # its standard input ends
            except BaseException:
                running.terminate()
                raise
        if not output.startswith("{"):
            raise LoadFailed(f"{self.name}: {output}")
        found = json.loads(output)
        runs.append(Measured(found["rate"], found["p50"], found["p99"]))


@contextmanager
def _serving(place: Place, stores: PostgresStores | None) -> Iterator[Server]:
    if stores is not None:
        stores.bind(BOTH_CORES)
    with leadlight(place.folder, options=place.options, cores=BOTH_CORES) as server:
        yield server


def _load_by_sqlite(imported: Place, target: Place) -> _Load:
    command = [
        sys.executable,
        "-m",
        "benchmarks.bare_loads",
        *(str(one.folder / FILE_NAME) for one in (imported, target)),
    ]
    output, _ = load.run(BOTH_CORES, [*command, str(_BEFORE)]).communicate()
    if not output.startswith("{"):
        raise LoadFailed(output)
    found = json.loads(output)
    return _Load(found["seconds"], found["rows"] / found["seconds"], found["cpu"] / found["rows"] * 1_000_000, 0.0)


def _copy(imported: Place, target: Place, stores: PostgresStores) -> _Load:
    """By the server itself, out of a file."""
    file = stores.file("imported")
    stores.run(
        imported.database_url, f"COPY (SELECT * FROM leads WHERE number > {_BEFORE} ORDER BY number) TO '{file}'"
    )
    with file.open("rb") as lines:
        rows = sum(1 for _ in lines)
    stores.bind(BOTH_CORES)
    stores.run(target.database_url, "CHECKPOINT")
    before = _database_cpu(target)
    seconds = stores.run(target.database_url, f"COPY leads FROM '{file}'")
    file.unlink()
    return _Load(seconds, rows / seconds, 0.0, (_database_cpu(target) - before) / rows * 1_000_000)


def _database_cpu(place: Place) -> float:
    return cpu_seconds(place.database) if place.database else 0.0


def _row(name: str, runs: list[_Load], ratio: float) -> tuple[str, ...]:
    seconds, rate, cpu, database_cpu = (
        median(attrgetter(figure)(run) for run in runs) for figure in ("seconds", "rate", "cpu", "database_cpu")
    )
    peak = max(run.peak_mib for run in runs)
    figures = f"{seconds:.1f}", f"{rate:,.0f}", f"{cpu:,.0f}", f"{database_cpu:,.0f}", f"{peak:.0f}" if peak else ""
    return name, *figures, f"{ratio:.2f} x"
