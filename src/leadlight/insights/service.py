"""Use cases of insights: each reads sums over days, of one snapshot."""

from datetime import UTC, date, datetime

from leadlight.clock import SECOND, Clock
from leadlight.insights import queries
from leadlight.insights.figures import (
    FirstContact,
    Funnel,
    OverTime,
    Overview,
    Ranking,
    Yield,
    first_contact,
    over_time,
)
from leadlight.insights.span import Span, Step, span_of
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction

TOP_SOURCES = 6
BEST = 10


class InsightService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def span(self, first: date | None, last: date | None, step: Step | None = None) -> Span:
        """The days that are asked for. Raises InvalidInput."""
        return span_of(first, last, today=self._today(), step=step)

    def last_days(self, days: int) -> Span:
        """So many, up to today."""
        today = self._today()
        return span_of(date.fromordinal(today.toordinal() - days + 1), today, today=today)

    async def get_funnel(self, caller: Principal, span: Span) -> Funnel:
        """How far the leads have come that were created on some days."""
        return await self._database.scan(queries.sum_up, caller.workspace_id, span)

    async def get_over_time(
        self, caller: Principal, span: Span, *, step: Step | None = None, top: int = TOP_SOURCES
    ) -> OverTime:
        """How many leads were created, by source."""
        return await self._database.scan(_over_time, caller.workspace_id, span, step or span.usual_step, top)

    async def get_first_contact(self, caller: Principal, span: Span) -> FirstContact:
        """How long leads that were created on some days waited until they first were `new` no more."""
        return await self._database.scan(_first_contact, caller.workspace_id, span)

    async def list_sources(self, caller: Principal, span: Span, *, ranking: Ranking, limit: int) -> list[Yield]:
        return await self._list_yields(caller, span, queries.SOURCE, ranking, limit)

    async def list_campaigns(self, caller: Principal, span: Span, *, ranking: Ranking, limit: int) -> list[Yield]:
        return await self._list_yields(caller, span, queries.CAMPAIGN, ranking, limit)

    async def get_overview(self, caller: Principal, span: Span, *, ranking: Ranking) -> Overview:
        """All of it at once."""
        return await self._database.scan(_overview, caller.workspace_id, span, ranking)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock() // SECOND, UTC).date()

    async def _list_yields(
        self, caller: Principal, span: Span, dimension: str, ranking: Ranking, limit: int
    ) -> list[Yield]:
        async def best(tx: Transaction) -> list[Yield]:
            return await queries.list_yields(tx, caller.workspace_id, span, dimension, ranking=ranking, limit=limit)

        return await self._database.scan(best)


# Units of work


async def _over_time(tx: Transaction, workspace_id: str, span: Span, step: Step, top: int) -> OverTime:
    sources = await queries.list_top_sources(tx, workspace_id, span, limit=top)
    by_day = await queries.list_days(tx, workspace_id, span, [name for name, _ in sources]) if sources else []
    return over_time(span, step, sources, by_day)


async def _first_contact(tx: Transaction, workspace_id: str, span: Span) -> FirstContact:
    leads = (await queries.sum_up(tx, workspace_id, span)).leads
    return first_contact(leads, await queries.list_times(tx, workspace_id, span))


async def _overview(tx: Transaction, workspace_id: str, span: Span, ranking: Ranking) -> Overview:
    best = [
        await queries.list_yields(tx, workspace_id, span, dimension, ranking=ranking, limit=BEST)
        for dimension in (queries.SOURCE, queries.CAMPAIGN)
    ]
    funnel = await queries.sum_up(tx, workspace_id, span)
    arrivals = await _over_time(tx, workspace_id, span, span.usual_step, TOP_SOURCES)
    times = await queries.list_times(tx, workspace_id, span)
    return Overview(funnel, arrivals, first_contact(funnel.leads, times), *best)
