"""Saved views: states of the table under names, made and changed where the table is."""

from collections.abc import Awaitable

from starlette.responses import Response

from leadlight.dashboard.form import Form
from leadlight.dashboard.lead_table import state_in
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit
from leadlight.errors import Conflict, InvalidInput, Problem
from leadlight.ids import VIEW
from leadlight.views.service import ViewService
from leadlight.views.view import SavedView, query_rule, view_name_rule

_NAME = "name"


class ViewPages:
    def __init__(self, views: ViewService) -> None:
        self._views = views

    async def create(self, visit: Visit) -> Response:
        form = await visit.form()
        state = state_in(form.demand("query", query_rule))
        return await self._saved(visit, form, state, self._create(visit, form, state))

    async def update(self, visit: Visit) -> Response:
        """Gives it another name, or puts the state of the table into it."""
        form = await visit.form()
        state = state_in(form.demand("query", query_rule))
        return await self._saved(visit, form, state, self._update(visit, form, state))

    async def delete(self, visit: Visit) -> Response:
        form = await visit.form()
        await self._views.delete_view(visit.caller, visit.id(VIEW))
        state = state_in(form["query"])
        return to(f"{visit.home}/leads{'?' if state else ''}{state}")

    async def _create(self, visit: Visit, form: Form, state: str) -> SavedView:
        return await self._views.save_view(visit.caller, form.demand(_NAME, view_name_rule), state)

    async def _update(self, visit: Visit, form: Form, state: str) -> SavedView:
        view_id = visit.id(VIEW)
        if form["action"] == "replace":
            return await self._views.update_view(visit.caller, view_id, query=state)
        return await self._views.update_view(visit.caller, view_id, name=form.demand(_NAME, view_name_rule))

    async def _saved(self, visit: Visit, form: Form, state: str, saving: Awaitable[SavedView]) -> Response:
        """To the table as it was, with the view opened, or to its form with what is wrong."""
        try:
            view = await saving
        except InvalidInput:
            return visit.page("view.html", 400, form=form)
        except Conflict as error:
            form.note(Problem(_NAME, error.message, "conflict"))
            return visit.page("view.html", 409, form=form)
        return to(f"{visit.home}/leads?{state}{'&' if state else ''}view={view.id}")
