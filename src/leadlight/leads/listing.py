"""Lists of leads: how a page is found and how its total is counted.

Texts of three characters and more are searched through the text index, shorter ones row by row; in
a small workspace all are compared with its own part of the other indexes. Where few leads match,
they are fetched and sorted; where many do, walking the leads in order meets enough of them soon.
Totals by status and source are kept; others are counted.
"""

from enum import StrEnum
from typing import cast

import msgspec

from leadlight.leads.filter import Conditions, LeadFilter
from leadlight.leads.lead import Lead, fold
from leadlight.leads.queries import LEAD_COLUMNS, to_lead
from leadlight.store.database import Row, Transaction, Value

_FEW = 2_000
_SMALL = 2_000


class LeadSort(StrEnum):
    CREATED_AT = "createdAt"
    NEWEST = "-createdAt"
    UPDATED_AT = "updatedAt"
    LATEST = "-updatedAt"
    NAME = "name"
    NAME_DOWN = "-name"
    EMAIL = "email"
    EMAIL_DOWN = "-email"
    FOLLOW_UP = "followUpAt"
    FOLLOW_UP_DOWN = "-followUpAt"


_SORT_COLUMNS = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "name": "name_key",
    "email": "email_key",
    "followUpAt": "follow_up_at",
}
# An expression that no index serves: keeps a planner from walking all leads to sort a few.
_UNINDEXED = {column: f"coalesce({column}, {column})" for column in _SORT_COLUMNS.values()}


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the order it was in, the last lead's value there, and its id."""

    sort: LeadSort
    value: int | str
    id: str


class LeadPage(msgspec.Struct, frozen=True):
    """`total` is None when nobody asked for it."""

    leads: list[Lead]
    has_next: bool
    total: int | None
    next_place: Place | None


async def list_leads(
    tx: Transaction,
    workspace_id: str,
    which: LeadFilter,
    *,
    sort: LeadSort,
    limit: int,
    offset: int,
    behind: Place | None,
    with_total: bool,
) -> LeadPage:
    """A page of leads, from an offset or behind the place where another page ended."""
    where = Conditions(tx, workspace_id, which, with_follow_up=sort in (LeadSort.FOLLOW_UP, LeadSort.FOLLOW_UP_DOWN))
    kept = None
    if where.is_counted and (with_total or not where.is_bare):
        kept = await _count_kept(tx, where.sql, where.using())
    few = await _matches_few(tx, where, kept)
    total = await _total(tx, where, kept, few=few) if with_total else None
    if total is not None and offset >= total:
        return LeadPage([], has_next=False, total=total, next_place=None)
    order = _Order(sort, by_index=not few)
    rows = await _select(tx, where, order, limit=limit + 1, offset=offset, behind=behind)
    leads = [to_lead(row) for row in rows[:limit]]
    has_next = len(rows) > limit
    return LeadPage(leads, has_next=has_next, total=total, next_place=place_of(leads[-1], sort) if has_next else None)


class _Order:
    """ORDER BY in SQL. `by_index`: the leads are walked in this order; else a few are sorted."""

    def __init__(self, sort: LeadSort, *, by_index: bool) -> None:
        self.by_index = by_index
        self._direction, self._beyond = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
        self._column = _SORT_COLUMNS[sort.removeprefix("-")]
        self._unindexed = _UNINDEXED[self._column]

    @property
    def sql(self) -> str:
        return self._by(self._column if self.by_index else self._unindexed)

    @property
    def of_page(self) -> str:
        return self._by(self._unindexed)

    @property
    def behind(self) -> str:
        column = self._column if self.by_index else self._unindexed
        return f"({column}, id) {self._beyond} (:behind_value, :behind_id)"

    def _by(self, column: str) -> str:
        return f"ORDER BY {column} {self._direction}, id {self._direction}"


async def _matches_few(tx: Transaction, where: Conditions, kept: int | None) -> bool:
    """Whether the leads that match are so few that they had better be fetched and sorted."""
    if where.is_narrow:
        return True
    if where.has_text and await _count_kept(tx, "workspace_id = :workspace_id", where.workspace) <= _SMALL:
        where.compare_all()  # the text index of all tenants costs more than the leads of a small one
        return False
    if where.candidates is not None:
        return await _has_few_candidates(tx, where)
    return kept is not None and kept <= _FEW and not where.is_bare


async def _has_few_candidates(tx: Transaction, where: Conditions) -> bool:
    """Whether some piece of the text, or else all of it, is held by few leads; these are the candidates then."""
    for piece in where.pieces:
        where.choose(piece)
        rows = f"({where.candidates} LIMIT {_FEW + 1}) AS candidates"
        if await _count(tx, rows, where.using("piece")) <= _FEW:
            return True
    return False


async def _total(tx: Transaction, where: Conditions, kept: int | None, *, few: bool) -> int:
    if kept is not None:
        return kept
    if where.matches is not None and not few:
        if where.is_bare:
            return await _count(tx, f"({where.matches}) AS matches", where.using("needle"))
        # CROSS JOIN keeps the order: from the matches to their leads, not from all leads to the matches.
        rows = f"({where.matches}) AS matches CROSS JOIN leads WHERE leads.number = matches.number AND {where.sql}"
        return await _count(tx, rows, where.using("needle"))
    rows, parameters = where.rows(few=few)
    return await _count(tx, rows, parameters)


async def _count_kept(tx: Transaction, condition: str, parameters: dict[str, Value]) -> int:
    total = "CAST(coalesce(sum(leads), 0) AS BIGINT)"
    row = await tx.row(f"SELECT {total} FROM lead_counts WHERE {condition}", **parameters)
    return cast("int", row[0]) if row else 0


async def _count(tx: Transaction, rows: str, parameters: dict[str, Value]) -> int:
    row = await tx.row(f"SELECT count(*) FROM {rows}", **parameters)
    return cast("int", row[0]) if row else 0


async def _select(
    tx: Transaction, where: Conditions, order: _Order, *, limit: int, offset: int, behind: Place | None
) -> list[Row]:
    rows, parameters = where.rows(few=not order.by_index)
    parameters |= {"limit": limit, "offset": offset}
    if behind is not None:
        rows += f" AND {order.behind}"
        parameters |= {"behind_value": behind.value, "behind_id": behind.id}
    # The inner query can do with an index alone; whole rows are read for one page only.
    return await tx.rows(
        f"SELECT {LEAD_COLUMNS} FROM leads WHERE workspace_id = :workspace_id AND id IN ("
        f"SELECT id FROM {rows} {order.sql} LIMIT :limit OFFSET :offset"
        f") {order.of_page}",
        **parameters,
    )


def place_of(lead: Lead, sort: LeadSort) -> Place:
    values: dict[str, int | str] = {
        "createdAt": lead.created_at,
        "updatedAt": lead.updated_at,
        "name": fold(lead.name),
        "email": fold(lead.email),
        "followUpAt": lead.follow_up_at or 0,
    }
    return Place(sort, values[sort.removeprefix("-")], lead.id)
