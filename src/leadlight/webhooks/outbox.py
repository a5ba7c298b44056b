"""The SQL of deliveries, their attempts, and the parts of a feed that are sent again."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec

from leadlight.store.database import Table, Transaction, one_of
from leadlight.webhooks.delivery import Attempt, Delivery, DeliveryStatus, Replay

_FIELDS = Delivery.__struct_fields__
_COLUMNS = ", ".join(_FIELDS)
_STATUS = _FIELDS.index("status")
_DELIVERIES = Table("deliveries", _FIELDS, ("workspace_id", "id"))
_ATTEMPT_FIELDS = Attempt.__struct_fields__
_ATTEMPTS = Table("delivery_attempts", ("workspace_id", *_ATTEMPT_FIELDS), ("workspace_id", "delivery_id", "number"))
_OF_WEBHOOK = f"SELECT {_COLUMNS} FROM deliveries WHERE workspace_id = :workspace_id AND webhook_id = :webhook_id"
_FIND = f"SELECT {_COLUMNS} FROM deliveries WHERE workspace_id = :workspace_id AND id = :delivery_id"
_WITH_STATUS = f"{_OF_WEBHOOK} AND status = :status"
_DUE = f"{_OF_WEBHOOK} AND due_at <= :now ORDER BY due_at, id LIMIT :limit"
_NEXT_DUE = """
SELECT min(due_at) FROM deliveries
WHERE workspace_id = :workspace_id AND webhook_id = :webhook_id AND due_at IS NOT NULL
"""
_UPDATE = """
UPDATE deliveries SET status = :status, attempts = :attempts, failures = :failures, due_at = :due_at,
    finished_at = :finished_at
WHERE workspace_id = :workspace_id AND id = :id
"""
_SUCCEED = """
UPDATE deliveries SET status = 'succeeded', due_at = NULL, finished_at = :now WHERE workspace_id = :workspace_id
"""
_LIST_ATTEMPTS = f"""
SELECT {", ".join(_ATTEMPT_FIELDS)} FROM delivery_attempts
WHERE workspace_id = :workspace_id AND delivery_id = :delivery_id ORDER BY number
"""
_ATTEMPTS_OF_LEADS = f"""
SELECT {", ".join(_ATTEMPT_FIELDS)} FROM delivery_attempts
WHERE workspace_id = :workspace_id AND delivery_id IN (
    SELECT id FROM deliveries WHERE workspace_id = :workspace_id AND lead_id {{among}}) ORDER BY delivery_id, number
"""
# A receiver may have answered with the data that it was sent.
_ERASE_ANSWERS = """
UPDATE delivery_attempts SET answer = '' WHERE workspace_id = :workspace_id AND delivery_id IN (
    SELECT id FROM deliveries WHERE workspace_id = :workspace_id AND lead_id {among})
