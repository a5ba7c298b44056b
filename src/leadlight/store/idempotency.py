"""A request that is sent twice is done once: its result is kept in the transaction that made it.

Kept for 24 hours, for each workspace (contract §4). When what the request made is erased, so is
the kept result; the key itself still counts, so that a late retry can't bring the erased back.
"""

from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec

from leadlight.clock import DAY
from leadlight.errors import Conflict
from leadlight.store.database import Transaction, one_of

T = TypeVar("T")

KEPT_MILLISECONDS = DAY

_FIND = """
SELECT fingerprint, subject_id, result FROM idempotency_keys
WHERE workspace_id = :workspace_id AND key = :key AND created_at > :oldest
"""
_SAVE = """
INSERT INTO idempotency_keys (workspace_id, key, fingerprint, subject_id, result, created_at)
VALUES (:workspace_id, :key, :fingerprint, :subject_id, :result, :now)
ON CONFLICT (workspace_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,
    subject_id = excluded.subject_id, result = excluded.result, created_at = excluded.created_at
"""
_ERASE = """
UPDATE idempotency_keys SET fingerprint = NULL, result = NULL
WHERE workspace_id = :workspace_id AND subject_id
"""
# First whose there are, then within each: so that no statement changes rows of two workspaces.
_FIND_OLD = "SELECT DISTINCT workspace_id FROM idempotency_keys WHERE created_at <= :oldest"
_FORGET = "DELETE FROM idempotency_keys WHERE workspace_id = :workspace_id AND created_at <= :oldest"


class IdempotencyKey(msgspec.Struct, frozen=True):
    """The client's key, and a digest of what it asked for."""

    key: str
    fingerprint: str


async def find_result(
    tx: Transaction, workspace_id: str, asked: IdempotencyKey, kind: type[T], *, now: int
) -> T | None:
    """The result of the first request with this key, or None when this is the first.

    Raises Conflict when the key stands for another request, or for something erased since.
    """
    row = await tx.row(_FIND, workspace_id=workspace_id, key=asked.key, oldest=now - KEPT_MILLISECONDS)
    if row is None:
        return None
    fingerprint, subject_id, result = cast("tuple[str | None, str, str | None]", row)
    if fingerprint is None or result is None:
        raise Conflict("What this Idempotency-Key made was deleted since; use a new key", existingId=subject_id)
    if fingerprint != asked.fingerprint:
        raise Conflict("This Idempotency-Key was used for another request; use a new key for each new request")
    return msgspec.json.decode(result, type=kind)


async def save_result(
    tx: Transaction, workspace_id: str, asked: IdempotencyKey, subject_id: str, result: msgspec.Struct, *, now: int
) -> None:
    await tx.later(
        _SAVE,
        workspace_id=workspace_id,
        key=asked.key,
        fingerprint=asked.fingerprint,
        subject_id=subject_id,
        result=msgspec.json.encode(result).decode(),
        now=now,
    )


async def erase_results(tx: Transaction, workspace_id: str, subject_ids: Sequence[str]) -> None:
    """Takes what is kept about things that are being erased."""
    among, names = one_of(subject_ids)
    await tx.later(f"{_ERASE} {among}", workspace_id=workspace_id, **names)


async def forget_old_results(tx: Transaction, now: int) -> None:
    oldest = now - KEPT_MILLISECONDS
    for [workspace_id] in await tx.rows(_FIND_OLD, oldest=oldest):
        await tx.execute(_FORGET, workspace_id=workspace_id, oldest=oldest)
