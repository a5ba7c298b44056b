"""The pages of duplicates: all pairs of the workspace, and two leads side by side before they become one."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from starlette.responses import Response

from leadlight.clock import to_iso
from leadlight.dashboard.form import Form
from leadlight.dashboard.lead_table import readable, values_of
from leadlight.dashboard.rendering import day_of, label, to
from leadlight.dashboard.visit import Visit
from leadlight.duplicates.merging import METADATA
from leadlight.duplicates.schemas import PAIRS_PARAMETERS, PairList, PairsQuery, prefer_rule
from leadlight.duplicates.scoring import Likeness, compare
from leadlight.duplicates.service import DuplicateService, Merged, MergeOrder
from leadlight.errors import InvalidInput, Problem
from leadlight.http.query import QueryDecoder
from leadlight.ids import LEAD
from leadlight.leads.change import FIELDS
from leadlight.leads.lead import Lead
from leadlight.leads.service import LeadService

PREFER = "prefer."
_SEEN = "seen."
_SELDOM = ("followUpAt", "followUpNote")
"""Not shown where neither of the two has one."""

_CHANGED = Problem("seen", "Somebody has changed one of the two meanwhile. Look at them again, then merge.", "conflict")

decode_query = QueryDecoder(PairsQuery, PAIRS_PARAMETERS).decode


class Row(NamedTuple):
    """A field of both leads, and of the one that they become.

    `chosen`: the id of the one whose value is kept, where both have one. `result` is None where it can't be told.
    """

    name: str
    title: str
    values: tuple[str, str]
    chosen: str | None
    result: str | None


class MergePages:
    def __init__(self, duplicates: DuplicateService, leads: LeadService) -> None:
        self._duplicates = duplicates
        self._leads = leads

    async def pairs(self, visit: Visit) -> Response:
        query: PairsQuery = decode_query(visit.query)
        found, place = await self._duplicates.list_pairs(
            visit.caller, query.cursor, min_score=query.min_score, limit=query.limit
        )
        cursor = PairList.of(found, place, query.limit).pagination.next_cursor
        return visit.page("duplicates.html", pairs=found, cursor=cursor, is_first=query.cursor == PairsQuery().cursor)

    async def show(self, visit: Visit) -> Response:
        both = await self._both(visit)
        return both if isinstance(both, Response) else await self._page(visit, *both, Form())

    async def merge(self, visit: Visit) -> Response:
        """Or, where that was asked for, only shows what would become of it."""
        form = await visit.form()
        both = await self._both(visit)
        if isinstance(both, Response):
            return both
        survivor, duplicate = both
        if any(form[_SEEN + lead.id] != lead.etag for lead in both):
            form.note(_CHANGED)
            return await self._page(visit, survivor, duplicate, form, 409)
        if "preview" in form:
            return await self._page(visit, survivor, duplicate, form)
        try:
            merged = await self._merge(visit, survivor, duplicate, form, dry_run=False)
        except InvalidInput as error:
            form.note(*error.problems)
            return await self._page(visit, survivor, duplicate, form, 400)
        return to(f"{visit.home}/leads/{merged.lead.id}?done={merged.operation_id}")

    async def _merge(self, visit: Visit, survivor: Lead, duplicate: Lead, form: Form, *, dry_run: bool) -> Merged:
        order = MergeOrder(survivor.id, duplicate.id, prefer_rule(form.starting(PREFER)))
        return await self._duplicates.merge(visit.caller, order, dry_run=dry_run, idempotency=None)

    async def _both(self, visit: Visit) -> tuple[Lead, Lead] | Response:
        """The one that stays and the one that goes; or the way to where they are, if they were merged meanwhile."""
        ids = [visit.id(LEAD), visit.id(LEAD, "duplicate_id")]
        survivor, duplicate = [await self._leads.get_lead(visit.caller, lead_id) for lead_id in ids]
        if survivor.id == duplicate.id:
            return to(f"{visit.home}/leads/{survivor.id}")
        if [survivor.id, duplicate.id] != ids:
            return to(f"{visit.home}/leads/{survivor.id}/merge/{duplicate.id}")
        return survivor, duplicate

    async def _page(self, visit: Visit, survivor: Lead, duplicate: Lead, form: Form, status: int = 200) -> Response:
        result = None
        try:
            result = (await self._merge(visit, survivor, duplicate, form, dry_run=True)).lead
        except InvalidInput as error:
            if not form.problems:
                form.note(*error.problems)
                status = 400
        alike: Likeness = compare(survivor, duplicate)
        return visit.page(
            "merge.html",
            status,
            survivor=survivor,
            duplicate=duplicate,
            alike=alike,
            rows=list(_rows(survivor, duplicate, result, form.starting(PREFER))),
            problems=form.problems,
        )


def _rows(survivor: Lead, duplicate: Lead, result: Lead | None, prefer: Mapping[str, str]) -> Iterator[Row]:
    mine, others = _texts(survivor), _texts(duplicate)
    merged = None if result is None else _texts(result)
    for name in {**mine, **others}:
        values = (mine.get(name, ""), others.get(name, ""))
        if name in _SELDOM and not any(values):
            continue
        chosen = prefer.get(name, survivor.id) if all(values) and values[0] != values[1] else None
        title = name.removeprefix(METADATA) if name.startswith(METADATA) else label(name)
        yield Row(name, title, values, chosen, None if merged is None else merged.get(name, ""))


def _texts(lead: Lead) -> dict[str, str]:
    """What can be chosen of a lead, by the names that `prefer` has; empty where there is nothing."""
    fields = {wire: _text(name, getattr(lead, name)) for name, wire in FIELDS.items()}
    stored = {METADATA + key: value for key, value in values_of(lead.metadata).items()}
    return fields | {name: "" if bytes(value) == b"null" else readable(value) for name, value in stored.items()}


def _text(name: str, value: str | int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return day_of(to_iso(value))
    return label(value) if name == "status" else value
