"""What is measured with `--db postgres`: look-ups, workers, creates and lists. Copies are in `experiments_copies`."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from benchmarks import load, reference, workloads
from benchmarks.experiments import figures, or_a_line
from benchmarks.load import Measured, middle, middle_ratio
from benchmarks.postgres_stores import PostgresStores, add_workspaces
from benchmarks.reference import BARE, FASTAPI
from benchmarks.rounds import Effort, Section, Subject, at_least, in_turn
from benchmarks.seed import read_note, seeded_store
from benchmarks.servers import BOTH_CORES, CLIENT_CORE, SERVER_CORE, Server, cpu_seconds, leadlight

_OURS = "Leadlight"
_CPU = ("server µs", "database µs", "client µs")
_WRITERS = 16
_UNLIMITED = ("--rate-limit", "0", "--auth-failures-per-minute", "0")


def against_references(effort: Effort, stores: PostgresStores) -> Section:
    store, url = seeded_store(effort.leads), stores.filled(effort.leads)
    note = read_note(store)
    requests = workloads.look_up(note)
    section = Section(
        f"Look-ups on {effort.leads:,} leads in PostgreSQL, against reference servers",
        "32 connections. The server is on one core; the database and wrk share the other. FastAPI does the work that "
        "Leadlight does. The bare servers do none of it but the query and the body: no key, no limit, no log. The pool "
        "of asyncpg resets a connection that is given back, which costs a round trip; Leadlight's does not, nor does "
        "that of the second bare server.",
        ("server", "answers/s", "p50 ms", "p99 ms", *_CPU, "Leadlight is"),
    )
    stores.bind(CLIENT_CORE)
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(_leadlight(store, url, stores))
        servers = [ours, *_references(stack, ours, store, url)]
        subjects = [Subject(one.name, replace(one, database=stores.pid), note.counted_key, requests) for one in servers]
        runs = in_turn(subjects, effort)
    for name, theirs in runs.items():
        measured = middle(theirs)
        section.rows.append(
            (name, *figures(measured)[:3], *_cpu(measured), f"{middle_ratio(runs[_OURS], theirs):.2f} x")
        )
    for name, wanted in ((BARE, 0.85), (FASTAPI, 2.0)):
        if name in runs:
            text = f"look-ups on {effort.leads:,} leads, of {name}'s"
            section.targets.append(at_least(text, middle_ratio(runs[_OURS], runs[name]), wanted))
    return section


def two_workers(effort: Effort, stores: PostgresStores) -> Section:
    """Nobody is bound to less than both cores: what workers, database and client leave free is what more could use."""
    store, url = seeded_store(effort.leads), stores.filled(effort.leads)
    note = read_note(store)
    requests = workloads.look_up(note)
    section = Section(
        f"Look-ups on {effort.leads:,} leads by one worker and by two",
        "32 connections, no rate limit. Workers, database and wrk share two cores as the system deals them out. `two "
        "cores allow` is what both would answer at this cost if nothing else ran. One worker has one core at most and "
        "can not reach it; where two do, nothing is left for more.",
        ("server", "answers/s", "p50 ms", "p99 ms", *_CPU, "cores in use", "two cores allow"),
    )
    stores.bind(BOTH_CORES)
    with contextlib.ExitStack() as stack:
        subjects = []
        for engine, place in (("PostgreSQL", ("--database-url", url)), ("SQLite", ())):
            for workers in (1, 2):
                name = f"{engine}, {workers} worker{'s' * (workers > 1)}"
                options = (*place, "--workers", str(workers), *_UNLIMITED)
                server = stack.enter_context(leadlight(store, name=name, options=options, cores=BOTH_CORES))
                server = replace(server, clients_on=BOTH_CORES, database=stores.pid if place else None)
                subjects.append(Subject(name, server, note.unlimited_key, requests))
        runs = in_turn(subjects, effort)
    for name in runs:
        measured = middle(runs[name])
        cost = (measured.server_cpu + measured.database_cpu + measured.client_cpu) / 1_000_000
        allowed = f"{2 / cost:,.0f}" if cost else "unknown"
        section.rows.append((name, *figures(measured)[:3], *_cpu(measured), f"{measured.rate * cost:.2f}", allowed))
    for engine in ("PostgreSQL", "SQLite"):
        ratio = middle_ratio(runs[f"{engine}, 2 workers"], runs[f"{engine}, 1 worker"])
        section.targets.append(at_least(f"look-ups by two workers on {engine}, of one's", ratio, 1.5))
    return section


def durable_creates(effort: Effort, stores: PostgresStores) -> Section:
    store, url = seeded_store(effort.leads), stores.scratch(effort.leads)
    made = add_workspaces(url, _WRITERS)
    section = Section(
        f"Durable creates on {effort.leads:,} leads in PostgreSQL",
        "Each answer comes once the lead, its event and the counts are committed. Beside Leadlight, which is asked by "
        "HTTP, asyncpg alone sends the same four statements in a loop, a connection for each writer: the database's "
        "share. The server, or the loop, is on one core; the database and wrk share the other.",
        ("writers", "creates/s", "p50 ms", "p99 ms", *_CPU, "of the loop"),
    )
    stores.bind(CLIENT_CORE)
    with _leadlight(store, url, stores) as server:
        subjects: list[Subject | _Loop] = []
        for name, writers, taken in (
            ("one writer", 1, made[:1]),
            (f"{_WRITERS} writers, one workspace", _WRITERS, made[:1]),
            (f"{_WRITERS} writers, a workspace each", _WRITERS, made),
        ):
            keys = ",".join(key for _, key in taken)
            subjects.append(Subject(name, server, keys, workloads.create(connections=writers)))
            subjects.append(_Loop(f"{name}: the loop", url, stores.pid, writers, tuple(id_ for id_, _ in taken)))
        runs = in_turn(subjects, effort)
    for name in runs:
        measured, loop = middle(runs[name]), runs.get(f"{name}: the loop", runs[name])
        section.rows.append((name, *figures(measured)[:3], *_cpu(measured), f"{middle_ratio(runs[name], loop):.2f} x"))
    stores.drop(url)
    return section


def lists_of_a_million(effort: Effort, stores: PostgresStores) -> Section:
    """Every list waits for its answer before the next: p50 is what a person would feel."""
    leads = 1_000_000
    store, url = seeded_store(leads), stores.filled(leads)
    note = read_note(store)
    loads = [workloads.first_page_with_total(1), workloads.by_status(1), workloads.search_mix(note, 1)]
    loads += [workloads.search(note, kind, 1) for kind in workloads.needles(note)]
    section = Section(
        f"Lists of {leads:,} leads in PostgreSQL",
        "One connection; first pages of 10 with the exact total.",
        ("list", "p50 ms", "p99 ms", "SQLite, p50 ms", "SQLite, p99 ms", "p50 is"),
    )
    stores.bind(BOTH_CORES)
    with leadlight(store) as theirs, _leadlight(store, url, stores) as ours:
        subjects = [
            Subject(f"{one.name}{where}", server, note.counted_key, one)
            for one in loads
            for where, server in (("", ours), (" SQLite", theirs))
        ]
        runs = in_turn(subjects, effort)
    for one in loads:
        here, there = runs[one.name], runs[f"{one.name} SQLite"]
        times = [f"{figure:.2f}" for runs_ in (here, there) for figure in (middle(runs_).p50, middle(runs_).p99)]
        section.rows.append((one.name, *times, f"{middle_ratio(here, there, attrgetter('p50')):.2f} x"))
    return section


@dataclass(frozen=True, slots=True)
class _Loop:
    """Transactions without a server around them."""

    name: str
    url: str
    database: int
    writers: int
    workspaces: tuple[str, ...]

    def measure(self, seconds: float) -> Measured:
        command = [sys.executable, "-m", "benchmarks.bare_creates", self.url, *self.workspaces]
        command += ["--writers", str(self.writers), "--seconds", str(seconds)]
        before = cpu_seconds(self.database)
        measured = load.finish(load.run(SERVER_CORE, command), self.name)
        return replace(measured, database_cpu=(cpu_seconds(self.database) - before) / measured.rate / seconds * 1e6)


@contextlib.contextmanager
def _leadlight(store: Path, url: str, stores: PostgresStores) -> Iterator[Server]:
    with leadlight(store, options=("--database-url", url)) as server:
        yield replace(server, database=stores.pid)


def _references(stack: contextlib.ExitStack, ours: Server, store: Path, url: str) -> Iterator[Server]:
    """The reference servers that can be had here, each found to answer as ours does."""
    for resets in (True, False):
        server = stack.enter_context(reference.bare(store, url, ours, resets=resets))
        reference.require_same_body(ours, server, store)
        yield server
    with or_a_line(FASTAPI):
        server = stack.enter_context(reference.fastapi(store, url))
        reference.require_same_answer(ours, server, store)
        yield server


def _cpu(measured: Measured) -> tuple[str, str, str]:
    return f"{measured.server_cpu:,.0f}", f"{measured.database_cpu:,.0f}", f"{measured.client_cpu:,.0f}"
