"""The SQL of events. They are appended, read in order, and erased with their lead."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from leadlight.events.event import Actor, Event, EventType
from leadlight.store.database import Transaction, one_of

_TAKE_POSITIONS = """
UPDATE feeds SET last_event = last_event + :count WHERE workspace_id = :workspace_id RETURNING last_event
"""
_LAST_POSITION = "SELECT last_event FROM feeds WHERE workspace_id = :workspace_id"
_OPEN_FEED = "INSERT INTO feeds (workspace_id, last_event) VALUES (:workspace_id, 0)"
_INSERT = """
INSERT INTO events (workspace_id, position, id, type, lead_id, actor_type, actor_id, changes, created_at, lead)
VALUES (:workspace_id, :position, :id, :type, :lead_id, :actor_type, :actor_id, :changes, :created_at, :lead)
"""
_COLUMNS = "position, id, type, lead_id, actor_type, actor_id, changes, created_at, lead"
_NEXT_TIME = """
SELECT position, created_at FROM events
WHERE workspace_id = :workspace_id AND position >= :position ORDER BY position LIMIT 1
"""
_ERASE = "DELETE FROM events WHERE workspace_id = :workspace_id AND lead_id = :lead_id"


async def open_feed(tx: Transaction, workspace_id: str) -> None:
    await tx.later(_OPEN_FEED, workspace_id=workspace_id)


async def hold_feed(tx: Transaction, workspace_id: str) -> None:
    """Keeps others from writing to the workspace until the commit."""
    await tx.row(_LAST_POSITION + tx.for_update, workspace_id=workspace_id)


async def take_positions(tx: Transaction, workspace_id: str, count: int) -> range:
    """The next positions of a workspace's feed; its row stays locked until the commit."""
    row = await tx.row(_TAKE_POSITIONS, workspace_id=workspace_id, count=count)
    if row is None:
        raise LookupError(f"no workspace {workspace_id}")
    last = cast("int", row[0])
    return range(last - count + 1, last + 1)


async def last_position(tx: Transaction, workspace_id: str) -> int:
    row = await tx.row(_LAST_POSITION, workspace_id=workspace_id)
    return cast("int", row[0]) if row else 0


async def insert_event(tx: Transaction, event: Event) -> None:
    await tx.later(
        _INSERT,
        workspace_id=event.workspace_id,
        position=event.position,
        id=event.id,
        type=event.type.value,
        lead_id=event.lead_id,
        actor_type=event.actor.type,
        actor_id=event.actor.id,
        changes=bytes(event.changes).decode(),
        created_at=event.created_at,
        lead=None if event.lead is None else bytes(event.lead).decode(),
    )


async def list_events(
    tx: Transaction,
    workspace_id: str,
    *,
    after: int,
    limit: int,
    types: Sequence[EventType] = (),
    lead_id: str | None = None,
) -> list[Event]:
    """Events behind a position, oldest first; of one lead, or of the whole workspace."""
    parameters: dict[str, Any] = {"workspace_id": workspace_id, "after": after, "limit": limit}
    conditions = ["workspace_id = :workspace_id", "position > :after"]
    if lead_id is not None:
        conditions.append("lead_id = :lead_id")
        parameters["lead_id"] = lead_id
    if types:
        names = {f"type_{index}": kind.value for index, kind in enumerate(types)}
        conditions.append(f"type IN ({', '.join(':' + name for name in names)})")
        parameters |= names
    rows = await tx.rows(
        f"SELECT {_COLUMNS} FROM events WHERE {' AND '.join(conditions)} ORDER BY position LIMIT :limit",
        **parameters,
    )
    return [_event(workspace_id, *row) for row in rows]


async def find_events(tx: Transaction, workspace_id: str, positions: Sequence[int]) -> list[Event]:
    """The events at some positions, as far as they are still there."""
    among, names = one_of(positions)
    sql = f"SELECT {_COLUMNS} FROM events WHERE workspace_id = :workspace_id AND position {among}"
    return [_event(workspace_id, *row) for row in await tx.rows(sql, workspace_id=workspace_id, **names)]


async def positions_among(tx: Transaction, workspace_id: str, positions: Sequence[int]) -> set[int]:
    """Those of some positions at which there still is an event."""
    among, names = one_of(positions)
    sql = f"SELECT position FROM events WHERE workspace_id = :workspace_id AND position {among}"
    return {cast("int", position) for [position] in await tx.rows(sql, workspace_id=workspace_id, **names)}


async def first_position_since(tx: Transaction, workspace_id: str, moment: int, *, last: int) -> int:
    """The first position at or behind a time, found by halves: positions rise with time, and have gaps."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        row = await tx.row(_NEXT_TIME, workspace_id=workspace_id, position=middle)
        if row is None or cast("int", row[1]) >= moment:
            high = middle
        else:
            low = cast("int", row[0]) + 1
    return low


async def erase_events(tx: Transaction, workspace_id: str, lead_id: str) -> None:
    await tx.later(_ERASE, workspace_id=workspace_id, lead_id=lead_id)


def _event(workspace_id: str, *row: Any) -> Event:
    position, id_, type_, lead_id, actor_type, actor_id, changes, created_at, lead = row
    return Event(
        position,
        id_,
        EventType(type_),
        workspace_id,
        lead_id,
        Actor(actor_type, actor_id),
        msgspec.Raw(changes),
        created_at,
        None if lead is None else msgspec.Raw(lead),
    )
