"""The SQL of saved views."""

from typing import Any, cast

from leadlight.leads.lead import fold
from leadlight.store.database import Transaction
from leadlight.views.view import SavedView

_OF_ONE = "workspace_id = :workspace_id AND id = :id"
_FIND = f"SELECT id, name, query FROM saved_views WHERE {_OF_ONE}"
_FIND_NAMED = "SELECT id, name, query FROM saved_views WHERE workspace_id = :workspace_id AND name_key = :name_key"
_LIST = "SELECT id, name, query FROM saved_views WHERE workspace_id = :workspace_id ORDER BY name_key, id"
_COUNT = "SELECT count(*) FROM saved_views WHERE workspace_id = :workspace_id"
_INSERT = """
INSERT INTO saved_views (workspace_id, id, name, name_key, query, created_by, created_at)
VALUES (:workspace_id, :id, :name, :name_key, :query, :created_by, :created_at)
"""
_UPDATE = f"UPDATE saved_views SET name = :name, name_key = :name_key, query = :query WHERE {_OF_ONE}"
_DELETE = f"DELETE FROM saved_views WHERE {_OF_ONE}"


async def find_view(tx: Transaction, workspace_id: str, view_id: str) -> SavedView | None:
    row = await tx.row(_FIND, workspace_id=workspace_id, id=view_id)
    return SavedView(*cast("Any", row)) if row else None


async def find_view_named(tx: Transaction, workspace_id: str, name: str) -> SavedView | None:
    """By its name, whatever its case."""
    row = await tx.row(_FIND_NAMED, workspace_id=workspace_id, name_key=fold(name))
    return SavedView(*cast("Any", row)) if row else None


async def list_views(tx: Transaction, workspace_id: str) -> list[SavedView]:
    """By their names."""
    return [SavedView(*cast("Any", row)) for row in await tx.rows(_LIST, workspace_id=workspace_id)]


async def count_views(tx: Transaction, workspace_id: str) -> int:
    row = await tx.row(_COUNT, workspace_id=workspace_id)
    return cast("int", row[0]) if row else 0


async def insert_view(tx: Transaction, workspace_id: str, view: SavedView, *, created_by: str, now: int) -> None:
    await tx.execute(
        _INSERT,
        workspace_id=workspace_id,
        id=view.id,
        name=view.name,
        name_key=fold(view.name),
        query=view.query,
        created_by=created_by,
        created_at=now,
    )


async def update_view(tx: Transaction, workspace_id: str, view: SavedView) -> None:
    await tx.execute(
        _UPDATE, workspace_id=workspace_id, id=view.id, name=view.name, name_key=fold(view.name), query=view.query
    )


async def delete_view(tx: Transaction, workspace_id: str, view_id: str) -> bool:
    """Whether it was there."""
    return await tx.execute(_DELETE, workspace_id=workspace_id, id=view_id) == 1
