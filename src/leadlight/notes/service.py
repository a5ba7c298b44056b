"""Use cases of notes: written on a lead, looked at, changed and deleted; told and erased with their lead.

A note stays with the lead on which it was written. A lead shows those of all that were merged into it, and each has
its own again once a merge is taken back.
"""

from collections.abc import Sequence

import msgspec

from leadlight.clock import Clock
from leadlight.errors import Conflict, LeadNotFound, NotFound, PreconditionFailed
from leadlight.events.service import EventService
from leadlight.ids import NOTE, NewId
from leadlight.leads.writing import LeadWriting
from leadlight.notes import queries
from leadlight.notes.note import MAX_NOTES, Note
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction
from leadlight.store.idempotency import IdempotencyKey, find_result, save_result

_replace = msgspec.structs.replace


class Added(msgspec.Struct, frozen=True):
    """`replayed`: it was written by an earlier request."""

    note: Note
    replayed: bool = False


class _Made(msgspec.Struct, frozen=True):
    """What is kept of a request: the text stays in one place, from which it can be deleted."""

    note_id: str


class NoteService:
    def __init__(
        self, database: Database, events: EventService, writing: LeadWriting, clock: Clock, new_id: NewId
    ) -> None:
        self._database = database
        self._events = events
        self._writing = writing
        self._clock = clock
        self._new_id = new_id

    async def list_notes(self, caller: Principal, lead_id: str, *, before: str, limit: int) -> list[Note]:
        """A lead's, newest first, behind an id. Raises LeadNotFound."""

        async def page(tx: Transaction) -> list[Note]:
            lead_ids = await self._ids_of(tx, caller.workspace_id, lead_id)
            return await queries.list_newest(tx, caller.workspace_id, lead_ids, before=before, limit=limit)

        return await self._database.scan(page)

    async def get_note(self, caller: Principal, note_id: str) -> Note:
        """Raises NotFound, for a note of a lead that was deleted as well."""
        return await self._database.read(self._get, caller.workspace_id, note_id)

    async def add_note(
        self, caller: Principal, lead_id: str, text: str, *, idempotency: IdempotencyKey | None = None
    ) -> Added:
        """Writes on a lead, or on the one that it was merged into.

        Raises LeadNotFound, Conflict for a lead that has too many, or an Idempotency-Key used before.
        """
        return await self._database.write(self._add, caller, lead_id, text, idempotency, turn=caller.workspace_id)

    async def edit_note(self, caller: Principal, note_id: str, text: str, *, seen: int | None = None) -> Note:
        """Replaces the text; the author stays. `seen`: when it was last changed, as the caller knows it.

        Raises NotFound, PreconditionFailed when it was changed since it was seen.
        """
        return await self._database.write(self._edit, caller, note_id, text, seen, turn=caller.workspace_id)

    async def delete_note(self, caller: Principal, note_id: str) -> int:
        """Erases a note for good. Answers when. Raises NotFound."""
        return await self._database.write(self._delete, caller, note_id, turn=caller.workspace_id)

    async def leads_with_any(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> set[str]:
        """Those of some leads that somebody wrote on."""
        return await queries.leads_with_any(tx, workspace_id, lead_ids) if lead_ids else set()

    # Holder of leads' data

    async def erase_leads(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> bool:  # noqa: ARG002
        await queries.delete_of_leads(tx, workspace_id, lead_ids)
        return False

    async def held_on(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> dict[str, list[Note]]:
        """What was written on some leads, oldest first."""
        return {"notes": await queries.list_all(tx, workspace_id, lead_ids)}

    # Units of work

    async def _add(
        self, tx: Transaction, caller: Principal, lead_id: str, text: str, idempotency: IdempotencyKey | None
    ) -> Added:
        workspace_id, now = caller.workspace_id, self._clock()
        await self._events.hold(tx, workspace_id)  # a lead that is being deleted gets no more
        if idempotency is not None:
            earlier = await find_result(tx, workspace_id, idempotency, _Made, now=now)
            if earlier is not None:
                return Added(await self._made(tx, workspace_id, earlier.note_id), replayed=True)
        [survivor_id, *merged] = await self._ids_of(tx, workspace_id, lead_id)
        if await queries.count_notes(tx, workspace_id, [survivor_id, *merged]) >= MAX_NOTES:
            raise Conflict(f"A lead has at most {MAX_NOTES:,} notes; delete one first")
        note = Note(workspace_id, self._new_id(NOTE), survivor_id, text, caller.actor, now, now)
        await queries.insert_note(tx, note)
        if idempotency is not None:
            await save_result(tx, workspace_id, idempotency, survivor_id, _Made(note.id), now=now)
        return Added(note)

    async def _edit(self, tx: Transaction, caller: Principal, note_id: str, text: str, seen: int | None) -> Note:
        await self._events.hold(tx, caller.workspace_id)
        note = await self._get(tx, caller.workspace_id, note_id)
        if seen is not None and seen != note.updated_at:
            raise PreconditionFailed(noteId=note_id)
        if text == note.text:
            return note
        edited = _replace(note, text=text, updated_at=max(self._clock(), note.updated_at + 1), edited_by=caller.actor)
        await queries.update_note(tx, edited)
        return edited

    async def _delete(self, tx: Transaction, caller: Principal, note_id: str) -> int:
        await self._events.hold(tx, caller.workspace_id)
        await self._get(tx, caller.workspace_id, note_id)
        await queries.delete_note(tx, caller.workspace_id, note_id)
        return self._clock()

    async def _get(self, tx: Transaction, workspace_id: str, note_id: str) -> Note:
        note = await queries.find_note(tx, workspace_id, note_id)
        if note is None or await self._writing.follow(tx, workspace_id, note.lead_id) is None:
            raise NotFound("No note with this ID in your workspace", noteId=note_id)
        return note

    async def _made(self, tx: Transaction, workspace_id: str, note_id: str) -> Note:
        note = await queries.find_note(tx, workspace_id, note_id)
        if note is None:
            raise Conflict("What this Idempotency-Key made was deleted since; use a new key", existingId=note_id)
        return note

    async def _ids_of(self, tx: Transaction, workspace_id: str, lead_id: str) -> list[str]:
        """The id of a lead, and those that stand for it. Raises LeadNotFound."""
        lead = await self._writing.follow(tx, workspace_id, lead_id)
        if lead is None:
            raise LeadNotFound(lead_id)
        return [lead.id, *await self._writing.list_merged_into(tx, workspace_id, lead.id)]
