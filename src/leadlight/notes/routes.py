"""Notes over the API."""

from typing import Any

from leadlight.clock import to_iso
from leadlight.http.operation import Operation, Reply
from leadlight.http.pagination import cut
from leadlight.ids import LEAD, NOTE
from leadlight.notes.schemas import NOTE_PARAMETERS, DeletedNote, NoteInput, NoteList, NoteQuery, NoteView
from leadlight.notes.service import NoteService
from leadlight.principal import Principal, Scope
from leadlight.store.idempotency import IdempotencyKey

_NOTE = "/api/v1/notes/{noteId}"
_OF_LEAD = "/api/v1/leads/{leadId}/notes"
_EXAMPLE: dict[str, Any] = {
    "id": "note_01kb2vd4r7e1s5w9z3b6d8f0hk",
    "leadId": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz",
    "text": "Wants a demo for twelve seats, after the fair.",
    "actor": {"type": "user", "id": "usr_01kb2v5xq8d6y3f9k1m4p7s0tv"},
    "createdAt": "2026-01-15T10:30:00.000Z",
    "updatedAt": "2026-01-15T10:30:00.000Z",
    "editedBy": None,
}
_TEXT = {"text": _EXAMPLE["text"]}


class NoteRoutes:
    def __init__(self, notes: NoteService) -> None:
        self._notes = notes

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="listLeadNotes",
                method="GET",
                path=_OF_LEAD,
                tag="Notes",
                summary="List a lead's notes",
                description="Newest first; those of leads that were merged into it, too.",
                scope=Scope.LEADS_READ,
                path_id=LEAD,
                query=NoteQuery,
                parameters=NOTE_PARAMETERS,
                response=NoteList,
                example={"notes": [_EXAMPLE], "pagination": {"limit": 25, "hasNext": False, "nextCursor": None}},
                handler=self.list_notes,
            ),
            Operation(
                id="createNote",
                method="POST",
                path=_OF_LEAD,
                tag="Notes",
                summary="Write a note on a lead",
                description="It is shown with the lead, and erased with it. It is no change of the lead: its "
                "`updatedAt` stays, and no event tells of it.",
                scope=Scope.LEADS_WRITE,
                path_id=LEAD,
                body=NoteInput,
                idempotent=True,
                response=NoteView,
                example=_EXAMPLE,
                status=201,
                handler=self.create_note,
                errors=("CONFLICT",),
                request_example=_TEXT,
            ),
            Operation(
                id="getNote",
                method="GET",
                path=_NOTE,
                tag="Notes",
                summary="Read a note",
                description="As long as its lead is there.",
                scope=Scope.LEADS_READ,
                path_id=NOTE,
                response=NoteView,
                example=_EXAMPLE,
                handler=self.get_note,
            ),
            Operation(
                id="updateNote",
                method="PUT",
                path=_NOTE,
                tag="Notes",
                summary="Change a note",
                description="Its author stays; `editedBy` says who changed it.",
                scope=Scope.LEADS_WRITE,
                path_id=NOTE,
                body=NoteInput,
                response=NoteView,
                example={**_EXAMPLE, "updatedAt": "2026-01-15T10:35:00.000Z", "editedBy": _EXAMPLE["actor"]},
                handler=self.update_note,
                request_example=_TEXT,
            ),
            Operation(
                id="deleteNote",
                method="DELETE",
                path=_NOTE,
                tag="Notes",
                summary="Delete a note",
                description="For good.",
                scope=Scope.LEADS_WRITE,
                path_id=NOTE,
                response=DeletedNote,
                example={"id": _EXAMPLE["id"], "deletedAt": "2026-01-15T10:35:00.000Z"},
                message="Note deleted",
                handler=self.delete_note,
            ),
        ]

    async def list_notes(self, caller: Principal, lead_id: str, query: NoteQuery) -> NoteList:
        found = await self._notes.list_notes(caller, lead_id, before=query.after, limit=query.limit + 1)
        page, pagination = cut(found, query.limit)
        return NoteList([NoteView.of(note) for note in page], pagination)

    async def create_note(
        self, caller: Principal, lead_id: str, body: NoteInput, *, idempotency: IdempotencyKey | None
    ) -> Reply:
        added = await self._notes.add_note(caller, lead_id, body.text, idempotency=idempotency)
        location = f"/api/v1/notes/{added.note.id}"
        return Reply(NoteView.of(added.note), location=location, replayed=added.replayed)

    async def get_note(self, caller: Principal, note_id: str) -> NoteView:
        return NoteView.of(await self._notes.get_note(caller, note_id))

    async def update_note(self, caller: Principal, note_id: str, body: NoteInput) -> NoteView:
        return NoteView.of(await self._notes.edit_note(caller, note_id, body.text))

    async def delete_note(self, caller: Principal, note_id: str) -> DeletedNote:
        return DeletedNote(note_id, to_iso(await self._notes.delete_note(caller, note_id)))
