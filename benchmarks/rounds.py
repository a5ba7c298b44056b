"""Measuring in turn, A B C A B C: what disturbs the machine disturbs all alike. And how results are held."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.load import Measured, Requests, measure
from benchmarks.servers import Server


class Compared(Protocol):
    """One thing of those that are compared."""

    @property
    def name(self) -> str: ...

    def measure(self, seconds: float) -> Measured: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Some requests to a server, as one client."""

    name: str
    server: Server
    key: str
    load: Requests

    def measure(self, seconds: float) -> Measured:
        return measure(self.server, self.key, self.load, seconds)


@dataclass(frozen=True, slots=True)
class Target:
    """What was wanted and what came out."""

    text: str
    wanted: str
    measured: str
    reached: bool


@dataclass(slots=True)
class Section:
    """A part of the results: a table, what it shows, and the targets that it decides."""

    title: str
    about: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure. `leads`: the size of the store for all that needs no size of its own.

    `rows`: of a file that is imported.
    """

    leads: int
    seconds: float
    rounds: int
    rows: int


def in_turn(subjects: Sequence[Compared], effort: Effort) -> dict[str, list[Measured]]:
    """The runs of each subject, by its name; one run before they count warms it up."""
    for subject in subjects:
        subject.measure(1)
    runs: dict[str, list[Measured]] = {subject.name: [] for subject in subjects}
    for number in range(effort.rounds):
        for subject in subjects:
            runs[subject.name].append(subject.measure(effort.seconds))
        print(f"  round {number + 1} of {effort.rounds}", flush=True)
    return runs


def at_least(text: str, ratio: float, wanted: float) -> Target:
    return Target(text, f"≥ {wanted:g} x", f"{ratio:.2f} x", reached=ratio >= wanted)


def at_most(text: str, value: float, wanted: float, unit: str) -> Target:
    return Target(text, f"≤ {wanted:g} {unit}", f"{value:.2f} {unit}", reached=value <= wanted)
