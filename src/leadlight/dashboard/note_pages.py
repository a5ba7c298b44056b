"""What is done with the notes on a lead's page: written, changed, deleted."""

from starlette.responses import Response

from leadlight.dashboard.lead_pages import LeadPages, NoteForm
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit, search_of
from leadlight.errors import Conflict, InvalidInput, PreconditionFailed, Problem
from leadlight.http.query import integer
from leadlight.ids import LEAD, NOTE
from leadlight.notes.note import text_rule
from leadlight.notes.service import NoteService

_CHANGED = "Meanwhile it was changed: the note as it is now stands above. Copy what you need, and open this page anew."
_seen_rule = integer(0, 10**15).parse


class NotePages:
    def __init__(self, notes: NoteService, leads: LeadPages) -> None:
        self._notes = notes
        self._leads = leads

    async def add(self, visit: Visit) -> Response:
        form = await visit.form()
        try:
            added = await self._notes.add_note(visit.caller, visit.id(LEAD), form.demand("text", text_rule))
        except InvalidInput:
            return await self._leads.show_with_note(visit, NoteForm(form=form), 400)
        except Conflict as error:
            form.note(Problem("text", error.message, "conflict"))
            return await self._leads.show_with_note(visit, NoteForm(form=form), 409)
        return _to_note(visit, added.note.id)

    async def edit(self, visit: Visit) -> Response:
        form, note_id = await visit.form(), _note_id(visit)
        try:
            seen, text = form.take("seen", _seen_rule), form.demand("text", text_rule)
            await self._notes.edit_note(visit.caller, note_id, text, seen=seen)
        except InvalidInput:
            return await self._leads.show_with_note(visit, NoteForm(note_id, form), 400)
        except PreconditionFailed:
            form.note(Problem("text", _CHANGED, "conflict"))
            return await self._leads.show_with_note(visit, NoteForm(note_id, form), 409)
        return _to_note(visit, note_id)

    async def delete(self, visit: Visit) -> Response:
        await visit.form()
        await self._notes.delete_note(visit.caller, _note_id(visit))
        return to(f"{_page(visit)}#history")


def _page(visit: Visit) -> str:
    return f"{visit.home}/leads/{visit.path('lead_id')}{search_of(visit.request)}"


def _to_note(visit: Visit, note_id: str) -> Response:
    return to(f"{_page(visit)}#{note_id}")


def _note_id(visit: Visit) -> str:
    visit.id(LEAD)
    return visit.id(NOTE)
