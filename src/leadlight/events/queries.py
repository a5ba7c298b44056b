"""The SQL of events. They are appended, read in order, and erased with their lead."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from leadlight.events.event import Event, EventType
from leadlight.principal import Actor
from leadlight.store.database import Row, Table, Transaction, one_of

_TAKE_POSITIONS = """
UPDATE feeds SET last_event = last_event + :count WHERE workspace_id = :workspace_id RETURNING last_event
"""
_LAST_POSITION = "SELECT last_event FROM feeds WHERE workspace_id = :workspace_id"
_OPEN_FEED = "INSERT INTO feeds (workspace_id, last_event) VALUES (:workspace_id, 0)"
_TABLE = Table(
    "events",
    (
        "workspace_id",
        "position",
        "id",
        "type",
        "lead_id",
        "actor_type",
        "actor_id",
        "changes",
        "created_at",
        "lead",
        "quiet",
    ),
    ("workspace_id", "position"),
)
_DELETED = EventType.LEAD_DELETED.value
_COLUMNS = "position, id, type, lead_id, actor_type, actor_id, changes, created_at, lead"
_NEXT_TIME = """
SELECT position, created_at FROM events
WHERE workspace_id = :workspace_id AND position >= :position ORDER BY position LIMIT 1
"""
_ERASE = "DELETE FROM events WHERE workspace_id = :workspace_id AND lead_id"


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


async def insert_events(tx: Transaction, events: Sequence[Event], *, quiet: bool) -> None:
    """`quiet`: no webhook is told of them."""
    await tx.load(_TABLE, [_row(event, quiet=quiet) for event in events])


async def list_events(
    tx: Transaction,
    workspace_id: str,
    *,
    after: int,
    limit: int,
    types: Sequence[EventType] = (),
    lead_ids: Sequence[str] = (),
    with_quiet: bool = True,
) -> list[Event]:
    """Events behind a position, oldest first; of some leads, or of the whole workspace."""
    parameters: dict[str, Any] = {"workspace_id": workspace_id, "after": after, "limit": limit}
    conditions = ["workspace_id = :workspace_id", "position > :after"]
    if lead_ids:
        among, names = one_of(lead_ids)
        conditions.append(f"lead_id {among}")
        parameters |= names
    if not with_quiet:
        conditions.append("quiet = 0")
    if types:
        kinds = {f"type_{index}": kind.value for index, kind in enumerate(types)}
        conditions.append(f"type IN ({', '.join(':' + name for name in kinds)})")
        parameters |= kinds
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


async def erase_events(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
    among, names = one_of(lead_ids)
    await tx.later(f"{_ERASE} {among}", workspace_id=workspace_id, **names)


async def erase_told(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
    """All but that they were deleted, which holds no data of theirs."""
    among, names = one_of(lead_ids)
    await tx.execute(f"{_ERASE} {among} AND type <> :kept", workspace_id=workspace_id, kept=_DELETED, **names)


def _row(event: Event, *, quiet: bool) -> Row:
    return (
        event.workspace_id,
        event.position,
        event.id,
        event.type.value,
        event.lead_id,
        event.actor.type,
        event.actor.id,
        bytes(event.changes).decode(),
        event.created_at,
        None if event.lead is None else bytes(event.lead).decode(),
        int(quiet),
    )


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
