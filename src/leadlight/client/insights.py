"""Insights: what the leads of some days have come to."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from leadlight.client.calls import Answer, Call, data, params
from leadlight.client.resource import D, Method, Resource

T = TypeVar("T")

Day = date | str
"""A date, or its text as in 2026-01-15; of UTC."""

_PATH = "/insights"


class _OfDays(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """`first`, `last`: the days that it is about, both of which belong to it."""

    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="to")


class Stage(msgspec.Struct, frozen=True):
    """Leads that ever had a status, or that of a later stage. `share`: of all; `rate`: of the stage before."""

    status: str
    leads: int
    share: float | None
    rate: float | None = None


class Beside(msgspec.Struct, frozen=True):
    """Leads that ever had a status that is no stage."""

    leads: int
    share: float | None


class Funnel(_OfDays, frozen=True, rename="camel", kw_only=True):
    """How far the leads have come that were created on these days."""

    leads: int
    stages: Sequence[Stage]
    lost: Beside
    follow_up: Beside


class Bucket(_OfDays, frozen=True, rename="camel", kw_only=True):
    """A day, a week or a month, cut short where the range is."""

    leads: int


class SourceOverTime(msgspec.Struct, frozen=True):
    """`source`: None for leads without one. `counts`: by bucket."""

    source: str | None
    leads: int
    counts: Sequence[int]


class OthersOverTime(msgspec.Struct, frozen=True):
    """All other sources together."""

    leads: int
    counts: Sequence[int]


class LeadsOverTime(_OfDays, frozen=True, rename="camel", kw_only=True):
    """How many leads were created, by source; those with the most first, and `others` as one."""

    bucket: str
    leads: int
    buckets: Sequence[Bucket]
    sources: Sequence[SourceOverTime]
    others: OthersOverTime


class Waited(msgspec.Struct, frozen=True, rename="camel"):
    """Leads that waited so long, but less than `to_seconds`; `share`: of the contacted ones."""

    from_seconds: int
    to_seconds: int | None
    leads: int
    share: float | None


class FirstContact(_OfDays, frozen=True, rename="camel", kw_only=True):
    """How long leads waited from their creation to their first change of status away from `new`."""

    leads: int
    contacted: int
    median_seconds: int | None
    p90_seconds: int | None
    distribution: Sequence[Waited]


class SourceYield(msgspec.Struct, frozen=True):
    """What a source has brought; None stands for leads without one. `rate`: of its leads, those that were converted."""

    source: str | None
    leads: int
    converted: int
    rate: float | None


class CampaignYield(msgspec.Struct, frozen=True):
    """What a campaign has brought. `rate`: of its leads, those that ever were converted."""

    campaign: str
    leads: int
    converted: int
    rate: float | None


class _Sources(msgspec.Struct, frozen=True):
    sources: Sequence[SourceYield]


class _Campaigns(msgspec.Struct, frozen=True):
    campaigns: Sequence[CampaignYield]


_decode_funnel = data(Funnel)
_decode_over_time = data(LeadsOverTime)
_decode_first_contact = data(FirstContact)
_decode_sources = data(_Sources)
_decode_campaigns = data(_Campaigns)


class Insights(Resource[D]):
    """Without days: the last thirty. Whatever they are asked, a range that can't be raises ValidationFailed."""

    @Method
    def funnel(self, first: Day | None = None, last: Day | None = None) -> Call[Funnel]:
        """How far the leads have come that were created on these days."""
        return _call("funnel", _decode_funnel, first, last)

    @Method
    def leads_over_time(
        self, first: Day | None = None, last: Day | None = None, *, bucket: str | None = None, top: int | None = None
    ) -> Call[LeadsOverTime]:
        """How many were created. `bucket`: day, week or month; `top`: how many sources are told apart."""
        return _call("leads-over-time", _decode_over_time, first, last, bucket=bucket, top=top)

    @Method
    def first_contact(self, first: Day | None = None, last: Day | None = None) -> Call[FirstContact]:
        """How long they waited until they first were `new` no more."""
        return _call("first-contact", _decode_first_contact, first, last)

    @Method
    def sources(
        self, first: Day | None = None, last: Day | None = None, *, sort: str | None = None, limit: int | None = None
    ) -> Call[Sequence[SourceYield]]:
        """What each source has brought. `sort`: -converted (if not said), -rate or -leads."""
        return _call("sources", lambda answer: _decode_sources(answer).sources, first, last, sort=sort, limit=limit)

    @Method
    def campaigns(
        self, first: Day | None = None, last: Day | None = None, *, sort: str | None = None, limit: int | None = None
    ) -> Call[Sequence[CampaignYield]]:
        """What each campaign has brought, by `utm_campaign` in the metadata."""
        return _call(
            "campaigns", lambda answer: _decode_campaigns(answer).campaigns, first, last, sort=sort, limit=limit
        )


def _call(
    name: str, decode: Callable[[Answer], T], first: Day | None, last: Day | None, **asked: str | int | None
) -> Call[T]:
    return Call(
        method="GET", path=f"{_PATH}/{name}", decode=decode, params=params({"from": first, "to": last, **asked})
    )
