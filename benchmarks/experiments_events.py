"""What is measured of events on their way: deliveries, what they cost creates, dead endpoints, the live stream."""

import json
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from statistics import median
from subprocess import DEVNULL, Popen

from benchmarks import load, workloads
from benchmarks.arrivals import Observer, observed
from benchmarks.experiments import figures
from benchmarks.load import LoadFailed, Measured, middle, middle_ratio
from benchmarks.postgres_stores import PostgresStores
from benchmarks.rounds import Effort, Section, at_least, at_most, in_turn
from benchmarks.servers import CLIENT_CORE, SERVER_CORE, Server, cpu_seconds, get, leadlight, pinned
from benchmarks.subscribed_stores import Place, add_leads, add_webhooks, count_delivered, scratch_place

_OURS, _BARE = "Leadlight", "aiohttp alone"
_EVENTS, _AT_ONCE = 5_000, 32
_NOBODY, _SUBSCRIBED, _APART = "nobody subscribed", "an endpoint subscribed", "the same, delivered by a worker"
_ENDPOINTS, _LIVING, _PACED = 1_000, 10, 20
_LISTENERS, _STREAMED = 500, 50
_FEW_ROUNDS = 3
_SETTLING_SECONDS = 0.5


def deliveries(effort: Effort, stores: PostgresStores | None = None) -> Section:
    section = Section(
        f"Deliveries of {_EVENTS:,} events to one endpoint",
        f"A `leadlight worker` starts with {_EVENTS:,} events in the feed of an endpoint that was sent nothing yet: "
        "each is signed, sent, and recorded in the store. aiohttp alone posts the same bodies, as many at a time as "
        f"Leadlight allows an endpoint: {_AT_ONCE}. Both run on the server's core, with uvloop, and keep their "
        "connections; a receiver on the other core answers 200 at once. It is timed there, from the first arrival to "
        "the last.",
        ("sender", "deliveries/s", "sender µs", "database µs", "Leadlight is"),
    )
    with scratch_place(effort.leads, "deliveries", stores) as place, observed("benchmarks.receiver") as receiver:
        runs = in_turn([_Worker(_OURS, receiver, place), _Bare(_BARE, receiver, place)], effort)
    for name, theirs in runs.items():
        found = middle(theirs)
        costs = f"{found.server_cpu:,.0f}", f"{found.database_cpu:,.0f}"
        section.rows.append((name, f"{found.rate:,.0f}", *costs, f"{middle_ratio(runs[_OURS], theirs):.2f} x"))
    ratio = middle_ratio(runs[_OURS], runs[_BARE])
    section.targets.append(at_least("deliveries, of aiohttp's posts", ratio, 0.5))
    return section


def subscribed_creates(effort: Effort, stores: PostgresStores | None = None) -> Section:
    section = Section(
        f"Creates on {effort.leads:,} leads, with and without an endpoint",
        "64 connections. The endpoint wants everything; its receiver, beside wrk on the other core, answers 200 at "
        "once. What was not delivered when a run ends is delivered before the next begins. The worker is a process of "
        "its own, on that core too; the server then delivers nothing.",
        ("creates", "creates/s", "p50 ms", "p99 ms", "deliveries/s meanwhile", "of nobody subscribed"),
    )
    with ExitStack() as stack:
        subjects = [_creates(stack, name, effort, stores) for name in (_NOBODY, _SUBSCRIBED, _APART)]
        runs = in_turn(subjects, effort)
    for subject in subjects:
        theirs, meanwhile = runs[subject.name], median(subject.meanwhile[-effort.rounds :])
        of_nobodys = f"{middle_ratio(theirs, runs[_NOBODY]):.2f} x"
        section.rows.append((subject.name, *figures(middle(theirs))[:3], f"{meanwhile:,.0f}", of_nobodys))
    ratio = middle_ratio(runs[_SUBSCRIBED], runs[_NOBODY])
    section.targets.append(at_least("creates with an endpoint subscribed, of those with none", ratio, 0.85))
    return section


