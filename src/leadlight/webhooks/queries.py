"""The SQL of endpoints: what their owners set, and where each stands. Deliveries are in `outbox`."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

from leadlight.store.database import Transaction, one_of
from leadlight.webhooks.webhook import Webhook

_FOR_BOTH = ["active", "disabled_reason", "position", "due_at", "paused_until", "failing_since"]
_SETTINGS = [
    *("url", "events", "description", "secret", "previous_secret", "previous_secret_until", "updated_at"),
    *_FOR_BOTH,
]
_STANDING = [
    *("sender", "sender_until", "is_full", "success_count", "failure_count", "last_success_at", "last_failure_at"),
    *_FOR_BOTH,
]
_FIELDS = Webhook.__struct_fields__
_COLUMNS = ", ".join(_FIELDS)


def _assigned(fields: Iterable[str]) -> str:
    return ", ".join(f"{field} = :{field}" for field in fields)


_OF_WORKSPACE = f"SELECT {_COLUMNS} FROM webhooks WHERE workspace_id = :workspace_id AND deleted_at IS NULL"
_FIND = f"{_OF_WORKSPACE} AND id = :webhook_id"
_LIST = f"{_OF_WORKSPACE} AND id > :after ORDER BY id LIMIT :limit"
_IDS = "SELECT id FROM webhooks WHERE workspace_id = :workspace_id AND deleted_at IS NULL ORDER BY id"
_ACTIVE = "SELECT id FROM webhooks WHERE workspace_id = :workspace_id AND active = 1"
_COUNT = "SELECT count(*) FROM webhooks WHERE workspace_id = :workspace_id AND deleted_at IS NULL"
_INSERT = f"INSERT INTO webhooks ({_COLUMNS}) VALUES ({', '.join(':' + field for field in _FIELDS)})"
_UPDATE_SETTINGS = f"UPDATE webhooks SET {_assigned(_SETTINGS)} WHERE workspace_id = :workspace_id AND id = :id"
_UPDATE_STANDING = f"UPDATE webhooks SET {_assigned(_STANDING)} WHERE workspace_id = :workspace_id AND id = :id"
_MARK_DELETED = """
UPDATE webhooks SET deleted_at = :now, active = 0 WHERE workspace_id = :workspace_id AND id = :webhook_id
"""
_REMOVE = "DELETE FROM webhooks WHERE workspace_id = :workspace_id AND id = :webhook_id"
_KEEP = "UPDATE webhooks SET sender_until = :until WHERE workspace_id = :workspace_id AND sender = :sender AND id"
_HAS_WORK = """
    active = 1 AND is_full = 0 AND paused_until <= :now AND (position < :last_position OR due_at <= :now)
        AND (sender IS NULL OR sender = :sender)
    OR sender IS NOT NULL AND sender_until <= :now
"""
_IDS_WITH_WORK = f"""
SELECT id, CASE WHEN last_success_at IS NOT NULL AND failing_since IS NULL THEN 1 ELSE 0 END FROM webhooks
WHERE workspace_id = :workspace_id AND deleted_at IS NULL AND ({_HAS_WORK})
"""
_LAST_POSITION = "(SELECT last_event FROM feeds WHERE workspace_id = :workspace_id)"
_ANY_WITH_WORK = f"""
SELECT 1 FROM webhooks WHERE workspace_id = :workspace_id AND deleted_at IS NULL
    AND ({_HAS_WORK.replace(":last_position", _LAST_POSITION)}) LIMIT 1
"""
# The next three ask in which workspaces there is something to do; each is then looked at for itself.
_WITH_WORK = """
SELECT DISTINCT webhooks.workspace_id FROM webhooks JOIN feeds ON feeds.workspace_id = webhooks.workspace_id
WHERE webhooks.active = 1 AND webhooks.is_full = 0 AND webhooks.paused_until <= :now
    AND (webhooks.position < feeds.last_event OR webhooks.due_at <= :now)
    OR webhooks.sender IS NOT NULL AND webhooks.sender_until <= :now AND webhooks.deleted_at IS NULL
