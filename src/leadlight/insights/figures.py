"""What insights tell: the figures, and the rules by which they follow from the sums of roll-ups."""

from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum
from math import ceil

import msgspec

from leadlight.insights.span import Span, Step, number_of

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
WAITING_BOUNDS = (0, 5 * _MINUTE, 30 * _MINUTE, _HOUR, 4 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY, 30 * _DAY)
"""Where the parts of a distribution begin, in seconds; each is one of the steps that roll-ups tell apart."""


class Funnel(msgspec.Struct, frozen=True):
    """Of some leads: how many ever were contacted, or further; and so on. `lost`, `follow_up`: ever were so."""

    leads: int = 0
    contacted: int = 0
    qualified: int = 0
    converted: int = 0
    lost: int = 0
    follow_up: int = 0


class Series(msgspec.Struct, frozen=True):
    """The leads of one source, in all and in each part of the time."""

    source: str | None
    leads: int
    counts: list[int]


class OverTime(msgspec.Struct, frozen=True):
    """`series`: of the sources with the most leads; `others`: of all other sources together."""

    step: Step
    parts: list[Span]
    series: list[Series]
    others: Series

    @property
    def counts(self) -> list[int]:
        """Of all sources."""
        return [sum(each) for each in zip(*(one.counts for one in (*self.series, self.others)), strict=True)]

    @property
    def leads(self) -> int:
        return sum(one.leads for one in (*self.series, self.others))


class Waited(msgspec.Struct, frozen=True):
    """Leads that waited at least `from_seconds`, and less than `to_seconds`; None for however long."""

    from_seconds: int
    to_seconds: int | None
    leads: int


class FirstContact(msgspec.Struct, frozen=True):
    """Of so many leads, `contacted` have a first contact; how long these waited for it."""

    leads: int
    contacted: int
    median_seconds: int | None
    p90_seconds: int | None
    distribution: list[Waited]


class Ranking(StrEnum):
    """By what sources and campaigns are in order."""

    CONVERTED = "-converted"
    RATE = "-rate"
    LEADS = "-leads"


class Yield(msgspec.Struct, frozen=True):
    """What a source, or a campaign, has brought. `value`: None for leads without a source."""

    value: str | None
    leads: int
    converted: int

    @property
    def rate(self) -> float | None:
        return rate(self.converted, self.leads)


class Overview(msgspec.Struct, frozen=True):
    """All of it, of one moment."""

    funnel: Funnel
    over_time: OverTime
    first_contact: FirstContact
    sources: list[Yield]
    campaigns: list[Yield]


def rate(part: int, whole: int) -> float | None:
    """A share from 0 to 1, to four places; None of nothing."""
    return round(part / whole, 4) if whole else None


def over_time(
    span: Span, step: Step, top: Sequence[tuple[str, int]], by_day: Sequence[tuple[int, str | None, int]]
) -> OverTime:
    """`top`: sources with their leads. `by_day`: day, source and leads; None for sources that are not among them."""
    parts = list(span.parts(step))
    starts = [number_of(part.first) for part in parts]
    counts: dict[str | None, list[int]] = {source: [0] * len(parts) for source, _ in top}
    others = counts[None] = [0] * len(parts)
    for day, source, leads in by_day:
        counts[source][bisect_right(starts, day) - 1] += leads
    series = [Series(source or None, leads, counts[source]) for source, leads in top]
    return OverTime(step, parts, series, Series(None, sum(others), others))


def first_contact(leads: int, times: Sequence[tuple[int, int, int]]) -> FirstContact:
    """`times`: from the shortest on, the least seconds of a step, the leads in it, and what these waited in all."""
    counts = [0] * len(WAITING_BOUNDS)
    for bucket, number, _ in times:
        counts[bisect_right(WAITING_BOUNDS, bucket) - 1] += number
    ends = (*WAITING_BOUNDS[1:], None)
    distribution = [Waited(*each) for each in zip(WAITING_BOUNDS, ends, counts, strict=True)]
    return FirstContact(leads, sum(counts), _percentile(times, 50), _percentile(times, 90), distribution)


def _percentile(times: Sequence[tuple[int, int, int]], percent: int) -> int | None:
    """By the nearest rank: the mean of the step in which that lead is, so exact where it is alone there."""
    rank = ceil(sum(number for _, number, _ in times) * percent / 100)
    for _, number, seconds in times:
        rank -= number
        if rank <= 0:
            return round(seconds / number)
    return None