"""
_DROP = """
UPDATE deliveries SET status = 'dropped', position = NULL, due_at = NULL, finished_at = :now
WHERE workspace_id = :workspace_id AND status = 'pending' AND lead_id {among}
"""
_FORGET_EVENT = """
UPDATE deliveries SET position = NULL
WHERE workspace_id = :workspace_id AND status <> 'pending' AND lead_id {among}
"""
_REPLAY_FIELDS = Replay.__struct_fields__
_INSERT_REPLAY = """
INSERT INTO replays (workspace_id, id, webhook_id, types, position, last_position, since, until, created_at)
VALUES (:workspace_id, :id, :webhook_id, :types, :position, :last_position, :since, :until, :created_at)
"""
_FIRST_REPLAY = f"""
SELECT {", ".join(_REPLAY_FIELDS)} FROM replays
WHERE workspace_id = :workspace_id AND webhook_id = :webhook_id ORDER BY id LIMIT 1
"""
_MOVE_REPLAY = "UPDATE replays SET position = :position WHERE workspace_id = :workspace_id AND id = :id"
_END_REPLAY = "DELETE FROM replays WHERE workspace_id = :workspace_id AND id = :id"
_END_REPLAYS = "DELETE FROM replays WHERE workspace_id = :workspace_id AND webhook_id = :webhook_id"
_FINISHED_BEFORE = """
SELECT id FROM deliveries WHERE workspace_id = :workspace_id AND id < :before_id AND finished_at < :before
ORDER BY id LIMIT :limit
"""
_SOME_OF_WEBHOOK = """
SELECT id FROM deliveries WHERE workspace_id = :workspace_id AND webhook_id = :webhook_id LIMIT :limit
"""


async def insert_deliveries(tx: Transaction, deliveries: Sequence[Delivery]) -> None:
    await tx.load(_DELIVERIES, [msgspec.structs.astuple(delivery) for delivery in deliveries])


async def find_delivery(tx: Transaction, workspace_id: str, delivery_id: str) -> Delivery | None:
    row = await tx.row(_FIND, workspace_id=workspace_id, delivery_id=delivery_id)
    return None if row is None else _delivery(row)


async def find_deliveries(tx: Transaction, workspace_id: str, ids: Sequence[str]) -> list[Delivery]:
    among, names = one_of(ids)
    sql = f"SELECT {_COLUMNS} FROM deliveries WHERE workspace_id = :workspace_id AND id {among}"
    return [_delivery(row) for row in await tx.rows(sql, workspace_id=workspace_id, **names)]


async def list_deliveries(
    tx: Transaction, workspace_id: str, webhook_id: str, *, status: DeliveryStatus | None, before: str, limit: int
) -> list[Delivery]:
    """Newest first, behind an id; empty to begin."""
    which: dict[str, Any] = {"workspace_id": workspace_id, "webhook_id": webhook_id, "limit": limit}
    older = ""
    if before:
        older, which["before"] = " AND id < :before", before
    found: list[Delivery] = []
    for each in DeliveryStatus if status is None else (status,):  # an index each, so that no page sorts them all
        sql = f"{_WITH_STATUS}{older} ORDER BY id DESC LIMIT :limit"
        found += [_delivery(row) for row in await tx.rows(sql, **which, status=each.value)]
    return sorted(found, key=lambda delivery: delivery.id, reverse=True)[:limit]


async def list_due(tx: Transaction, workspace_id: str, webhook_id: str, *, now: int, limit: int) -> list[Delivery]:
    rows = await tx.rows(_DUE, workspace_id=workspace_id, webhook_id=webhook_id, now=now, limit=limit)
    return [_delivery(row) for row in rows]


async def list_sending(tx: Transaction, workspace_id: str, webhook_id: str) -> list[Delivery]:
    rows = await tx.rows(_WITH_STATUS, workspace_id=workspace_id, webhook_id=webhook_id, status="sending")
    return [_delivery(row) for row in rows]


async def next_due(tx: Transaction, workspace_id: str, webhook_id: str) -> int | None:
    row = await tx.row(_NEXT_DUE, workspace_id=workspace_id, webhook_id=webhook_id)
    return cast("int | None", row[0]) if row else None


async def update_delivery(tx: Transaction, delivery: Delivery) -> None:
    await tx.later(
        _UPDATE,
        workspace_id=delivery.workspace_id,
        id=delivery.id,
        status=delivery.status.value,
        attempts=delivery.attempts,
        failures=delivery.failures,
        due_at=delivery.due_at,
        finished_at=delivery.finished_at,
    )


async def succeed_deliveries(tx: Transaction, workspace_id: str, ids: Sequence[str], now: int) -> None:
    among, names = one_of(ids)
    await tx.execute(f"{_SUCCEED} AND id {among}", workspace_id=workspace_id, now=now, **names)


async def insert_attempts(tx: Transaction, workspace_id: str, attempts: Iterable[Attempt]) -> None:
    await tx.load(_ATTEMPTS, [(workspace_id, *msgspec.structs.astuple(attempt)) for attempt in attempts])


async def list_attempts(tx: Transaction, workspace_id: str, delivery_id: str) -> list[Attempt]:
    rows = await tx.rows(_LIST_ATTEMPTS, workspace_id=workspace_id, delivery_id=delivery_id)
    return [Attempt(*cast("Any", row)) for row in rows]


async def erase_leads(tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> None:
    among, names = one_of(lead_ids)
    await tx.later(_ERASE_ANSWERS.format(among=among), workspace_id=workspace_id, **names)
    await tx.later(_DROP.format(among=among), workspace_id=workspace_id, now=now, **names)
    await tx.later(_FORGET_EVENT.format(among=among), workspace_id=workspace_id, **names)


async def list_of_leads(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> list[Delivery]:
    among, names = one_of(lead_ids)
    sql = f"SELECT {_COLUMNS} FROM deliveries WHERE workspace_id = :workspace_id AND lead_id {among} ORDER BY id"
    return [_delivery(row) for row in await tx.rows(sql, workspace_id=workspace_id, **names)]


async def list_attempts_of_leads(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> list[Attempt]:
    """By delivery, the first one first."""
    among, names = one_of(lead_ids)
    rows = await tx.rows(_ATTEMPTS_OF_LEADS.format(among=among), workspace_id=workspace_id, **names)
    return [Attempt(*cast("Any", row)) for row in rows]


async def insert_replay(tx: Transaction, replay: Replay) -> None:
    await tx.execute(_INSERT_REPLAY, **msgspec.structs.asdict(replay) | {"types": " ".join(replay.types)})


async def first_replay(tx: Transaction, workspace_id: str, webhook_id: str) -> Replay | None:
    """The oldest that is not done."""
    row = await tx.row(_FIRST_REPLAY, workspace_id=workspace_id, webhook_id=webhook_id)
    if row is None:
        return None
    values: dict[str, Any] = dict(zip(_REPLAY_FIELDS, row, strict=True))
    return Replay(**values | {"types": tuple(values["types"].split(" "))})


async def move_replay(tx: Transaction, replay: Replay, position: int) -> None:
    if position >= replay.last_position:
        await tx.later(_END_REPLAY, workspace_id=replay.workspace_id, id=replay.id)
    else:
        await tx.later(_MOVE_REPLAY, workspace_id=replay.workspace_id, id=replay.id, position=position)


async def end_replays(tx: Transaction, workspace_id: str, webhook_id: str) -> None:
    await tx.execute(_END_REPLAYS, workspace_id=workspace_id, webhook_id=webhook_id)


async def has_finished_before(tx: Transaction, workspace_id: str, before: int, before_id: str) -> bool:
    sql = _FINISHED_BEFORE
    return await tx.row(sql, workspace_id=workspace_id, before=before, before_id=before_id, limit=1) is not None


async def lock_finished_before(
    tx: Transaction, workspace_id: str, before: int, before_id: str, *, limit: int
) -> list[str]:
    """Some deliveries that ended before a time. `before_id`: the first id of that time."""
    sql = _FINISHED_BEFORE + tx.for_update
    rows = await tx.rows(sql, workspace_id=workspace_id, before=before, before_id=before_id, limit=limit)
    return [cast("str", id_) for [id_] in rows]


async def some_of_webhook(tx: Transaction, workspace_id: str, webhook_id: str, *, limit: int) -> list[str]:
    rows = await tx.rows(_SOME_OF_WEBHOOK, workspace_id=workspace_id, webhook_id=webhook_id, limit=limit)
    return [cast("str", id_) for [id_] in rows]


async def remove_deliveries(tx: Transaction, workspace_id: str, ids: Sequence[str]) -> None:
    if not ids:
        return
    among, names = one_of(ids)
    for table, column in (("delivery_attempts", "delivery_id"), ("deliveries", "id")):
        sql = f"DELETE FROM {table} WHERE workspace_id = :workspace_id AND {column} {among}"
        await tx.execute(sql, workspace_id=workspace_id, **names)


def _delivery(row: Any) -> Delivery:
    values = list(row)
    values[_STATUS] = DeliveryStatus(values[_STATUS])
    return Delivery(*values)
