"""Today: who is to be followed up, those first who wait longest, and what puts it off or marks it done."""

import asyncio
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from leadlight.clock import DAY, Clock, to_iso
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit
from leadlight.http.query import choice
from leadlight.ids import LEAD
from leadlight.leads.change import LeadPatch
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import Lead
from leadlight.leads.listing import LeadSort
from leadlight.leads.service import LeadService

_LEADS = 100


class Move(StrEnum):
    """What becomes of a follow-up; but for DONE, how many days from today it is put off."""

    DONE = "done"
    TOMORROW = "1"
    NEXT_WEEK = "7"


_move_rule = choice(Move).parse


class Stretch(NamedTuple):
    """Some days. `more`: the address of all that are due then, where these are not all."""

    title: str
    leads: list[Lead]
    more: str | None


class TodayPages:
    def __init__(self, leads: LeadService, clock: Clock) -> None:
        self._leads = leads
        self._clock = clock

    async def show(self, visit: Visit) -> Response:
        today = self._today()
        stretches = await asyncio.gather(
            self._stretch(visit, "Overdue", None, today),
            self._stretch(visit, "Today", today, today + DAY),
            self._stretch(visit, "The next seven days", today + DAY, today + 8 * DAY),
        )
        return visit.page("today.html", stretches=[each for each in stretches if each.leads])

    async def move(self, visit: Visit) -> Response:
        form = await visit.form()
        lead_id = visit.id(LEAD)
        move = form.demand("move", _move_rule)
        if move is Move.DONE:
            patch = LeadPatch(follow_up_at=None, follow_up_note=None)
        else:
            patch = LeadPatch(follow_up_at=self._today() + int(move) * DAY)
        await self._leads.update_lead(visit.caller, lead_id, patch)
        return to(f"{visit.home}/today")

    def _today(self) -> int:
        """When it began, in UTC."""
        now = self._clock()
        return now - now % DAY

    async def _stretch(self, visit: Visit, title: str, begin: int | None, end: int) -> Stretch:
        behind = None if begin is None else begin - 1  # bounds are not included
        page = await self._leads.list_leads(
            visit.caller,
            LeadFilter(follow_up_after=behind, follow_up_before=end),
            sort=LeadSort.FOLLOW_UP,
            limit=_LEADS,
            with_total=False,
        )
        return Stretch(title, page.leads, _table(visit, behind, end) if page.has_next else None)


def _table(visit: Visit, behind: int | None, end: int) -> str:
    bounds = {"followUpAfter": behind, "followUpBefore": end}
    asked = {name: to_iso(bound) for name, bound in bounds.items() if bound is not None}
    columns = "followUpAt,email,phone,status"
    return f"{visit.home}/leads?{urlencode({**asked, 'sort': LeadSort.FOLLOW_UP.value, 'columns': columns})}"