def dead_endpoints(effort: Effort, stores: PostgresStores | None = None) -> Section:
    section = Section(
        f"The way of an event to {_LIVING} endpoints among {_ENDPOINTS - _LIVING} dead ones",
        "All belong to one workspace. Half of the dead accept a connection and never answer, half refuse it. "
        f"{_PACED} leads are created, 0.5 s apart, on a server that has just started: when the first event comes, it "
        "knows of no endpoint whether it lives. Times are from the answer to the create to each arrival.",
        ("events", "p50 ms", "p99 ms", "longest ms"),
    )
    rounds = []
    for number in range(min(effort.rounds, _FEW_ROUNDS)):
        rounds.append(_among_dead(effort, number, stores))
        print(f"  round {number + 1}", flush=True)
    for name, count in (("the first", 1), (f"all {_PACED}", _PACED)):
        section.rows.append((name, *_times([_joined(ways[:count]) for ways in rounds])))
    p99 = median(_part(_joined(ways), 99) for ways in rounds)
    section.targets.append(at_most(f"the way to {_LIVING} of {_ENDPOINTS:,} endpoints, p99", p99, 2000, "ms"))
    return section


def live_stream(effort: Effort, stores: PostgresStores | None = None) -> Section:
    section = Section(
        f"The live stream, with {_LISTENERS} listeners",
        f"All of one workspace. They listen in silence, then {_STREAMED} leads are created, 0.1 s apart. Times are "
        "from the answer to the create to the arrival at each listener. Memory is what the server holds more than "
        "after its first answer.",
        ("what", "measured"),
    )
    added, used, rounds = [], [], []
    for number in range(effort.rounds):
        with scratch_place(effort.leads, "stream", stores) as place, _serving(place) as server:
            before = server.memory_mib()
            with observed("benchmarks.listeners", str(server.port), place.key, str(_LISTENERS)) as listeners:
                time.sleep(_SETTLING_SECONDS)
                added.append(server.memory_mib() - before)
                rounds.append(_joined(_ways(server, place, listeners, _STREAMED, to=_LISTENERS, pause_seconds=0.1)))
                used.append(server.memory_mib() - before)
        print(f"  round {number + 1} of {effort.rounds}", flush=True)
    p50, p99, longest = _times(rounds)
    section.rows += [
        (f"memory for {_LISTENERS} listeners", f"{median(added):.1f} MiB"),
        (f"the same, after {_STREAMED} events", f"{median(used):.1f} MiB"),
        *(("an event's way, p50", f"{p50} ms"), ("p99", f"{p99} ms"), ("the longest", f"{longest} ms")),
    ]
    section.targets.append(at_most(f"memory for {_LISTENERS} idle listeners", median(added), 50, "MiB"))
    p99s = median(_part(ways, 99) for ways in rounds)
    section.targets.append(at_most(f"an event's way to {_LISTENERS} listeners, p99", p99s, 100, "ms"))
    return section


@dataclass(frozen=True, slots=True)
class _Sender:
    """A program that sends events to the receiver, timed by what arrives there."""

    name: str
    receiver: Observer
    place: Place

    @property
    def url(self) -> str:
        return _url(self.receiver)

    def send(self, command: Sequence[str]) -> Measured:
        self.receiver.forget()
        with _process(command) as pid:
            self.receiver.wait(1)
            before = self._cpu(pid)
            arrived = self.receiver.wait(_EVENTS)
            costs = [(now - then) / _EVENTS * 1_000_000 for now, then in zip(self._cpu(pid), before, strict=True)]
        rate = (_EVENTS - 1) / (arrived[-1].at - arrived[0].at)
        return Measured(rate, 0, 0, *costs)

    def _cpu(self, pid: int) -> tuple[float, float]:
        """Seconds of the program and of the database."""
        return cpu_seconds(pid), cpu_seconds(self.place.database) if self.place.database else 0.0


class _Worker(_Sender):
    def measure(self, _seconds: float) -> Measured:
        [webhook_id] = add_webhooks(self.place, [self.url])
        add_leads(self.place, _EVENTS)
        measured = self.send(_worker(self.place))
        if (done := count_delivered(self.place, webhook_id)) != _EVENTS:
            raise LoadFailed(f"{done} of {_EVENTS} deliveries are recorded as successes")
        return measured


class _Bare(_Sender):
    def measure(self, _seconds: float) -> Measured:
        what = (self.url, str(self.place.folder), str(_EVENTS), str(_AT_ONCE), self.place.database_url)
        return self.send([sys.executable, "-m", "benchmarks.bare_posts", *what])


