"""Telling that follow-ups are due: an event for each, in the feed and to webhooks, once."""

from leadlight.clock import Clock
from leadlight.events.event import EventType, Happening
from leadlight.events.service import EventService
from leadlight.leads import queries, reminders
from leadlight.leads.change import snapshot
from leadlight.principal import SYSTEM
from leadlight.store.database import Database, Transaction

_AT_ONCE = 200


class Reminding:
    def __init__(self, database: Database, events: EventService, clock: Clock) -> None:
        self._database = database
        self._events = events
        self._clock = clock

    async def tell(self) -> None:
        """Of all that is due by now; what was told is not told again, whichever processes do this at once."""
        for workspace_id in await self._database.scan(reminders.workspaces_with_due, self._clock()):
            while await self._database.write(self._tell_some, workspace_id, turn=workspace_id):
                pass

    async def _tell_some(self, tx: Transaction, workspace_id: str) -> bool:
        """Whether there may be more."""
        await self._events.hold(tx, workspace_id)
        now = self._clock()
        due = await reminders.list_due(tx, workspace_id, now=now, limit=_AT_ONCE)
        if not due:
            return False
        leads = await queries.find_leads(tx, workspace_id, due)
        happened = [Happening(EventType.LEAD_FOLLOW_UP_DUE, lead.id, {}, snapshot(lead)) for lead in leads]
        await self._events.record(tx, workspace_id, SYSTEM, happened, at=now)
        await reminders.forget(tx, workspace_id, due)
        return len(due) == _AT_ONCE
