"""What is measured each time: against the references, each workload, creates, calm, the process itself."""

import contextlib
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from statistics import median

from benchmarks import load, reference, workloads
from benchmarks.load import Measured, middle, middle_ratio
from benchmarks.reference import FASTAPI, FASTIFY, Unavailable
from benchmarks.rounds import Effort, Section, Subject, at_least, at_most, in_turn
from benchmarks.seed import read_note, scratch_copy, seeded_store
from benchmarks.servers import Server, get, lead_path, leadlight

_OURS = "Leadlight"
_FIGURES = ("answers/s", "p50 ms", "p99 ms", "answers per CPU second")
_STARTS = 5


def against_references(effort: Effort) -> Section:
    store = seeded_store(effort.leads)
    note = read_note(store)
    requests = workloads.look_up(note)
    section = Section(
        f"Look-ups on {effort.leads:,} leads, against reference servers",
        "Every server does the same work on a copy of the same file and gives the same body: key, id format, sliding "
        "window, request id, ETag, indexed look-up. nginx sends one such body from a file: nothing does less. "
        "Leadlight writes its access log; the others write none. 32 connections.",
        ("server", *_FIGURES, "Leadlight is"),
    )
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(leadlight(store))
        servers = [ours, *_references(stack, ours, store)]
        runs = in_turn([Subject(server.name, server, note.counted_key, requests) for server in servers], effort)
    for name, theirs in runs.items():
        section.rows.append((name, *figures(middle(theirs)), f"{middle_ratio(runs[_OURS], theirs):.2f} x"))
    for name, wanted in ((FASTIFY, 1.5), (FASTAPI, 3.0)):
        if name in runs:
            text = f"look-ups on {effort.leads:,} leads, of {name}'s"
            section.targets.append(at_least(text, middle_ratio(runs[_OURS], runs[name]), wanted))
    return section


def every_workload(effort: Effort) -> Section:
    store = scratch_copy(seeded_store(effort.leads), "workloads")
    note = read_note(store)
    loads = [
        workloads.look_up(note),
        workloads.first_page(),
        workloads.first_page_with_total(),
        workloads.by_status(),
        workloads.deep_page(note),
        workloads.search_mix(note),
        workloads.create(),
        workloads.update(note),
        workloads.mix(note),
    ]
    section = Section(
        f"Each workload on {effort.leads:,} leads",
        "Leadlight alone. Pages hold 10 leads.",
        ("workload", "connections", *_FIGURES),
    )
    with leadlight(store) as server:
        runs = in_turn([Subject(one.name, server, note.counted_key, one) for one in loads], effort)
    for one in loads:
        section.rows.append((one.name, str(one.connections), *figures(middle(runs[one.name]))))
    return section


def durable_creates(effort: Effort) -> Section:
    store = seeded_store(effort.leads)
    note = read_note(store)
    alone = "Leadlight, a transaction each"
    section = Section(
        f"Durable creates on {effort.leads:,} leads",
        "64 connections; each answer comes once the lead, its event, the counts and the search index are on disk. "
        "`a transaction each` is the same Leadlight with a group commit of one.",
        ("server", *_FIGURES, "Leadlight is"),
    )
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(leadlight(scratch_copy(store, "creates"))),
            stack.enter_context(leadlight(scratch_copy(store, "unbatched"), name=alone, module="benchmarks.unbatched")),
        ]
        with or_a_line(FASTIFY):
            servers.append(stack.enter_context(reference.fastify(scratch_copy(store, "fastify"))))
        requests = workloads.create()
        runs = in_turn([Subject(server.name, server, note.counted_key, requests) for server in servers], effort)
    for name, theirs in runs.items():
        section.rows.append((name, *figures(middle(theirs)), f"{middle_ratio(runs[_OURS], theirs):.2f} x"))
    for name in (alone, FASTIFY):
        if name in runs:
            section.targets.append(
                at_least(f"durable creates, of {name}'s", middle_ratio(runs[_OURS], runs[name]), 2.5)
            )
    return section


