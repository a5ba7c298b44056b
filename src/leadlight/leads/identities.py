"""The SQL of what else tells leads to be the same: values of their metadata, and where merged ones went."""

from collections.abc import Sequence
from functools import cache
from typing import cast

from leadlight.errors import InvalidInput, Problem
from leadlight.leads.lead import Lead
from leadlight.leads.matching import MAX_IDENTITY
from leadlight.leads.metadata import EMPTY
from leadlight.store.database import Transaction, besides, one_of

_MOST_KEYS = 10
_KEYS = "SELECT key FROM match_keys WHERE workspace_id = :workspace_id"
_ADD_KEY = "INSERT INTO match_keys (workspace_id, key) VALUES (:workspace_id, :key)"
_INSERT = """
INSERT INTO lead_identities (workspace_id, key, value, lead_id)
SELECT workspace_id, key, {value}, CAST(:lead_id AS TEXT) FROM match_keys
WHERE workspace_id = :workspace_id AND length({value}) BETWEEN 1 AND :longest
ON CONFLICT DO NOTHING
"""
_INSERT_FOR_ALL = """
INSERT INTO lead_identities (workspace_id, key, value, lead_id)
SELECT workspace_id, CAST(:key AS TEXT), {value}, id FROM leads
WHERE workspace_id = :workspace_id AND length({value}) BETWEEN 1 AND :longest
"""
_DELETE = """
DELETE FROM lead_identities
WHERE workspace_id = :workspace_id AND lead_id = :lead_id AND value <> coalesce({value}, '')
"""
_DELETE_ALL = "DELETE FROM lead_identities WHERE workspace_id = :workspace_id AND lead_id"
_FIND = "SELECT value, min(lead_id) FROM lead_identities WHERE workspace_id = :workspace_id AND key = :key AND value"
_SURVIVOR = "SELECT survivor_id FROM merged_leads WHERE workspace_id = :workspace_id AND id = :id"
# CROSS JOIN keeps the order: from each lead to those that went into it, not through all that were ever merged.
_MERGED_INTO = """
WITH RECURSIVE into_it (id) AS (
    SELECT id FROM merged_leads WHERE workspace_id = :workspace_id AND survivor_id {among}
    UNION
    SELECT merged_leads.id FROM into_it CROSS JOIN merged_leads
    WHERE merged_leads.workspace_id = :workspace_id AND merged_leads.survivor_id = into_it.id
) SELECT id FROM into_it
"""
_REDIRECT = """
INSERT INTO merged_leads (workspace_id, id, survivor_id, operation_id, merged_at)
VALUES (:workspace_id, :id, :survivor_id, :operation_id, :merged_at)
"""
_FORGET_REDIRECTS = "DELETE FROM merged_leads WHERE workspace_id = :workspace_id AND id"


async def ensure_key(tx: Transaction, workspace_id: str, key: str) -> None:
    """Sees to it that leads are found by a key of their metadata; at its first use, all leads are looked at.

    Raises InvalidInput when the workspace has as many of them as it may.
    """
    keys = {cast("str", name) for [name] in await tx.rows(_KEYS, workspace_id=workspace_id)}
    if key in keys:
        return
    if len(keys) >= _MOST_KEYS:
        known = ", ".join(sorted(f"metadata.{name}" for name in keys))
        raise InvalidInput(
            [Problem("matchOn", f"a workspace matches on at most {_MOST_KEYS} keys: {known}", "too_many")]
        )
    await tx.execute(_ADD_KEY, workspace_id=workspace_id, key=key)
    sql = _INSERT_FOR_ALL.format(value=tx.json_text("metadata", ":key"))
    await tx.execute(sql, workspace_id=workspace_id, key=key, longest=MAX_IDENTITY)


async def has_keys(tx: Transaction, workspace_id: str) -> bool:
    return bool(await tx.row(f"{_KEYS} LIMIT 1", workspace_id=workspace_id))


async def insert_identity(tx: Transaction, lead: Lead) -> None:
    if lead.metadata == EMPTY:
        return
    sql = _with(_INSERT, tx.json_text(":metadata", "key"))
    metadata = bytes(lead.metadata).decode()
    await tx.later(sql, workspace_id=lead.workspace_id, lead_id=lead.id, metadata=metadata, longest=MAX_IDENTITY)


async def replace_identity(tx: Transaction, lead: Lead) -> None:
    sql = _with(_DELETE, tx.json_text(":metadata", "key"))
    await tx.later(sql, workspace_id=lead.workspace_id, lead_id=lead.id, metadata=bytes(lead.metadata).decode())
    await insert_identity(tx, lead)


async def delete_identities(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
    among, names = one_of(lead_ids)
    await tx.later(f"{_DELETE_ALL} {among}", workspace_id=workspace_id, **names)


async def find_by_key(
    tx: Transaction, workspace_id: str, key: str, values: Sequence[str], *, excluded: Sequence[str]
) -> dict[str, str]:
    """The oldest lead's id for each value at a key of the metadata, besides some."""
    if not values:
        return {}
    among, names = one_of(values)
    others, more = besides("lead_id", excluded)
    rows = await tx.rows(f"{_FIND} {among}{others} GROUP BY value", workspace_id=workspace_id, key=key, **names, **more)
    return dict(cast("list[tuple[str, str]]", rows))


async def find_survivor(tx: Transaction, workspace_id: str, lead_id: str) -> str | None:
    """Where a merged lead went in the end; None for one that was not merged."""
    survivor = None
    while row := await tx.row(_SURVIVOR, workspace_id=workspace_id, id=survivor or lead_id):
        survivor = cast("str", row[0])
    return survivor


async def list_merged_into(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> list[str]:
    """The ids of all leads that went into some, by whatever way."""
    among, names = one_of(lead_ids)
    rows = await tx.rows(_MERGED_INTO.format(among=among), workspace_id=workspace_id, **names)
    return [cast("str", id_) for [id_] in rows]


async def redirect(
    tx: Transaction, workspace_id: str, lead_id: str, *, survivor_id: str, operation_id: str, now: int
) -> None:
    await tx.execute(
        _REDIRECT,
        workspace_id=workspace_id,
        id=lead_id,
        survivor_id=survivor_id,
        operation_id=operation_id,
        merged_at=now,
    )


async def forget_redirects(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
    among, names = one_of(lead_ids)
    await tx.later(f"{_FORGET_REDIRECTS} {among}", workspace_id=workspace_id, **names)


@cache
def _with(sql: str, value: str) -> str:
    return sql.format(value=value)
