"""What is measured with `--full`: that size, depth and neighbours cost next to nothing."""

import contextlib
from operator import attrgetter

from benchmarks import workloads
from benchmarks.load import middle, middle_ratio
from benchmarks.rounds import Effort, Section, Subject, at_least, at_most, in_turn
from benchmarks.seed import read_note, seeded_store
from benchmarks.servers import leadlight

_SMALL, _MILLION, _LARGE, _TENANTS = 20_000, 1_000_000, 2_000_000, 1_000


def look_ups_by_size(effort: Effort) -> Section:
    small, large = f"{_SMALL:,} leads", f"{_LARGE:,} leads"
    section = Section(
        "Look-ups by the size of the store",
        "32 connections; ids at random from the whole store, which the system's cache holds.",
        ("store", "answers/s", "p50 ms", "p99 ms"),
    )
    with contextlib.ExitStack() as stack:
        subjects = []
        for name, leads in ((small, _SMALL), (large, _LARGE)):
            store = seeded_store(leads)
            note = read_note(store)
            server = stack.enter_context(leadlight(store))
            subjects.append(Subject(name, server, note.counted_key, workloads.look_up(note)))
        runs = in_turn(subjects, effort)
    for name in runs:
        found = middle(runs[name])
        section.rows.append((name, f"{found.rate:,.0f}", f"{found.p50:.2f}", f"{found.p99:.2f}"))
    ratio = middle_ratio(runs[large], runs[small])
    section.targets.append(at_least(f"look-ups on {large}, of those on {small}", ratio, 0.9))
    return section


def pages_by_depth(effort: Effort) -> Section:
    store = seeded_store(_MILLION)
    note = read_note(store)
    first, deep = workloads.first_page(), workloads.deep_page(note)
    section = Section(
        f"Pages by cursor on {_MILLION:,} leads",
        "8 connections, 10 leads a page.",
        ("page", "answers/s", "p50 ms", "p99 ms"),
    )
    with leadlight(store) as server:
        runs = in_turn([Subject(one.name, server, note.counted_key, one) for one in (first, deep)], effort)
    for name in runs:
        found = middle(runs[name])
        section.rows.append((name, f"{found.rate:,.0f}", f"{found.p50:.2f}", f"{found.p99:.2f}"))
    ratio = middle_ratio(runs[deep.name], runs[first.name])
    section.targets.append(at_least(f"{deep.name}, of first pages", ratio, 0.8))
    return section


def lists_of_a_million(effort: Effort) -> Section:
    """Every list waits for its answer before the next: p50 is what a person would feel."""
    store = seeded_store(_MILLION)
    note = read_note(store)
    page, status = workloads.first_page_with_total(1), workloads.by_status(1)
    mix = workloads.search_mix(note, 1)
    searches = [workloads.search(note, kind, 1) for kind in workloads.needles(note)]
    section = Section(
        f"Lists of {_MILLION:,} leads",
        "One connection; first pages of 10 with the exact total.",
        ("list", "p50 ms", "p99 ms"),
    )
    with leadlight(store) as server:
        subjects = [Subject(one.name, server, note.counted_key, one) for one in (page, status, mix, *searches)]
        runs = in_turn(subjects, effort)
    for name in runs:
        found = middle(runs[name])
        section.rows.append((name, f"{found.p50:.2f}", f"{found.p99:.2f}"))
    section.targets.append(at_most("first page with exact total, p50", middle(runs[page.name]).p50, 10, "ms"))
    section.targets.append(
        at_most("first page of a status with exact total, p50", middle(runs[status.name]).p50, 10, "ms")
    )
    for one in (mix, *searches):
        section.targets.append(at_most(f"{one.name}, p50", middle(runs[one.name]).p50, 30, "ms"))
    return section


def neighbours(effort: Effort) -> Section:
    """A workspace of 1,000 leads among 999 others, and the same size alone."""
    section = Section(
        f"A workspace of {_MILLION // _TENANTS:,} leads: alone, and among {_TENANTS - 1:,} others like it",
        "One connection. The cost is the median latency.",
        ("list", "alone, p50 ms", "among others, p50 ms", "ratio"),
    )
    with contextlib.ExitStack() as stack:
        subjects = []
        for where, leads, workspaces in (("alone", _MILLION // _TENANTS, 1), ("among", _MILLION, _TENANTS)):
            store = seeded_store(leads, workspaces)
            note = read_note(store)
            server = stack.enter_context(leadlight(store))
            loads = (
                workloads.first_page(1),
                workloads.first_page_with_total(1),
                workloads.by_status(1),
                *(workloads.search(note, kind, 1) for kind in workloads.needles(note)),
            )
            subjects.append([Subject(f"{one.name}|{where}", server, note.counted_key, one) for one in loads])
        runs = in_turn([one for pair in zip(*subjects, strict=True) for one in pair], effort)
    for name in [name.removesuffix("|alone") for name in runs if name.endswith("|alone")]:
        alone, among = runs[f"{name}|alone"], runs[f"{name}|among"]
        ratio = middle_ratio(among, alone, attrgetter("p50"))
        section.rows.append((name, f"{middle(alone).p50:.2f}", f"{middle(among).p50:.2f}", f"{ratio:.2f} x"))
        section.targets.append(at_most(f"{name}, among neighbours, of alone", ratio, 1.5, "x"))
    return section
