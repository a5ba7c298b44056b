"""Insights on the wire."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from leadlight.http.query import Parameter, choice, day, integer
from leadlight.insights.figures import FirstContact, Funnel, OverTime, Ranking, Series, Yield, rate
from leadlight.insights.service import BEST, TOP_SOURCES
from leadlight.insights.span import Span, Step
from leadlight.leads.lead import LeadStatus

Share = Annotated[float | None, Meta(description="From 0 to 1; null where there is nothing to divide by.")]

_SPAN: dict[str, Any] = {"from": "2026-01-01", "to": "2026-01-30"}
FUNNEL_EXAMPLE = {
    **_SPAN,
    "leads": 1200,
    "stages": [
        {"status": "new", "leads": 1200, "share": 1.0, "rate": None},
        {"status": "contacted", "leads": 900, "share": 0.75, "rate": 0.75},
        {"status": "qualified", "leads": 360, "share": 0.3, "rate": 0.4},
        {"status": "converted", "leads": 90, "share": 0.075, "rate": 0.25},
    ],
    "lost": {"leads": 300, "share": 0.25},
    "followUp": {"leads": 120, "share": 0.1},
}
OVER_TIME_EXAMPLE = {
    "from": "2026-01-01",
    "to": "2026-01-11",
    "bucket": "week",
    "leads": 380,
    "buckets": [
        {"from": "2026-01-01", "to": "2026-01-04", "leads": 130},
        {"from": "2026-01-05", "to": "2026-01-11", "leads": 250},
    ],
    "sources": [
        {"source": "website", "leads": 300, "counts": [100, 200]},
        {"source": None, "leads": 60, "counts": [20, 40]},
    ],
    "others": {"leads": 20, "counts": [10, 10]},
}
FIRST_CONTACT_EXAMPLE = {
    **_SPAN,
    "leads": 1200,
    "contacted": 900,
    "medianSeconds": 5400,
    "p90Seconds": 172800,
    "distribution": [
        {"fromSeconds": 0, "toSeconds": 300, "leads": 90, "share": 0.1},
        {"fromSeconds": 2592000, "toSeconds": None, "leads": 9, "share": 0.01},
    ],
}
SOURCES_EXAMPLE = {**_SPAN, "sources": [{"source": "website", "leads": 800, "converted": 64, "rate": 0.08}]}
CAMPAIGNS_EXAMPLE = {**_SPAN, "campaigns": [{"campaign": "spring", "leads": 400, "converted": 50, "rate": 0.125}]}


class _OfSpan(msgspec.Struct, frozen=True, rename="camel"):
    first: Annotated[date, Meta(description="The first day, of UTC.")] = msgspec.field(name="from")
    last: Annotated[date, Meta(description="The last day, which belongs to it.")] = msgspec.field(name="to")


class StageView(msgspec.Struct, frozen=True):
    status: LeadStatus
    leads: Annotated[int, Meta(description="Those that ever had this status, or one of a later stage.")]
    share: Annotated[Share, Meta(description="Of all leads.")]
    rate: Annotated[Share, Meta(description="Of the leads of the stage before.")]


class BesideView(msgspec.Struct, frozen=True):
    """A status that is no stage."""

    leads: Annotated[int, Meta(description="Those that ever had it.")]
    share: Share


class FunnelView(_OfSpan, frozen=True, rename="camel"):
    """How far the leads have come that were created on these days."""

    leads: int
    stages: list[StageView]
    lost: BesideView
    follow_up: BesideView

    @classmethod
    def of(cls, span: Span, funnel: Funnel) -> "FunnelView":
        reached = (funnel.leads, funnel.contacted, funnel.qualified, funnel.converted)
        stages = [
            StageView(
                status,
                leads,
                rate(leads, funnel.leads),
                None if index == 0 else rate(leads, reached[index - 1]),
            )
            for index, (status, leads) in enumerate(zip(STAGES, reached, strict=True))
        ]
        lost, follow_up = (BesideView(number, rate(number, funnel.leads)) for number in (funnel.lost, funnel.follow_up))
        return cls(span.first, span.last, funnel.leads, stages, lost, follow_up)


class BucketView(_OfSpan, frozen=True, rename="camel"):
    leads: int


class OthersView(msgspec.Struct, frozen=True):
    """All other sources."""

    leads: int
    counts: Annotated[list[int], Meta(description="The leads in each bucket.")]


class SeriesView(msgspec.Struct, frozen=True):
    source: Annotated[str | None, Meta(description="null for leads without a source.")]
    leads: int
    counts: Annotated[list[int], Meta(description="The leads in each bucket.")]

    @classmethod
    def of(cls, series: Series) -> "SeriesView":
        return cls(series.source, series.leads, series.counts)


class OverTimeView(_OfSpan, frozen=True, rename="camel"):
    """How many leads were created, by source."""

    bucket: Annotated[Step, Meta(description="Weeks begin on Monday.")]
    leads: int
    buckets: Annotated[list[BucketView], Meta(description="The first and the last may be cut short by the range.")]
    sources: Annotated[list[SeriesView], Meta(description="Those with the most leads, the most first.")]
    others: OthersView

    @classmethod
    def of(cls, span: Span, found: OverTime) -> "OverTimeView":
        buckets = [
            BucketView(part.first, part.last, leads) for part, leads in zip(found.parts, found.counts, strict=True)
        ]
        others = OthersView(found.others.leads, found.others.counts)
        sources = [SeriesView.of(each) for each in found.series]
        return cls(span.first, span.last, found.step, found.leads, buckets, sources, others)


class WaitedView(msgspec.Struct, frozen=True, rename="camel"):
    from_seconds: int
    to_seconds: Annotated[int | None, Meta(description="Less than this; null for however long.")]
    leads: int
    share: Annotated[Share, Meta(description="Of the contacted ones.")]


class FirstContactView(_OfSpan, frozen=True, rename="camel"):
    """How long leads waited from their creation to their first change of status away from `new`."""

    leads: Annotated[int, Meta(description="All that were created on these days.")]
    contacted: Annotated[int, Meta(description="Those that have had a first contact.")]
    median_seconds: int | None
    p90_seconds: Annotated[int | None, Meta(description="Nine of ten waited no longer.")]
    distribution: list[WaitedView]

    @classmethod
    def of(cls, span: Span, found: FirstContact) -> "FirstContactView":
        distribution = [
            WaitedView(each.from_seconds, each.to_seconds, each.leads, rate(each.leads, found.contacted))
            for each in found.distribution
        ]
        return cls(
            *(span.first, span.last, found.leads, found.contacted),
            *(found.median_seconds, found.p90_seconds, distribution),
        )


class SourceView(msgspec.Struct, frozen=True):
    source: Annotated[str | None, Meta(description="null for leads without a source.")]
    leads: int
    converted: Annotated[int, Meta(description="Those that ever were converted.")]
    rate: Share


class SourceList(_OfSpan, frozen=True, rename="camel"):
    """What sources have brought."""

    sources: list[SourceView]

    @classmethod
    def of(cls, span: Span, found: Sequence[Yield]) -> "SourceList":
        views = [SourceView(each.value, each.leads, each.converted, each.rate) for each in found]
        return cls(span.first, span.last, views)


class CampaignView(msgspec.Struct, frozen=True):
    campaign: str
    leads: int
    converted: Annotated[int, Meta(description="Those that ever were converted.")]
    rate: Share


class CampaignList(_OfSpan, frozen=True, rename="camel"):
    """What campaigns have brought."""

    campaigns: list[CampaignView]

    @classmethod
    def of(cls, span: Span, found: Sequence[Yield]) -> "CampaignList":
        views = [CampaignView(each.value or "", each.leads, each.converted, each.rate) for each in found]
        return cls(span.first, span.last, views)


class SpanQuery(msgspec.Struct, frozen=True):
    from_: date | None = None
    to: date | None = None


class OverTimeQuery(SpanQuery, frozen=True):
    bucket: Step | None = None
    top: int = TOP_SOURCES


class YieldQuery(SpanQuery, frozen=True):
    sort: Ranking = Ranking.CONVERTED
    limit: int = BEST


STAGES = (LeadStatus.NEW, LeadStatus.CONTACTED, LeadStatus.QUALIFIED, LeadStatus.CONVERTED)
"""The statuses that follow one another."""

SPAN_PARAMETERS = (
    Parameter("from", day(), "The first day, of UTC. Thirty days up to the last one, if not said."),
    Parameter("to", day(), "The last day, which belongs to it. Today, if not said."),
)
OVER_TIME_PARAMETERS = (
    *SPAN_PARAMETERS,
    Parameter("bucket", choice(Step), "By what leads are counted. What suits the range, if not said."),
    Parameter("top", integer(1, 20, default=TOP_SOURCES), "How many sources are told apart."),
)
YIELD_PARAMETERS = (
    *SPAN_PARAMETERS,
    Parameter("sort", choice(Ranking, default=Ranking.CONVERTED), "What stands first: the most, or the best rate."),
    Parameter("limit", integer(1, 100, default=BEST), "How many at the most."),
)
