"""The board: a column of cards for each status, the latest first, and what moves a card from one to another."""

import asyncio
from typing import NamedTuple

import msgspec
from starlette.responses import Response

from leadlight.dashboard.lead_edit import status_rule
from leadlight.dashboard.lead_table import TableQuery, decode_query, readable, values_of
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit, search_of
from leadlight.ids import LEAD
from leadlight.leads.change import LeadPatch
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.listing import LeadSort
from leadlight.leads.service import LeadService

_CARDS = 25
_COMPANY = ("company", "organization", "organisation")
_LONGEST = 80


class Card(NamedTuple):
    lead: Lead
    company: str


class Column(NamedTuple):
    """`total`: of all that are in this status, where it is quickly counted."""

    status: LeadStatus
    total: int | None
    cards: list[Card]
    has_more: bool


class BoardPages:
    def __init__(self, leads: LeadService) -> None:
        self._leads = leads

    async def board(self, visit: Visit) -> Response:
        query: TableQuery = decode_query(visit.query)
        columns = await asyncio.gather(*(self._column(visit, query, status) for status in LeadStatus))
        return visit.page("board.html", columns=columns, search=query.search)

    async def move(self, visit: Visit) -> Response:
        """Answers with the way back to the board, as it then is."""
        form = await visit.form()
        lead_id = visit.id(LEAD)
        status = form.demand("status", status_rule)
        await self._leads.update_lead(visit.caller, lead_id, LeadPatch(status=status))
        return to(f"{visit.home}/board{search_of(visit.request)}")

    async def _column(self, visit: Visit, query: TableQuery, status: LeadStatus) -> Column:
        page = await self._leads.list_leads(
            visit.caller,
            msgspec.structs.replace(query, status=(status,)),
            sort=LeadSort.LATEST,
            limit=_CARDS,
            with_total=query.is_counted_soon,
        )
        return Column(status, page.total, [Card(lead, _company(lead)) for lead in page.leads], page.has_next)


def _company(lead: Lead) -> str:
    values = values_of(lead.metadata)
    return next((readable(values[key])[:_LONGEST] for key in _COMPANY if key in values), "")
