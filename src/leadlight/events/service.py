"""Recording what happened, in the transaction of the change, and reading it back in order."""

from collections.abc import Sequence

import msgspec

from leadlight.errors import InvalidInput, Problem
from leadlight.events import queries
from leadlight.events.event import Event, EventType, Happening
from leadlight.ids import EVENT, NewId
from leadlight.principal import Actor
from leadlight.store.database import Database, Transaction

_encode = msgspec.json.Encoder().encode
_FIRST_READ = 20
_PAGE_BYTES = 4 << 20


class EventPage(msgspec.Struct, frozen=True):
    """`next_position` is where a reader goes on, whether or not there is more by now.

    It ends before its limit where the events are large.
    """

    events: list[Event]
    limit: int
    has_next: bool
    next_position: int


class EventService:
    def __init__(self, database: Database, new_id: NewId) -> None:
        self._database = database
        self._new_id = new_id

    async def open_feed(self, tx: Transaction, workspace_id: str) -> None:
        """Begins the feed of a new workspace."""
        await queries.open_feed(tx, workspace_id)

    async def hold(self, tx: Transaction, workspace_id: str) -> None:
        """Takes the workspace's turn to write: what is read from here on stays true until the commit.

        A unit that decides by what it reads begins with this; on any engine, two never decide at once.
        """
        await queries.hold_feed(tx, workspace_id)

    async def record(
        self,
        tx: Transaction,
        workspace_id: str,
        actor: Actor,
        happened: Sequence[Happening],
        *,
        at: int,
        quiet: bool = False,
    ) -> list[Event]:
        """Writes what happened to leads in the transaction of the change; before the change, for it takes the turn.

        `at`: the time of the change. `quiet`: no webhook is told of it.
        """
        positions = await queries.take_positions(tx, workspace_id, len(happened))
        events = [
            Event(
                position,
                self._new_id(EVENT),
                each.type,
                workspace_id,
                each.lead_id,
                actor,
                msgspec.Raw(_encode(each.changes)),
                at,
                each.lead,
            )
            for position, each in zip(positions, happened, strict=True)
        ]
        await queries.insert_events(tx, events, quiet=quiet)
        return events

    async def erase(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
        """Removes the history of leads, for its changes hold their data."""
        await queries.erase_events(tx, workspace_id, lead_ids)

    async def erase_told(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
        """The same for leads that were deleted before: that they were, stays."""
        await queries.erase_told(tx, workspace_id, lead_ids)

    async def last_position(self, tx: Transaction, workspace_id: str) -> int:
        """Where the feed ends; all that happens from here on stands behind it."""
        return await queries.last_position(tx, workspace_id)

    async def behind(
        self, tx: Transaction, workspace_id: str, position: int, *, limit: int, types: Sequence[EventType] = ()
    ) -> list[Event]:
        """Of those that webhooks are told of."""
        return await queries.list_events(tx, workspace_id, after=position, limit=limit, types=types, with_quiet=False)

    async def at(self, tx: Transaction, workspace_id: str, positions: Sequence[int]) -> dict[int, Event]:
        """The events at some positions; those of a lead that was deleted since are missing."""
        found = await queries.find_events(tx, workspace_id, positions) if positions else []
        return {event.position: event for event in found}

    async def among(self, tx: Transaction, workspace_id: str, positions: Sequence[int]) -> set[int]:
        """Those of some positions whose event is still there."""
        return await queries.positions_among(tx, workspace_id, positions) if positions else set()

    async def positions_between(self, tx: Transaction, workspace_id: str, since: int, until: int) -> tuple[int, int]:
        """The part of the feed from one time to just before another, as the position before it and its last one."""
        last = await queries.last_position(tx, workspace_id)
        first = await queries.first_position_since(tx, workspace_id, since, last=last)
        return first - 1, await queries.first_position_since(tx, workspace_id, until, last=last) - 1

    async def list_feed(
        self, workspace_id: str, *, after: int, limit: int, types: tuple[EventType, ...] = ()
    ) -> EventPage:
        """The events of a workspace behind a position; none is ever skipped or told out of order."""
        return await self._database.scan(self._page, workspace_id, after, limit, types, ())

    async def page_of_leads(
        self,
        tx: Transaction,
        workspace_id: str,
        lead_ids: Sequence[str],
        *,
        after: int,
        limit: int,
        types: tuple[EventType, ...] = (),
    ) -> EventPage:
        return await self._page(tx, workspace_id, after, limit, types, lead_ids)

    async def _page(
        self,
        tx: Transaction,
        workspace_id: str,
        after: int,
        limit: int,
        types: tuple[EventType, ...],
        lead_ids: Sequence[str],
    ) -> EventPage:
        last = await queries.last_position(tx, workspace_id)
        if after > last:
            # Silence would make the reader miss all that happens until the feed catches up.
            message = "this cursor is ahead of the feed (was a backup restored?); start again without one"
            raise InvalidInput([Problem("after", message, "invalid_cursor")])
        events: list[Event] = []
        has_next, size, wanted = True, 0, _FIRST_READ
        while has_next and len(events) <= limit and size < _PAGE_BYTES:
            wanted = min(wanted, limit + 1 - len(events))
            behind = events[-1].position if events else after
            more = await queries.list_events(
                tx, workspace_id, after=behind, limit=wanted, types=types, lead_ids=lead_ids
            )
            has_next = len(more) == wanted
            events += more
            size += sum(event.size for event in more)
            wanted = max(1, (_PAGE_BYTES - size) * len(events) // max(1, size))  # as many more of their size as fit
        events = events[:limit]
        reached = events[-1].position if events else after
        # On a cluster, some events may have come since `last` was read.
        return EventPage(events, limit, has_next, reached if has_next else max(last, reached))
