"""Taking an operation back, some hundred leads in a transaction; what was changed since is left alone."""

import asyncio
from collections.abc import Sequence

import msgspec

from leadlight.clock import Clock
from leadlight.events.service import EventService
from leadlight.leads.change import replaced_by
from leadlight.leads.erasing import Erasing, record_erasure
from leadlight.leads.lead import Lead
from leadlight.leads.writing import LeadWriting, Step, changed, removed, restored
from leadlight.notes.service import NoteService
from leadlight.operations import queries
from leadlight.operations.operation import Action, Entry, Operation, OperationStatus, SkipReason
from leadlight.principal import Actor
from leadlight.store.database import Database, Transaction

_BATCH = 500
_LINES_AT_ONCE = 50

_replace = msgspec.structs.replace


class _Part:
    """What is to be done for some entries. `versions`: of a lead before the operation, and after the undo.

    Who takes back the operation before this one meets the lead as that one left it, but for its version.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.versions: list[tuple[str, int, int]] = []
        self.erased: list[str] = []
        self.unmerged: list[str] = []
        self.skipped: dict[str, SkipReason] = {}


class _Forgotten(msgspec.Struct, frozen=True):
    """The leads that were erased, at what time, and whether those were the last."""

    at: int
    erased: list[str] = []
    is_all: bool = True


class Undoing:
    def __init__(
        self,
        database: Database,
        events: EventService,
        writing: LeadWriting,
        erasing: Erasing,
        notes: NoteService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._events = events
        self._writing = writing
        self._erasing = erasing
        self._notes = notes
        self._clock = clock

    async def undo_part(self, workspace_id: str, operation_id: str) -> bool:
        """Takes back some more; whether that was the rest. Each part is whole: a break between two loses nothing."""
        return await self._database.write(self._undo_part, workspace_id, operation_id, turn=workspace_id)

    async def forget_part(self, workspace_id: str, operation_id: str) -> bool:
        """Erases some more of what is kept of an operation that can't be taken back any more, and says so on record."""
        forgotten = await self._database.write(self._forget_part, workspace_id, operation_id, turn=workspace_id)
        for index, lead_id in enumerate(forgotten.erased):
            record_erasure(workspace_id, lead_id, at=forgotten.at, operation_id=operation_id)
            if index % _LINES_AT_ONCE == _LINES_AT_ONCE - 1:
                await asyncio.sleep(0)
        return forgotten.is_all

    async def _undo_part(self, tx: Transaction, workspace_id: str, operation_id: str) -> bool:
        await self._events.hold(tx, workspace_id)
        operation = await queries.find_operation(tx, workspace_id, operation_id)
        if operation is None or operation.status is not OperationStatus.UNDOING:
            return True
        now = self._clock()
        entries = await queries.list_entries(tx, workspace_id, operation_id, limit=_BATCH)
        leads = await self._writing.find(tx, workspace_id, [entry.lead_id for entry in entries])
        made = [entry.lead_id for entry in entries if entry.action is Action.CREATED and entry.lead_id in leads]
        noted = await self._notes.leads_with_any(tx, workspace_id, made)  # what people wrote is not erased unseen
        part = _Part()
        for entry in entries:
            if entry.lead_id in noted:
                part.skipped[entry.lead_id] = SkipReason.CHANGED
                continue
            reason = _take_back(entry, leads.get(entry.lead_id), part, now)
            if reason is not None:
                part.skipped[entry.lead_id] = reason
        await self._do(tx, operation, part, now)
        await self._note(tx, operation, part, entries, now)
        return len(entries) < _BATCH

    async def _do(self, tx: Transaction, operation: Operation, part: _Part, now: int) -> None:
        workspace_id = operation.workspace_id
        if part.erased:
            await self._erasing.erase(tx, workspace_id, part.erased, now)
        if part.unmerged:
            await self._writing.forget_redirects(tx, workspace_id, part.unmerged)
        actor = Actor.of(operation.undone_by or operation.actor.id)
        await self._writing.write(tx, workspace_id, actor, part.steps, at=now, quiet=operation.quiet)
        await queries.follow_up(tx, workspace_id, part.versions)

    async def _note(
        self, tx: Transaction, operation: Operation, part: _Part, entries: Sequence[Entry], now: int
    ) -> None:
        workspace_id, operation_id = operation.workspace_id, operation.id
        done = [entry.lead_id for entry in entries if entry.lead_id not in part.skipped]
        await queries.forget_entries(tx, workspace_id, operation_id, done)
        for reason in SkipReason:
            skipped = [lead_id for lead_id, why in part.skipped.items() if why is reason]
            await queries.skip(tx, workspace_id, operation_id, reason, skipped)
        ended = len(entries) < _BATCH
        noted = _replace(
            operation,
            restored=operation.restored + len(done),
            skipped=operation.skipped + len(part.skipped),
            status=OperationStatus.UNDONE if ended else operation.status,
            undone_at=now if ended else None,
        )
        await queries.update_operation(tx, noted)

    async def _forget_part(self, tx: Transaction, workspace_id: str, operation_id: str) -> "_Forgotten":
        await self._events.hold(tx, workspace_id)
        operation = await queries.find_operation(tx, workspace_id, operation_id)
        now = self._clock()
        if operation is None or operation.status_at(now) is not OperationStatus.EXPIRED:
            return _Forgotten(now)
        entries = await queries.list_entries(tx, workspace_id, operation_id, limit=_BATCH)
        deleted = [entry.lead_id for entry in entries if entry.action is Action.DELETED]
        if deleted:
            deleted = await self._erasing.all_ids(tx, workspace_id, *deleted)
            await self._erasing.erase_deleted(tx, workspace_id, deleted, now)
        await queries.forget_entries(tx, workspace_id, operation_id, [entry.lead_id for entry in entries])
        if len(entries) == _BATCH:
            return _Forgotten(now, deleted, is_all=False)
        await queries.update_operation(tx, _replace(operation, status=OperationStatus.EXPIRED))
        return _Forgotten(now, deleted)


def _take_back(entry: Entry, lead: Lead | None, part: _Part, now: int) -> SkipReason | None:
    """Adds what is to be done for an entry, or says why nothing is."""
    if entry.action in (Action.DELETED, Action.MERGED):
        if lead is not None or entry.before is None:
            return SkipReason.PRESENT
        before = entry.before
        back = _replace(before, updated_at=max(now, before.updated_at), version=before.version + 1)
        part.steps.append(restored(back))
        part.versions.append((back.id, before.version, back.version))
        if entry.action is Action.MERGED:
            part.unmerged.append(entry.lead_id)
        return None
    if lead is None:
        return SkipReason.GONE
    if lead.version != entry.version:
        return SkipReason.CHANGED
    if entry.before is None:
        part.erased.append(lead.id)
        part.steps.append(removed(lead))
        return None
    after = lead
    applied = replaced_by(lead, entry.before, now)
    if applied is not None:
        after, changes = applied
        part.steps.append(changed(lead, after, changes))
    part.versions.append((lead.id, entry.before.version, after.version))
    return None
