"""Use cases of saved views: they are made, renamed, overwritten and deleted by whoever may change leads."""

import msgspec

from leadlight.clock import Clock
from leadlight.errors import Conflict, NotFound
from leadlight.ids import VIEW, NewId
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction
from leadlight.views import queries
from leadlight.views.view import MOST_VIEWS, SavedView

_replace = msgspec.structs.replace


class ViewService:
    """Names and queries come by their rules."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def list_views(self, workspace_id: str) -> list[SavedView]:
        """By their names."""
        return await self._database.read(queries.list_views, workspace_id)

    async def save_view(self, caller: Principal, name: str, query: str) -> SavedView:
        """Raises Conflict when another one has the name, or there are too many."""
        view = SavedView(self._new_id(VIEW), name, query)
        await self._database.write(self._insert, caller, view, turn=caller.workspace_id)
        return view

    async def update_view(
        self, caller: Principal, view_id: str, *, name: str | None = None, query: str | None = None
    ) -> SavedView:
        """Changes what is given. Raises NotFound, and Conflict when another one has the name."""
        return await self._database.write(self._update, caller.workspace_id, view_id, name, query)

    async def delete_view(self, caller: Principal, view_id: str) -> None:
        """Raises NotFound."""
        if not await self._database.write(queries.delete_view, caller.workspace_id, view_id):
            raise _not_there()

    # Units of work

    async def _insert(self, tx: Transaction, caller: Principal, view: SavedView) -> None:
        workspace_id = caller.workspace_id
        await self._demand_free(tx, workspace_id, view)
        if await queries.count_views(tx, workspace_id) >= MOST_VIEWS:
            raise Conflict(f"There are {MOST_VIEWS} views already: delete one that nobody needs")
        await queries.insert_view(tx, workspace_id, view, created_by=caller.actor.id, now=self._clock())

    async def _update(
        self, tx: Transaction, workspace_id: str, view_id: str, name: str | None, query: str | None
    ) -> SavedView:
        found = await queries.find_view(tx, workspace_id, view_id)
        if found is None:
            raise _not_there()
        view = _replace(found, name=name or found.name, query=found.query if query is None else query)
        await self._demand_free(tx, workspace_id, view)
        await queries.update_view(tx, workspace_id, view)
        return view

    async def _demand_free(self, tx: Transaction, workspace_id: str, view: SavedView) -> None:
        other = await queries.find_view_named(tx, workspace_id, view.name)
        if other is not None and other.id != view.id:
            raise Conflict("There is a view of this name: choose another one", viewId=other.id)


def _not_there() -> NotFound:
    return NotFound("There is no such view in this workspace")
