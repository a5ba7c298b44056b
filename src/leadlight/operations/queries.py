"""The SQL of operations and of what they did to each lead."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from leadlight.leads.lead import Lead
from leadlight.operations.operation import Action, Entry, Operation, OperationKind, OperationStatus, Skipped, SkipReason
from leadlight.principal import Actor
from leadlight.store.database import Table, Transaction, Value, one_of

_TABLE = Table(
    "operations",
    (
        "workspace_id",
        "id",
        "kind",
        "status",
        "actor_type",
        "actor_id",
        "subject_id",
        "quiet",
        "leads",
        "created_at",
        "undo_until",
        "undone_at",
        "undone_by",
        "restored",
        "skipped",
    ),
    ("workspace_id", "id"),
)
_COLUMNS = ", ".join(_TABLE.columns)
_UPDATE = """
UPDATE operations SET status = :status, leads = :leads, undone_at = :undone_at, undone_by = :undone_by,
    restored = :restored, skipped = :skipped
WHERE workspace_id = :workspace_id AND id = :id
"""
_FIND = f"SELECT {_COLUMNS} FROM operations WHERE workspace_id = :workspace_id AND id = :id"
_LIST = f"SELECT {_COLUMNS} FROM operations WHERE workspace_id = :workspace_id AND id < :before"
_ENTRIES = Table(
    "operation_leads",
    ("workspace_id", "operation_id", "lead_id", "action", "version", "before"),
    ("workspace_id", "operation_id", "lead_id"),
)
# A lead that an operation meets twice is taken back to what it was before the first time.
_NOTE_AGAIN = """
INSERT INTO operation_leads (workspace_id, operation_id, lead_id, action, version, before)
VALUES (:workspace_id, :operation_id, :lead_id, :action, :version, :before)
ON CONFLICT (workspace_id, operation_id, lead_id) DO UPDATE SET version = excluded.version
"""
_COUNT_ENTRIES = """
SELECT count(*) FROM operation_leads WHERE workspace_id = :workspace_id AND operation_id = :operation_id
"""
_LIST_OPEN = """
SELECT lead_id, action, version, before FROM operation_leads
WHERE workspace_id = :workspace_id AND operation_id = :operation_id AND outcome IS NULL
ORDER BY lead_id LIMIT :limit
"""
_SKIPPED = """
SELECT lead_id, outcome FROM operation_leads
WHERE workspace_id = :workspace_id AND operation_id = :operation_id AND outcome IS NOT NULL
ORDER BY lead_id LIMIT :limit
"""
_SKIP = """
UPDATE operation_leads SET outcome = :outcome, before = NULL
WHERE workspace_id = :workspace_id AND operation_id = :operation_id AND lead_id
"""
_FOLLOW_UP = """
UPDATE operation_leads SET version = :version
WHERE workspace_id = :workspace_id AND lead_id = :lead_id AND version = :former AND outcome IS NULL
"""
_TAKEN_AWAY = """
SELECT count(*) FROM operation_leads
WHERE workspace_id = :workspace_id AND action IN ('deleted', 'merged') AND outcome IS NULL AND lead_id
"""
_ERASE = "DELETE FROM operation_leads WHERE workspace_id = :workspace_id AND lead_id"
_HELD_ON = """
SELECT operation_id, lead_id, action, before FROM operation_leads WHERE workspace_id = :workspace_id AND lead_id
"""
_FORGET = """
DELETE FROM operation_leads WHERE workspace_id = :workspace_id AND operation_id = :operation_id AND lead_id
"""
# First whose there are, then within each: so that no statement changes rows of two workspaces.
_UNFINISHED = """
SELECT workspace_id, id FROM operations
WHERE status = 'undoing' OR status = 'completed' AND undo_until <= :now ORDER BY workspace_id, id
"""

_encode = msgspec.json.Encoder().encode
_decode_lead = msgspec.json.Decoder(Lead).decode


async def insert_operation(tx: Transaction, operation: Operation) -> None:
    values = _values(operation)
    await tx.load(_TABLE, [tuple(values[column] for column in _TABLE.columns)])


async def update_operation(tx: Transaction, operation: Operation) -> None:
    names = ("workspace_id", "id", "status", "leads", "undone_at", "undone_by", "restored", "skipped")
    values = _values(operation)
    await tx.execute(_UPDATE, **{name: values[name] for name in names})


async def find_operation(tx: Transaction, workspace_id: str, operation_id: str) -> Operation | None:
    row = await tx.row(_FIND, workspace_id=workspace_id, id=operation_id)
    return _operation(*row) if row else None


async def lock_operation(tx: Transaction, workspace_id: str, operation_id: str) -> Operation | None:
    """The same, which nobody else changes until the transaction ends."""
    row = await tx.row(_FIND + tx.for_update, workspace_id=workspace_id, id=operation_id)
    return _operation(*row) if row else None


async def list_operations(
    tx: Transaction, workspace_id: str, *, kind: OperationKind | None, before: str, limit: int
) -> list[Operation]:
    """Newest first, behind an id."""
    sql, parameters = _LIST, {"workspace_id": workspace_id, "before": before}
    if kind is not None:
        sql, parameters = f"{sql} AND kind = :kind", {**parameters, "kind": kind.value}
    rows = await tx.rows(f"{sql} ORDER BY id DESC LIMIT :limit", limit=limit, **parameters)
    return [_operation(*row) for row in rows]


async def insert_entries(
    tx: Transaction, workspace_id: str, operation_id: str, entries: Sequence[Entry], *, may_be_there: bool
) -> None:
    """`may_be_there`: the operation may have met some of the leads before."""
    rows = [
        (
            workspace_id,
            operation_id,
            entry.lead_id,
            entry.action.value,
            entry.version,
            None if entry.before is None else _encode(entry.before).decode(),
        )
        for entry in entries
    ]
    if may_be_there:
        await tx.each(_NOTE_AGAIN, [dict(zip(_ENTRIES.columns, row, strict=True)) for row in rows])
    else:
        await tx.load(_ENTRIES, rows)


async def count_entries(tx: Transaction, workspace_id: str, operation_id: str) -> int:
    row = await tx.row(_COUNT_ENTRIES, workspace_id=workspace_id, operation_id=operation_id)
    return cast("int", row[0]) if row else 0


async def list_entries(tx: Transaction, workspace_id: str, operation_id: str, *, limit: int) -> list[Entry]:
    """Some that no undo has been at."""
    rows = await tx.rows(_LIST_OPEN, workspace_id=workspace_id, operation_id=operation_id, limit=limit)
    return [_entry(*row) for row in rows]


async def skip(
    tx: Transaction, workspace_id: str, operation_id: str, reason: SkipReason, lead_ids: Sequence[str]
) -> None:
    """Notes that the undo left some leads alone; what was kept of them is not needed any more."""
    if lead_ids:
        among, names = one_of(lead_ids)
        named = {"workspace_id": workspace_id, "operation_id": operation_id, "outcome": reason.value}
        await tx.execute(f"{_SKIP} {among}", **named, **names)


async def follow_up(tx: Transaction, workspace_id: str, versions: Sequence[tuple[str, int, int]]) -> None:
    """Tells other operations that leads are again as they left them. `versions`: a lead, its version then, and now."""
    rows: list[dict[str, Value]] = [
        {"workspace_id": workspace_id, "lead_id": lead_id, "former": former, "version": version}
        for lead_id, former, version in versions
    ]
    await tx.each(_FOLLOW_UP, rows)


async def list_skipped(tx: Transaction, workspace_id: str, operation_id: str, *, limit: int) -> list[Skipped]:
    rows = await tx.rows(_SKIPPED, workspace_id=workspace_id, operation_id=operation_id, limit=limit)
    return [Skipped(cast("str", lead_id), SkipReason(cast("str", outcome))) for lead_id, outcome in rows]


async def keeps_any(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> bool:
    """Whether some of the leads were taken away by an operation and could be brought back."""
    among, names = one_of(lead_ids)
    row = await tx.row(f"{_TAKEN_AWAY} {among}", workspace_id=workspace_id, **names)
    return bool(row and row[0])


async def erase_leads(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
    among, names = one_of(lead_ids)
    await tx.later(f"{_ERASE} {among}", workspace_id=workspace_id, **names)


async def held_on(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> list[dict[str, Any]]:
    among, names = one_of(lead_ids)
    rows = await tx.rows(f"{_HELD_ON} {among} ORDER BY operation_id", workspace_id=workspace_id, **names)
    return [
        {
            "operationId": operation_id,
            "leadId": lead_id,
            "action": action,
            "before": None if before is None else msgspec.Raw(cast("str", before).encode()),
        }
        for operation_id, lead_id, action, before in rows
    ]


async def forget_entries(tx: Transaction, workspace_id: str, operation_id: str, lead_ids: Sequence[str]) -> None:
    if lead_ids:
        among, names = one_of(lead_ids)
        await tx.execute(f"{_FORGET} {among}", workspace_id=workspace_id, operation_id=operation_id, **names)


async def list_unfinished(tx: Transaction, now: int) -> list[tuple[str, str]]:
    """Workspaces and operations whose undo goes on, or whose time is over."""
    rows = await tx.rows(_UNFINISHED, now=now)
    return cast("list[tuple[str, str]]", rows)


def _values(operation: Operation) -> dict[str, Any]:
    values = msgspec.structs.asdict(operation)
    actor = values.pop("actor")
    return values | {"actor_type": actor.type, "actor_id": actor.id, "quiet": int(operation.quiet)}


def _operation(*row: Any) -> Operation:
    workspace_id, id_, kind, status, actor_type, actor_id, subject_id, quiet, *rest = row
    return Operation(
        workspace_id,
        id_,
        OperationKind(kind),
        OperationStatus(status),
        Actor(actor_type, actor_id),
        subject_id,
        bool(quiet),
        *rest,
    )


def _entry(*row: Any) -> Entry:
    lead_id, action, version, before = row
    return Entry(lead_id, Action(action), version, None if before is None else _decode_lead(before))
