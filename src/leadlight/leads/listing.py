"""Lists of leads: the filter, the order, and the SQL made of fixed pieces of text for both.

How a search runs: texts of three characters and more go through the text index. Few matches are
fetched and sorted; when there are many, walking the leads in order meets enough of them soon.
Shorter texts are compared row by row. Totals by status and source are kept; others are counted.
"""

from enum import StrEnum
from typing import cast

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.leads.lead import Lead, LeadStatus, fold, to_e164
from leadlight.leads.queries import LEAD_COLUMNS, to_lead
from leadlight.store.database import Row, Transaction, Value

_FEW_MATCHES = 2_000
_INDEXED_LENGTH = 3


class LeadSort(StrEnum):
    CREATED_AT = "createdAt"
    NEWEST = "-createdAt"
    UPDATED_AT = "updatedAt"
    LATEST = "-updatedAt"
    NAME = "name"
    NAME_DOWN = "-name"
    EMAIL = "email"
    EMAIL_DOWN = "-email"


_SORT_COLUMNS = {"createdAt": "created_at", "updatedAt": "updated_at", "name": "name_key", "email": "email_key"}
# An expression that no index serves: keeps a planner from walking all leads to sort a few.
_UNINDEXED = {column: f"coalesce({column}, {column})" for column in _SORT_COLUMNS.values()}


class LeadFilter(msgspec.Struct, frozen=True):
    """Which leads; every part that is given has to hold. Times in milliseconds, bounds not included.

    `phone` matches in E.164 form when both numbers have one. `metadata`: the text of the value at
    a top-level key.
    """

    status: tuple[LeadStatus, ...] = ()
    source: tuple[str, ...] = ()
    search: str = ""
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    created_after: int | None = None
    created_before: int | None = None
    updated_after: int | None = None
    updated_before: int | None = None
    metadata: dict[str, str] = {}


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
    where = _Conditions(tx, workspace_id, which)
    matches = None
    if len(fold(which.search)) >= _INDEXED_LENGTH:
        matches = await _count_matches(tx, where, exact=with_total)
    total = await _total(tx, where, which, matches) if with_total else None
    if total is not None and offset >= total:
        return LeadPage([], False, total, None)
    by_index = matches is not None and matches <= _FEW_MATCHES
    order = _Order(sort, walks_index=not by_index)
    rows = await _select(tx, where, order, by_index, limit=limit + 1, offset=offset, behind=behind)
    leads = [to_lead(row) for row in rows[:limit]]
    has_next = len(rows) > limit
    return LeadPage(leads, has_next, total, _place_of(leads[-1], sort) if has_next else None)


_LIKE = r"(name_key LIKE :pattern ESCAPE '\' OR email_key LIKE :pattern ESCAPE '\')"


class _Conditions:
    """The WHERE clause but for the text that is searched, and its parameters."""

    def __init__(self, tx: Transaction, workspace_id: str, which: LeadFilter) -> None:
        self.texts = ["workspace_id = :workspace_id"]
        self.parameters: dict[str, Value] = {"workspace_id": workspace_id}
        self._one_of("status", [status.value for status in which.status])
        self._one_of("source", list(which.source))
        self._compare("created_at", ">", which.created_after)
        self._compare("created_at", "<", which.created_before)
        self._compare("updated_at", ">", which.updated_after)
        self._compare("updated_at", "<", which.updated_before)
        if which.email is not UNSET:
            self._compare("email_key", "=", fold(which.email))
        if which.phone is not UNSET:
            normal = to_e164(which.phone)
            self._compare("phone_key" if normal else "phone", "=", normal or which.phone)
        for index, (key, value) in enumerate(which.metadata.items()):
            self.parameters[f"key_{index}"] = key
            self.parameters[f"value_{index}"] = value
            self.texts.append(f"{tx.json_text('metadata', f'key_{index}')} = :value_{index}")
        self.is_bare = len(self.texts) == 1
        self.is_kept = len(self.texts) == 1 + bool(which.status) + bool(which.source)
        self.matches = tx.contains_text("lead_text", "needle")
        needle = fold(which.search)
        self._search = {"needle": needle, "pattern": f"%{_escape(needle)}%"} if needle else {}

    def _one_of(self, column: str, values: list[str]) -> None:
        names = [f"{column}_{index}" for index in range(len(values))]
        self.parameters.update(zip(names, values, strict=True))
        if names:
            self.texts.append(f"{column} IN ({', '.join(':' + name for name in names)})")

    def _compare(self, column: str, operator: str, value: Value) -> None:
        if value is not None:
            name = f"bound_{len(self.parameters)}"
            self.parameters[name] = value
            self.texts.append(f"{column} {operator} :{name}")

    @property
    def sql(self) -> str:
        return " AND ".join(self.texts)

    def using(self, search: str | None = None) -> dict[str, Value]:
        """The parameters, with one form of the searched text (`needle` or `pattern`) if there is one."""
        return self.parameters | {name: text for name, text in self._search.items() if name == search}


