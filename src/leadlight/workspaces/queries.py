"""The SQL of workspaces and keys: the directory that says whose a request is."""

from typing import Any, cast

from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.principal import Scope
from leadlight.store.database import Transaction
from leadlight.workspaces.key import ApiKey
from leadlight.workspaces.workspace import Workspace

_LAST_NUMBER = "SELECT coalesce(max(number), 0) FROM workspaces"
_INSERT_WORKSPACE = """
INSERT INTO workspaces (id, number, name, created_at) VALUES (:id, :number, :name, :created_at)
"""
_WORKSPACE_COLUMNS = "id, name, created_at, on_duplicate, match_on"
_FIND_WORKSPACE = f"SELECT {_WORKSPACE_COLUMNS} FROM workspaces WHERE id = :id"
_LIST_WORKSPACES = f"SELECT {_WORKSPACE_COLUMNS} FROM workspaces ORDER BY number"
_UPDATE_WORKSPACE = """
UPDATE workspaces SET name = :name, on_duplicate = :on_duplicate, match_on = :match_on WHERE id = :id
"""
_KEY_COLUMNS = (
    "id, workspace_id, name, scopes, rate_limit, created_at, expires_at, last_used_at, revoked_at, replaced_by"
)
_INSERT_KEY = """
INSERT INTO api_keys (id, workspace_id, name, hash, scopes, rate_limit, created_at, expires_at)
VALUES (:id, :workspace_id, :name, :hash, :scopes, :rate_limit, :created_at, :expires_at)
"""
_FIND_KEY_BY_HASH = f"""
SELECT {", ".join(f"api_keys.{column}" for column in _KEY_COLUMNS.split(", "))}, on_duplicate, match_on
FROM api_keys JOIN workspaces ON workspaces.id = api_keys.workspace_id WHERE hash = :hash
"""
_FIND_KEY = f"SELECT {_KEY_COLUMNS} FROM api_keys WHERE id = :id AND workspace_id = :workspace_id"
_FIND_WORKSPACE_OF_KEY = "SELECT workspace_id FROM api_keys WHERE id = :id"
_LIST_KEYS = f"""
SELECT {_KEY_COLUMNS} FROM api_keys
WHERE workspace_id = :workspace_id AND id > :after ORDER BY id LIMIT :limit
"""
_REPLACE_KEY = """
UPDATE api_keys SET replaced_by = :replaced_by, expires_at = :expires_at
WHERE id = :id AND workspace_id = :workspace_id
"""
_REVOKE_KEY = """
UPDATE api_keys SET revoked_at = :revoked_at
WHERE id = :id AND workspace_id = :workspace_id AND revoked_at IS NULL
"""
_TOUCH_KEY = "UPDATE api_keys SET last_used_at = :last_used_at WHERE id = :id AND workspace_id = :workspace_id"
_BEAT = """
INSERT INTO heartbeats (id, checked_at) VALUES (1, :now)
ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at
"""


async def last_number(tx: Transaction) -> int:
    """The number of the workspace that was made last; 0 where there is none."""
    [[last]] = await tx.rows(_LAST_NUMBER)
    return cast("int", last)


async def insert_workspace(tx: Transaction, workspace: Workspace, number: int) -> None:
    """Of two that are made at once with the same number, the schema refuses one, which is then tried again."""
    await tx.execute(
        _INSERT_WORKSPACE, id=workspace.id, number=number, name=workspace.name, created_at=workspace.created_at
    )


async def find_workspace(tx: Transaction, workspace_id: str) -> Workspace | None:
    row = await tx.row(_FIND_WORKSPACE, id=workspace_id)
    return _workspace(*row) if row else None


async def list_workspaces(tx: Transaction) -> list[Workspace]:
    return [_workspace(*row) for row in await tx.rows(_LIST_WORKSPACES)]


async def insert_key(tx: Transaction, key: ApiKey, hash_: str) -> None:
    await tx.execute(
        _INSERT_KEY,
        id=key.id,
        workspace_id=key.workspace_id,
        name=key.name,
        hash=hash_,
        scopes=" ".join(key.scopes),
        rate_limit=key.rate_limit,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )


async def find_key_by_hash(tx: Transaction, hash_: str) -> tuple[ApiKey, DuplicateRule] | None:
    """The key, and what its workspace does with duplicates."""
    row = await tx.row(_FIND_KEY_BY_HASH, hash=hash_)
    return (_key(*row[:-2]), _duplicates(*row[-2:])) if row else None


async def find_key(tx: Transaction, workspace_id: str, key_id: str) -> ApiKey | None:
    """Its row stays as it is until the transaction ends."""
    row = await tx.row(_FIND_KEY + tx.for_update, id=key_id, workspace_id=workspace_id)
    return _key(*row) if row else None


async def find_workspace_of_key(tx: Transaction, key_id: str) -> str | None:
    row = await tx.row(_FIND_WORKSPACE_OF_KEY, id=key_id)
    return cast("str", row[0]) if row else None


async def list_keys(tx: Transaction, workspace_id: str, *, after: str, limit: int) -> list[ApiKey]:
    rows = await tx.rows(_LIST_KEYS, workspace_id=workspace_id, after=after, limit=limit)
    return [_key(*row) for row in rows]


async def replace_key(tx: Transaction, old: ApiKey, *, replaced_by: str, expires_at: int) -> None:
    await tx.execute(
        _REPLACE_KEY, id=old.id, workspace_id=old.workspace_id, replaced_by=replaced_by, expires_at=expires_at
    )


async def revoke_key(tx: Transaction, workspace_id: str, key_id: str, revoked_at: int) -> None:
    await tx.execute(_REVOKE_KEY, id=key_id, workspace_id=workspace_id, revoked_at=revoked_at)


async def touch_key(tx: Transaction, workspace_id: str, key_id: str, last_used_at: int) -> None:
    await tx.execute(_TOUCH_KEY, id=key_id, workspace_id=workspace_id, last_used_at=last_used_at)


async def beat(tx: Transaction, now: int) -> None:
    await tx.execute(_BEAT, now=now)


async def update_workspace(tx: Transaction, workspace: Workspace) -> None:
    await tx.execute(
        _UPDATE_WORKSPACE,
        id=workspace.id,
        name=workspace.name,
        on_duplicate=workspace.duplicates.on_duplicate.value,
        match_on=workspace.duplicates.match_on,
    )


def _workspace(*row: Any) -> Workspace:
    id_, name, created_at, *duplicates = row
    return Workspace(id_, name, created_at, _duplicates(*duplicates))


def _duplicates(*row: Any) -> DuplicateRule:
    on_duplicate, match_on = row
    return DuplicateRule(OnDuplicate(on_duplicate), match_on)


def _key(*row: Any) -> ApiKey:
    id_, workspace_id, name, scopes, *rest = row
    return ApiKey(id_, workspace_id, name, tuple(Scope(scope) for scope in scopes.split()), *rest)