"""
_WITH_ANY = "SELECT DISTINCT workspace_id FROM webhooks"
_DELETED = "SELECT workspace_id, id FROM webhooks WHERE deleted_at IS NOT NULL"


async def insert_webhook(tx: Transaction, webhook: Webhook) -> None:
    await tx.execute(_INSERT, **_values(webhook, _FIELDS))


async def find_webhook(tx: Transaction, workspace_id: str, webhook_id: str) -> Webhook | None:
    row = await tx.row(_FIND, workspace_id=workspace_id, webhook_id=webhook_id)
    return None if row is None else _webhook(row)


async def lock_webhook(tx: Transaction, workspace_id: str, webhook_id: str) -> Webhook | None:
    """As `find_webhook`; nobody else changes it until the commit."""
    row = await tx.row(_FIND + tx.for_update, workspace_id=workspace_id, webhook_id=webhook_id)
    return None if row is None else _webhook(row)


async def lock_webhooks(tx: Transaction, workspace_id: str) -> None:
    """Waits for whoever takes deliveries on or records them, and keeps them from it until the commit."""
    await tx.rows(_IDS + tx.for_update, workspace_id=workspace_id)


async def list_webhooks(tx: Transaction, workspace_id: str, *, after: str, limit: int) -> list[Webhook]:
    """Oldest first, behind an id."""
    return [_webhook(row) for row in await tx.rows(_LIST, workspace_id=workspace_id, after=after, limit=limit)]


async def count_webhooks(tx: Transaction, workspace_id: str) -> int:
    row = await tx.row(_COUNT, workspace_id=workspace_id)
    return cast("int", row[0]) if row else 0


async def has_work(tx: Transaction, workspace_id: str, *, sender: str, now: int) -> bool:
    """Whether `list_with_work` would find an endpoint; one query, for it is asked after every write."""
    return await tx.row(_ANY_WITH_WORK, workspace_id=workspace_id, sender=sender, now=now) is not None


async def update_settings(tx: Transaction, webhook: Webhook) -> None:
    """Stores what its owner may change."""
    await tx.execute(_UPDATE_SETTINGS, **_values(webhook, ["workspace_id", "id", *_SETTINGS]))


async def update_standing(tx: Transaction, webhook: Webhook) -> None:
    """Stores what becomes of it while it is sent to."""
    await tx.later(_UPDATE_STANDING, **_values(webhook, ["workspace_id", "id", *_STANDING]))


async def mark_deleted(tx: Transaction, workspace_id: str, webhook_id: str, now: int) -> None:
    await tx.execute(_MARK_DELETED, workspace_id=workspace_id, webhook_id=webhook_id, now=now)


async def remove_webhook(tx: Transaction, workspace_id: str, webhook_id: str) -> None:
    await tx.execute(_REMOVE, workspace_id=workspace_id, webhook_id=webhook_id)


async def list_with_work(
    tx: Transaction, workspace_id: str, *, sender: str, last_position: int, now: int
) -> list[tuple[str, bool]]:
    """The endpoints that have work which this process may take, and whether their last answer was good."""
    rows = await tx.rows(_IDS_WITH_WORK, workspace_id=workspace_id, sender=sender, last_position=last_position, now=now)
    return [(cast("str", id_), bool(is_proven)) for id_, is_proven in rows]


async def lock_some(tx: Transaction, workspace_id: str, ids: Sequence[str]) -> list[Webhook]:
    """Some endpoints, as far as they are there; everybody locks them in one order."""
    if not ids:
        return []
    among, names = one_of(ids)
    sql = f"{_OF_WORKSPACE} AND id {among} ORDER BY id{tx.for_update}"
    return [_webhook(row) for row in await tx.rows(sql, workspace_id=workspace_id, **names)]


async def list_of_sender(tx: Transaction, workspace_id: str, sender: str) -> list[Webhook]:
    """Those that a process has, locked."""
    sql = f"{_OF_WORKSPACE} AND sender = :sender ORDER BY id{tx.for_update}"
    return [_webhook(row) for row in await tx.rows(sql, workspace_id=workspace_id, sender=sender)]


async def active_among(tx: Transaction, workspace_id: str, ids: Collection[str]) -> set[str]:
    """Those of some endpoints that events are sent to."""
    among, names = one_of(list(ids))
    rows = await tx.rows(f"{_ACTIVE} AND id {among}", workspace_id=workspace_id, **names)
    return {cast("str", id_) for [id_] in rows}


async def keep_webhooks(tx: Transaction, workspace_id: str, ids: Sequence[str], *, sender: str, until: int) -> None:
    """Says that a process is alive, and goes on sending to some that it has."""
    among, names = one_of(ids)
    await tx.execute(f"{_KEEP} {among}", workspace_id=workspace_id, sender=sender, until=until, **names)


async def workspaces_with_work(tx: Transaction, now: int) -> list[str]:
    """Those in which something is to be sent, or was left behind by a process that ended."""
    return [cast("str", workspace_id) for [workspace_id] in await tx.rows(_WITH_WORK, now=now)]


async def workspaces_with_webhooks(tx: Transaction) -> list[str]:
    return [cast("str", workspace_id) for [workspace_id] in await tx.rows(_WITH_ANY)]


async def list_deleted(tx: Transaction) -> list[tuple[str, str]]:
    """Workspace and id of the endpoints whose rows are still to be removed."""
    return cast("list[tuple[str, str]]", await tx.rows(_DELETED))


def _values(webhook: Webhook, fields: Iterable[str]) -> dict[str, Any]:
    return {field: _value(getattr(webhook, field)) for field in fields}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return " ".join(value)
    return int(value) if isinstance(value, bool) else value


def _webhook(row: Any) -> Webhook:
    values = dict(zip(_FIELDS, row, strict=True))
    values["events"] = tuple(values["events"].split(" "))
    return Webhook(**values | {"active": bool(values["active"]), "is_full": bool(values["is_full"])})