def calm_look_ups(effort: Effort) -> Section:
    """Look-ups alone, and while another client pages and searches."""
    store = seeded_store(effort.leads)
    note = read_note(store)
    requests, disturbance = workloads.look_up(note, connections=8), workloads.pages_and_searches(note)
    section = Section(
        f"Look-ups beside pages and searches on {effort.leads:,} leads",
        "8 connections look leads up; on another, one client reads pages of 100 and searches in turn.",
        ("look-ups", *_FIGURES[:3]),
    )
    alone: list[Measured] = []
    beside: list[Measured] = []
    with leadlight(store) as server:
        for _ in range(effort.rounds):
            alone.append(load.measure(server, note.counted_key, requests, effort.seconds))
            other = load.start(server, note.counted_key, disturbance, effort.seconds + 1)
            beside.append(load.measure(server, note.counted_key, requests, effort.seconds))
            load.finish(other, disturbance.name)
    section.rows.append(("alone", *figures(middle(alone))[:3]))
    section.rows.append(("beside pages and searches", *figures(middle(beside))[:3]))
    ratio = middle_ratio(beside, alone, attrgetter("p99"))
    section.targets.append(at_most("p99 of look-ups beside pages and searches, of that alone", ratio, 2.0, "x"))
    return section


def the_process(effort: Effort) -> Section:
    """How soon it answers, and what it holds in memory before and after lists and searches."""
    store = seeded_store(effort.leads)
    note = read_note(store)
    starts = []
    for _ in range(_STARTS):
        with leadlight(store) as server:
            starts.append(server.started_in)
    with leadlight(store) as server:
        idle = server.memory_mib()
        for one in (
            workloads.first_page_with_total(),
            workloads.by_status(),
            workloads.deep_page(note),
            workloads.search_mix(note),
        ):
            load.measure(server, note.counted_key, one, effort.seconds)
        worked = server.memory_mib()
    section = Section(
        f"The process, on {effort.leads:,} leads",
        "Memory is the resident set. The start is from the command to the first look-up that is answered.",
        ("what", "measured"),
        [
            ("start to first answer", f"{median(starts):.2f} s"),
            ("memory after the first answer", f"{idle:.1f} MiB"),
            ("memory after lists, filters, deep pages and searches", f"{worked:.1f} MiB"),
        ],
    )
    section.targets.append(at_most("start to first answer", median(starts), 1.0, "s"))
    section.targets.append(at_most("memory when idle", idle, 80, "MiB"))
    section.targets.append(
        at_most(f"memory that listing and searching {effort.leads:,} leads adds", worked - idle, 60, "MiB")
    )
    return section


def _references(stack: contextlib.ExitStack, ours: Server, store: Path) -> Iterator[Server]:
    """The reference servers that can be had here, each found to answer as ours does."""
    starts: dict[str, Callable[[Path], contextlib.AbstractContextManager[Server]]] = {
        FASTIFY: reference.fastify,
        FASTAPI: reference.fastapi,
    }
    for name, start in starts.items():
        with or_a_line(name):
            server = stack.enter_context(start(scratch_copy(store, start.__name__)))
            reference.require_same_answer(ours, server, store)
            yield server
    with or_a_line(reference.NGINX):
        _, headers, body = get(ours.port, lead_path(store), read_note(store).counted_key)
        yield stack.enter_context(reference.nginx(store, (headers, body)))


@contextlib.contextmanager
def or_a_line(name: str) -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        print(f"  {name} is left out: {error}", flush=True)


def figures(measured: Measured) -> tuple[str, str, str, str]:
    cpu = f"{measured.per_cpu_second:,.0f}" if measured.per_cpu_second else "unknown"
    return f"{measured.rate:,.0f}", f"{measured.p50:.2f}", f"{measured.p99:.2f}", cpu
