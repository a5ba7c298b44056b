"""The page of insights: the days that its address asks for, and their figures as charts and tables."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from leadlight.dashboard import charts
from leadlight.dashboard.charts import Chart
from leadlight.dashboard.form import Form
from leadlight.dashboard.rendering import date_label, duration, label, percent
from leadlight.dashboard.visit import Visit
from leadlight.errors import InvalidInput
from leadlight.http.query import Parameter, QueryDecoder, choice, integer
from leadlight.insights.figures import FirstContact, Funnel, OverTime, Overview, Ranking, Waited, Yield, rate
from leadlight.insights.schemas import SPAN_PARAMETERS, STAGES, SpanQuery
from leadlight.insights.service import InsightService
from leadlight.insights.span import MAX_DAYS, USUAL_DAYS, Span, Step

PRESETS = (7, 30, 90, 365)
NO_SOURCE = "No source"
_OTHERS = "c7"


class _PageQuery(SpanQuery, frozen=True):
    """`days`: so many up to today; where a first or a last day is named, these count."""

    days: int = USUAL_DAYS
    sort: Ranking = Ranking.CONVERTED


_decode = QueryDecoder(
    _PageQuery,
    (
        *SPAN_PARAMETERS,
        Parameter("days", integer(1, MAX_DAYS), "How many days up to today."),
        Parameter("sort", choice(Ranking), "What stands first."),
    ),
).decode


class Stage(NamedTuple):
    """`share`: of all; `rate`: of the stage before."""

    name: str
    leads: int
    share: float | None
    rate: float | None


class Entry(NamedTuple):
    """A source of the chart, with the class of its colour."""

    css: str
    name: str
    leads: int
    counts: Sequence[int]


class Bars(NamedTuple):
    """A table whose rows have bars beside them."""

    chart: Chart
    rows: list[tuple[str, list[str]]]


class Figures:
    """What stands on the page."""

    def __init__(self, span: Span, found: Overview) -> None:
        self.leads = found.funnel.leads
        self.funnel = found.funnel
        self.first_contact = found.first_contact
        self.stages, self.funnel_chart = _funnel(found.funnel)
        self.lost_share, self.follow_up_share = (
            rate(number, self.leads) for number in (found.funnel.lost, found.funnel.follow_up)
        )
        self.over_time = found.over_time
        self.parts = [_name(part, found.over_time.step) for part in found.over_time.parts]
        self.sources = _entries(found.over_time)
        self.over_time_chart, self.ticks = _columns(span, found.over_time, self.sources, self.parts)
        self.waiting = _waiting(found.first_contact)
        self.best_sources = _yields("Sources by their rate", found.sources)
        self.best_campaigns = _yields("Campaigns by their rate", found.campaigns)


class InsightPages:
    def __init__(self, insights: InsightService) -> None:
        self._insights = insights

    async def show(self, visit: Visit) -> Response:
        try:
            query: _PageQuery = _decode(visit.query)
            span = self._span(query)
        except InvalidInput as error:
            return _refused(visit, error)
        found = await self._insights.get_overview(visit.caller, span, ranking=query.sort)
        form = Form.filled(**{"from": span.first, "to": span.last})
        is_preset = query.from_ is query.to is None
        asked = {"days": str(query.days)} if is_preset else {"from": str(span.first), "to": str(span.last)}
        path = f"{visit.home}/insights"
        return visit.page(
            "insights.html",
            form=form,
            presets=PRESETS,
            problems=(),
            days=query.days if is_preset else None,
            span=span,
            figures=Figures(span, found) if found.funnel.leads else None,
            sort=query.sort,
            orders={each: f"{path}?{urlencode({**asked, 'sort': each.value})}" for each in Ranking},
        )

    def _span(self, query: _PageQuery) -> Span:
        """Raises InvalidInput."""
        if query.from_ is not None or query.to is not None:
            return self._insights.span(query.from_, query.to)
        return self._insights.last_days(query.days)


def _refused(visit: Visit, error: InvalidInput) -> Response:
    """The page with what was asked for, and what is wrong with it."""
    form = Form([pair for pair in parse_qsl(visit.query.decode("ascii", "replace")) if pair[0] in ("from", "to")])
    form.note(*error.problems)
    others = [problem for problem in error.problems if problem.field not in ("from", "to")]
    nothing = dict.fromkeys(("days", "span", "figures"))
    return visit.page("insights.html", 400, form=form, presets=PRESETS, problems=others, **nothing)


def _funnel(found: Funnel) -> tuple[list[Stage], Chart]:
    reached = (found.leads, found.contacted, found.qualified, found.converted)
    before = (None, *reached)
    stages = [
        Stage(label(status), leads, rate(leads, found.leads), None if one is None else rate(leads, one))
        for status, leads, one in zip(STAGES, reached, before, strict=False)
    ]
    told = ", ".join(f"{stage.name.lower()} {stage.leads:,} ({percent(stage.share)})" for stage in stages)
    shapes = list(zip(("c1", "c1", "c1", "c3"), reached, strict=True))
    return stages, charts.funnel("Funnel", f"From left to right: {told}.", shapes)


def _entries(found: OverTime) -> list[Entry]:
    entries = [
        Entry(f"c{index}", each.source or NO_SOURCE, each.leads, each.counts)
        for index, each in enumerate(found.series, 1)
    ]
    others = found.others
    return [*entries, Entry(_OTHERS, "Others", others.leads, others.counts)] if others.leads else entries


def _columns(span: Span, found: OverTime, entries: Sequence[Entry], parts: Sequence[str]) -> tuple[Chart, list[int]]:
    names = [_told(part, found.counts[index], index, entries) for index, part in enumerate(parts)]
    told = ", ".join(f"{each.name} {each.leads:,}" for each in entries)
    description = f"{found.leads:,} from {date_label(span.first)} to {date_label(span.last)}, by {found.step}: {told}."
    return charts.columns("Leads over time", description, [(each.css, each.counts) for each in entries], names)


def _told(part: str, leads: int, index: int, entries: Sequence[Entry]) -> str:
    """What is shown where one points at a column."""
    numbers = [f"{each.name} {each.counts[index]:,}" for each in entries if each.counts[index]]
    return ", ".join([f"{part}: {leads:,}", *numbers])


def _waiting(found: FirstContact) -> Bars:
    rows = [
        (_waited(each), [f"{each.leads:,}", percent(rate(each.leads, found.contacted))]) for each in found.distribution
    ]
    told = f"Half waited no longer than {duration(found.median_seconds)}, nine of ten {duration(found.p90_seconds)}."
    values = [each.leads for each in found.distribution]
    return Bars(charts.rows("Waiting time until the first contact", told, values, css="c5"), rows)


def _waited(part: Waited) -> str:
    if part.to_seconds is None:
        return f"From {duration(part.from_seconds)}"
    least, most = duration(part.from_seconds), duration(part.to_seconds)
    number, _, unit = least.partition(" ")
    return f"{number if most.endswith(unit) else least} \N{EN DASH} {most}" if part.from_seconds else f"Under {most}"


def _yields(title: str, found: Sequence[Yield]) -> Bars:
    rows = [(each.value or NO_SOURCE, [f"{each.leads:,}", f"{each.converted:,}", percent(each.rate)]) for each in found]
    told = ", ".join(f"{name} {numbers[-1]}" for name, numbers in rows)
    return Bars(charts.rows(title, f"{told}.", [each.rate or 0 for each in found], css="c3"), rows)


def _name(part: Span, step: Step) -> str:
    """A day, a week by its first and its last day, or a month."""
    if step is Step.DAY:
        return date_label(part.first)
    return f"{date_label(part.first)} to {date_label(part.last)}"
