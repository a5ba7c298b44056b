"""The SQL of follow-ups that nobody was told of yet."""

from collections.abc import Iterable, Sequence
from typing import cast

from leadlight.leads.lead import Lead
from leadlight.leads.queries import put
from leadlight.store.database import Transaction, Value, one_of

_SET = """
INSERT INTO reminders (workspace_id, lead_id, due_at) VALUES (:workspace_id, :lead_id, :due_at)
ON CONFLICT (workspace_id, lead_id) DO UPDATE SET due_at = excluded.due_at
"""
_FORGET = "DELETE FROM reminders WHERE workspace_id = :workspace_id AND lead_id = :lead_id"
_FORGET_SOME = "DELETE FROM reminders WHERE workspace_id = :workspace_id AND lead_id"
# For the whole store, which no caller ever sees.
_WORKSPACES_WITH_DUE = "SELECT DISTINCT workspace_id FROM reminders WHERE due_at <= :now"
_DUE = """
SELECT lead_id FROM reminders WHERE workspace_id = :workspace_id AND due_at <= :now ORDER BY lead_id LIMIT :limit
"""


async def keep_reminders(tx: Transaction, workspace_id: str, leads: Iterable[tuple[Lead | None, Lead | None]]) -> None:
    """Sets and forgets what some leads, before and after a change, are to be told of."""
    to_set: list[dict[str, Value]] = []
    to_forget: list[dict[str, Value]] = []
    for before, after in leads:
        due_at = None if after is None else after.follow_up_at
        if due_at == (None if before is None else before.follow_up_at):
            continue
        lead_id = cast("Lead", after or before).id
        reminder: dict[str, Value] = {"workspace_id": workspace_id, "lead_id": lead_id}
        if due_at is None:
            to_forget.append(reminder)
        else:
            to_set.append({**reminder, "due_at": due_at})
    if to_set:
        await put(tx, _SET, to_set)
    if to_forget:
        await put(tx, _FORGET, to_forget)


async def workspaces_with_due(tx: Transaction, now: int) -> list[str]:
    return [cast("str", workspace_id) for [workspace_id] in await tx.rows(_WORKSPACES_WITH_DUE, now=now)]


async def list_due(tx: Transaction, workspace_id: str, *, now: int, limit: int) -> list[str]:
    """Ids of leads whose time has come."""
    rows = await tx.rows(_DUE, workspace_id=workspace_id, now=now, limit=limit)
    return [cast("str", lead_id) for [lead_id] in rows]


async def forget(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
    among, names = one_of(lead_ids)
    await tx.execute(f"{_FORGET_SOME} {among}", workspace_id=workspace_id, **names)
