"""The SQL of notes."""

from collections.abc import Sequence
from typing import Any, cast

from leadlight.notes.note import Note
from leadlight.principal import Actor
from leadlight.store.database import Transaction, one_of

_NOTES = """
SELECT workspace_id, id, lead_id, text, actor_type, actor_id, created_at, updated_at, edited_by
FROM notes WHERE workspace_id = :workspace_id
"""
_FIND = f"{_NOTES} AND id = :note_id"
_OF_LEADS = f"{_NOTES} AND lead_id"
_COUNT = "SELECT count(*) FROM notes WHERE workspace_id = :workspace_id AND lead_id"
_WITH_ANY = "SELECT DISTINCT lead_id FROM notes WHERE workspace_id = :workspace_id AND lead_id"
_INSERT = """
INSERT INTO notes (workspace_id, id, lead_id, text, actor_type, actor_id, created_at, updated_at)
VALUES (:workspace_id, :id, :lead_id, :text, :actor_type, :actor_id, :created_at, :updated_at)
"""
_UPDATE = """
UPDATE notes SET text = :text, updated_at = :updated_at, edited_by = :edited_by
WHERE workspace_id = :workspace_id AND id = :note_id
"""
_DELETE = "DELETE FROM notes WHERE workspace_id = :workspace_id AND id = :note_id"
_DELETE_OF_LEADS = "DELETE FROM notes WHERE workspace_id = :workspace_id AND lead_id"


async def find_note(tx: Transaction, workspace_id: str, note_id: str) -> Note | None:
    row = await tx.row(_FIND, workspace_id=workspace_id, note_id=note_id)
    return _note(*row) if row else None


async def list_newest(
    tx: Transaction, workspace_id: str, lead_ids: Sequence[str], *, before: str, limit: int
) -> list[Note]:
    """Those of some leads, newest first, behind an id."""
    among, names = one_of(lead_ids)
    sql = f"{_OF_LEADS} {among} AND id < :before ORDER BY id DESC LIMIT :limit"
    rows = await tx.rows(sql, workspace_id=workspace_id, before=before, limit=limit, **names)
    return [_note(*row) for row in rows]


async def list_all(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> list[Note]:
    """Those of some leads, oldest first."""
    among, names = one_of(lead_ids)
    rows = await tx.rows(f"{_OF_LEADS} {among} ORDER BY id", workspace_id=workspace_id, **names)
    return [_note(*row) for row in rows]


async def count_notes(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> int:
    among, names = one_of(lead_ids)
    row = await tx.row(f"{_COUNT} {among}", workspace_id=workspace_id, **names)
    return cast("int", row[0]) if row else 0


async def leads_with_any(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> set[str]:
    """Those of some leads that have notes."""
    among, names = one_of(lead_ids)
    rows = await tx.rows(f"{_WITH_ANY} {among}", workspace_id=workspace_id, **names)
    return {cast("str", lead_id) for [lead_id] in rows}


async def insert_note(tx: Transaction, note: Note) -> None:
    await tx.later(
        _INSERT,
        workspace_id=note.workspace_id,
        id=note.id,
        lead_id=note.lead_id,
        text=note.text,
        actor_type=note.actor.type,
        actor_id=note.actor.id,
        created_at=note.created_at,
        updated_at=note.updated_at,
    )


async def update_note(tx: Transaction, note: Note) -> None:
    await tx.later(
        _UPDATE,
        workspace_id=note.workspace_id,
        note_id=note.id,
        text=note.text,
        updated_at=note.updated_at,
        edited_by=note.edited_by.id if note.edited_by else None,
    )


async def delete_note(tx: Transaction, workspace_id: str, note_id: str) -> None:
    await tx.later(_DELETE, workspace_id=workspace_id, note_id=note_id)


async def delete_of_leads(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
    among, names = one_of(lead_ids)
    await tx.later(f"{_DELETE_OF_LEADS} {among}", workspace_id=workspace_id, **names)


def _note(*row: Any) -> Note:
    workspace_id, id_, lead_id, text, actor_type, actor_id, created_at, updated_at, edited_by = row
    return Note(
        workspace_id,
        id_,
        lead_id,
        text,
        Actor(actor_type, actor_id),
        created_at,
        updated_at,
        Actor.of(edited_by) if edited_by else None,
    )
