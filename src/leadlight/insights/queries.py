"""The SQL of insights: sums over the roll-ups that `leads.rollups` keeps."""

from collections.abc import Sequence
from typing import cast

from leadlight.insights.figures import Funnel, Ranking, Yield
from leadlight.insights.span import Span, number_of
from leadlight.store.database import Transaction, one_of

_WHERE = "FROM lead_days WHERE workspace_id = :workspace_id AND dimension = :dimension AND day BETWEEN :first AND :last"
_LEADS = "CAST(sum(leads) AS BIGINT)"
_CONVERTED = "CAST(sum(converted) AS BIGINT)"
_FUNNEL = f"""
SELECT {_LEADS}, CAST(sum(contacted) AS BIGINT), CAST(sum(qualified) AS BIGINT), {_CONVERTED},
    CAST(sum(lost) AS BIGINT), CAST(sum(follow_up) AS BIGINT) {_WHERE}
"""
_TOP = f"SELECT value, {_LEADS} {_WHERE} GROUP BY value ORDER BY 2 DESC, 1 LIMIT :limit"
_BY_DAY = f"SELECT day, CASE WHEN value {{among}} THEN value END, {_LEADS} {_WHERE} GROUP BY 1, 2"
_YIELDS = f"SELECT value, {_LEADS}, {_CONVERTED} {_WHERE} GROUP BY value ORDER BY {{order}} LIMIT :limit"
_ORDERS = {
    Ranking.CONVERTED: "3 DESC, 2, 1",
    Ranking.RATE: "sum(converted) * 1.0 / sum(leads) DESC, 2 DESC, 1",
    Ranking.LEADS: "2 DESC, 3 DESC, 1",
}
_TIMES = f"""
SELECT bucket, {_LEADS}, CAST(sum(seconds) AS BIGINT) FROM contact_times
WHERE workspace_id = :workspace_id AND day BETWEEN :first AND :last GROUP BY bucket ORDER BY bucket
"""
SOURCE, CAMPAIGN = "source", "campaign"


async def sum_up(tx: Transaction, workspace_id: str, span: Span) -> Funnel:
    row = await tx.row(_FUNNEL, workspace_id=workspace_id, dimension=SOURCE, **_days(span))
    return Funnel(*cast("tuple[int, ...]", row)) if row and row[0] else Funnel()


async def list_top_sources(tx: Transaction, workspace_id: str, span: Span, *, limit: int) -> list[tuple[str, int]]:
    """Those with the most leads; "" for none."""
    rows = await tx.rows(_TOP, workspace_id=workspace_id, dimension=SOURCE, limit=limit, **_days(span))
    return cast("list[tuple[str, int]]", rows)


async def list_days(
    tx: Transaction, workspace_id: str, span: Span, sources: Sequence[str]
) -> list[tuple[int, str | None, int]]:
    """Day, source and leads; None for all other sources together."""
    among, names = one_of(sources)
    sql = _BY_DAY.format(among=among)
    rows = await tx.rows(sql, workspace_id=workspace_id, dimension=SOURCE, **_days(span), **names)
    return cast("list[tuple[int, str | None, int]]", rows)


async def list_yields(
    tx: Transaction, workspace_id: str, span: Span, dimension: str, *, ranking: Ranking, limit: int
) -> list[Yield]:
    """The sources or campaigns with the best yield."""
    sql = _YIELDS.format(order=_ORDERS[ranking])
    rows = await tx.rows(sql, workspace_id=workspace_id, dimension=dimension, limit=limit, **_days(span))
    return [
        Yield(value or None, leads, converted) for value, leads, converted in cast("list[tuple[str, int, int]]", rows)
    ]


async def list_times(tx: Transaction, workspace_id: str, span: Span) -> list[tuple[int, int, int]]:
    """For each step of waiting times, from the shortest on: its least seconds, its leads, what these waited in all."""
    rows = await tx.rows(_TIMES, workspace_id=workspace_id, **_days(span))
    return cast("list[tuple[int, int, int]]", rows)


def _days(span: Span) -> dict[str, int]:
    return {"first": number_of(span.first), "last": number_of(span.last)}