@dataclass(frozen=True, slots=True)
class _Creates:
    """Creates by wrk, and then all deliveries of them. `meanwhile`: deliveries a second of each run."""

    name: str
    server: Server
    key: str
    receiver: Observer
    has_endpoint: bool
    meanwhile: list[float] = field(default_factory=list)

    def measure(self, seconds: float) -> Measured:
        self.receiver.forget()
        leads = self._leads()
        measured = load.measure(self.server, self.key, workloads.create(), seconds)
        ended = time.monotonic()
        time.sleep(_SETTLING_SECONDS)  # what wrk asked last and did not wait for is created too
        arrived = self.receiver.wait(self._leads() - leads) if self.has_endpoint else []
        self.meanwhile.append(sum(one.at < ended for one in arrived) / round(seconds))
        return measured

    def _leads(self) -> int:
        _, _, body = get(self.server.port, "/api/v1/leads?limit=1", self.key)
        return int(json.loads(body)["data"]["pagination"]["total"])


def _creates(stack: ExitStack, name: str, effort: Effort, stores: PostgresStores | None) -> _Creates:
    place = stack.enter_context(scratch_place(effort.leads, f"creates-{name}", stores))
    receiver = stack.enter_context(observed("benchmarks.receiver"))
    add_webhooks(place, [] if name == _NOBODY else [_url(receiver)])
    background = ("--no-background",) if name == _APART else ()
    server = stack.enter_context(_serving(place, *background))
    if name == _APART:
        stack.enter_context(_process(_worker(place), CLIENT_CORE))
    return _Creates(name, server, place.key, receiver, has_endpoint=name != _NOBODY)


def _among_dead(effort: Effort, number: int, stores: PostgresStores | None) -> list[list[float]]:
    with ExitStack() as stack:
        place = stack.enter_context(scratch_place(effort.leads, "dead", stores))
        receiver = stack.enter_context(observed("benchmarks.receiver"))
        unheard = stack.enter_context(socket.socket())
        unheard.bind(("127.0.0.1", 0))  # and does not listen: who connects is refused
        refusing = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        half = (_ENDPOINTS - _LIVING) // 2
        urls = [f"{_url(receiver)}/{index}" for index in range(_LIVING)]
        urls += [f"{start}/{index}" for start in (_url(receiver, "silent"), refusing) for index in range(half)]
        Random(number).shuffle(urls)
        add_webhooks(place, urls)
        server = stack.enter_context(_serving(place))
        return _ways(server, place, receiver, _PACED, to=_LIVING, pause_seconds=0.5)


def _ways(
    server: Server, place: Place, observer: Observer, events: int, *, to: int, pause_seconds: float
) -> list[list[float]]:
    """Creates leads; of each, the milliseconds from the answer to its arrivals."""
    observer.forget()
    command = [sys.executable, "-m", "benchmarks.paced_creates", str(server.port), place.key]
    output, _ = load.run(CLIENT_CORE, [*command, str(events), str(pause_seconds)]).communicate()
    if not output.startswith("{"):
        raise LoadFailed(output)
    answered: dict[str, float] = json.loads(output)
    ways: dict[str, list[float]] = {lead_id: [] for lead_id in answered}
    for one in observer.wait(events * to):
        ways[one.lead_id].append((one.at - answered[one.lead_id]) * 1000)
    return list(ways.values())


@contextmanager
def _process(command: Sequence[str], core: str = SERVER_CORE) -> Iterator[int]:
    """Runs a program on the server's core; the number of its process."""
    with Popen(pinned(core, command), stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def _serving(place: Place, *options: str) -> AbstractContextManager[Server]:
    return leadlight(place.folder, options=(*place.options, *options))


def _worker(place: Place) -> list[str]:
    return [sys.executable, "-m", "leadlight", "worker", "--data", str(place.folder), *place.options]


def _url(receiver: Observer, path: str = "hook") -> str:
    return f"http://127.0.0.1:{receiver.ready}/{path}"


def _joined(ways: Sequence[Sequence[float]]) -> list[float]:
    return sorted(way for some in ways for way in some)


def _part(ways: Sequence[float], percent: int) -> float:
    """What so many of some sorted times do not exceed."""
    return ways[min(len(ways) * percent // 100, len(ways) - 1)]


def _times(rounds: Sequence[Sequence[float]]) -> tuple[str, ...]:
    """The medians of the rounds' p50 and p99, and the longest of all."""
    middles = [median(_part(ways, percent) for ways in rounds) for percent in (50, 99)]
    return tuple(f"{way:,.1f}" for way in (*middles, max(ways[-1] for ways in rounds)))