class _Order:
    """ORDER BY in SQL, and which side of a place lies behind it."""

    def __init__(self, sort: LeadSort, *, walks_index: bool) -> None:
        self.column = _SORT_COLUMNS[sort.removeprefix("-")]
        self._direction, self.beyond = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
        self._walks_index = walks_index

    @property
    def inner(self) -> str:
        return self._by(self.column if self._walks_index else _UNINDEXED[self.column])

    @property
    def outer(self) -> str:
        return self._by(_UNINDEXED[self.column])

    def _by(self, column: str) -> str:
        return f"ORDER BY {column} {self._direction}, id {self._direction}"


async def _count_matches(tx: Transaction, where: _Conditions, *, exact: bool) -> int:
    """How many leads of the workspace hold the text; not exact: as far as it matters for the plan."""
    bound = "" if exact else f"LIMIT {_FEW_MATCHES + 1}"
    return await _count(tx, f"({where.matches} {bound}) AS matches", where.using("needle"))


async def _total(tx: Transaction, where: _Conditions, which: LeadFilter, matches: int | None) -> int:
    if matches is not None:
        if where.is_bare:
            return matches
        sql = f"leads WHERE {where.sql} AND number IN ({where.matches})"
        return await _count(tx, sql, where.using("needle"))
    if which.search:
        return await _count(tx, f"leads WHERE {where.sql} AND {_LIKE}", where.using("pattern"))
    if where.is_kept:
        row = await tx.row(f"SELECT coalesce(sum(leads), 0) FROM lead_counts WHERE {where.sql}", **where.using())
        return cast("int", row[0]) if row else 0
    return await _count(tx, f"leads WHERE {where.sql}", where.using())


async def _count(tx: Transaction, rows: str, parameters: dict[str, Value]) -> int:
    row = await tx.row(f"SELECT count(*) FROM {rows}", **parameters)
    return cast("int", row[0]) if row else 0


async def _select(
    tx: Transaction,
    where: _Conditions,
    order: _Order,
    by_index: bool,
    *,
    limit: int,
    offset: int,
    behind: Place | None,
) -> list[Row]:
    condition, parameters = where.sql, where.using("needle" if by_index else "pattern")
    parameters |= {"limit": limit, "offset": offset}
    if by_index:
        condition += f" AND number IN ({where.matches})"
    elif "pattern" in parameters:
        condition += f" AND {_LIKE}"
    if behind is not None:
        condition += f" AND ({order.column}, id) {order.beyond} (:behind_value, :behind_id)"
        parameters |= {"behind_value": behind.value, "behind_id": behind.id}
    # The inner query needs an index alone; whole rows are read for one page only.
    return await tx.rows(
        f"SELECT {LEAD_COLUMNS} FROM leads WHERE workspace_id = :workspace_id AND id IN ("
        f"SELECT id FROM leads WHERE {condition} {order.inner} LIMIT :limit OFFSET :offset"
        f") {order.outer}",
        **parameters,
    )


def _place_of(lead: Lead, sort: LeadSort) -> Place:
    values: dict[str, int | str] = {
        "createdAt": lead.created_at,
        "updatedAt": lead.updated_at,
        "name": fold(lead.name),
        "email": fold(lead.email),
    }
    return Place(sort, values[sort.removeprefix("-")], lead.id)


def _escape(text: str) -> str:
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return text
