"""Use cases of batches: each is one transaction; what changes or deletes leads can be taken back."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import msgspec

from leadlight.clock import Clock
from leadlight.duplicate_rule import DuplicateRule
from leadlight.errors import Conflict, InvalidInput, Problem
from leadlight.events.service import EventService
from leadlight.leads.change import LeadDraft, LeadPatch, apply_patch
from leadlight.leads.filter import LeadFilter
from leadlight.leads.intake import Incoming, Intake, Outcome, Taken
from leadlight.leads.lead import Lead
from leadlight.leads.selecting import count_leads, next_leads
from leadlight.leads.writing import LeadWriting, Step, changed, removed
from leadlight.operations.operation import Action, Entry, OperationKind, OperationStatus
from leadlight.operations.service import OperationService
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction
from leadlight.store.idempotency import IdempotencyKey, find_result, save_result

MOST_CREATED = 1_000
MOST_CHANGED = 10_000
NOT_STORED = "NOT_STORED"
"""The code of a good lead in a batch of which nothing is stored."""
_PAGE = 500
_SUBJECT = "batch"


class Which(msgspec.Struct, frozen=True):
    """The leads that a batch is about: by their ids, or by what holds for them."""

    ids: tuple[str, ...] | None = None
    filter: LeadFilter | None = None


class Row(msgspec.Struct, frozen=True):
    """What became of one lead of a batch. `error`: its code, sentence and details."""

    outcome: Outcome
    id: str | None = None
    error: tuple[str, str, dict[str, object]] | None = None


class CreatedBatch(msgspec.Struct, frozen=True):
    rows: list[Row]
    replayed: bool = False


class ChangedBatch(msgspec.Struct, frozen=True):
    """`matched` leads there were; `changed` of them were, `missing` ids there are not."""

    matched: int
    changed: int
    missing: list[str]
    operation_id: str | None
    replayed: bool = False


class BatchService:
    def __init__(
        self,
        database: Database,
        events: EventService,
        writing: LeadWriting,
        intake: Intake,
        operations: OperationService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._events = events
        self._writing = writing
        self._intake = intake
        self._operations = operations
        self._clock = clock

    async def create_leads(
        self,
        caller: Principal,
        rows: Sequence[LeadDraft | InvalidInput],
        *,
        rule: DuplicateRule,
        atomic: bool,
        idempotency: IdempotencyKey | None,
    ) -> CreatedBatch:
        """Stores the good ones of some leads, or all or none. `rows`: each a lead, or what is wrong with it."""
        return await self._database.write(
            self._create, caller, rows, rule, atomic, idempotency, turn=caller.workspace_id
        )

    async def update_leads(
        self,
        caller: Principal,
        which: Which,
        patch: LeadPatch,
        *,
        dry_run: bool,
        idempotency: IdempotencyKey | None,
    ) -> ChangedBatch:
        """Changes some leads, all or none. Raises InvalidInput when they are too many, or one can't be changed so."""
        change = _Change(which, OperationKind.BATCH_UPDATE, partial(_patched, patch), idempotency=idempotency)
        return await self._run(caller, change, dry_run=dry_run)

    async def delete_leads(
        self,
        caller: Principal,
        which: Which,
        *,
        confirm: int | None,
        dry_run: bool,
        idempotency: IdempotencyKey | None,
    ) -> ChangedBatch:
        """Takes some leads away; what they were is kept until the operation can't be taken back any more.

        Raises Conflict when they are not as many as `confirm`, InvalidInput when they are too many.
        """
        change = _Change(which, OperationKind.BATCH_DELETE, _removed, confirm=confirm, idempotency=idempotency)
        return await self._run(caller, change, dry_run=dry_run)

    async def _run(self, caller: Principal, change: "_Change", *, dry_run: bool) -> ChangedBatch:
        if dry_run:
            return await self._database.scan(self._look, caller, change)
        return await self._database.write(self._change, caller, change, turn=caller.workspace_id)

    # Units of work

    async def _create(
        self,
        tx: Transaction,
        caller: Principal,
        rows: Sequence[LeadDraft | InvalidInput],
        rule: DuplicateRule,
        atomic: bool,  # noqa: FBT001  (units get their arguments by position)
        idempotency: IdempotencyKey | None,
    ) -> CreatedBatch:
        now = self._clock()
        if idempotency is not None:
            await self._events.hold(tx, caller.workspace_id)
            earlier = await find_result(tx, caller.workspace_id, idempotency, CreatedBatch, now=now)
            if earlier is not None:
                return msgspec.structs.replace(earlier, replayed=True)
        outcomes = [Taken(Outcome.ERROR, error=row) if isinstance(row, InvalidInput) else None for row in rows]
        good = [Incoming(row) for row in rows if not isinstance(row, InvalidInput)]
        stores = not (atomic and len(good) < len(rows))
        if stores:
            taken = await self._intake.take(
                tx, caller.workspace_id, caller.actor, good, rule=rule, now=now, atomic=atomic
            )
            stores = not (atomic and any(one.error is not None for one in taken))
            outcomes = _filled(outcomes, taken)
        batch = CreatedBatch([_row(outcome, stored=stores) for outcome in outcomes])
        if idempotency is not None:
            await save_result(tx, caller.workspace_id, idempotency, _SUBJECT, batch, now=now)
        return batch

    async def _look(self, tx: Transaction, caller: Principal, change: "_Change") -> ChangedBatch:
        """What the change would do."""
        matched, missing = await self._count(tx, caller.workspace_id, change.which)
        now = self._clock()
        would = 0
        async for leads in self._pages(tx, caller.workspace_id, change.which):
            would += sum(change.step_of(lead, now) is not None for lead in leads)
        return ChangedBatch(matched, would, missing, None)

    async def _change(self, tx: Transaction, caller: Principal, change: "_Change") -> ChangedBatch:
        workspace_id, now = caller.workspace_id, self._clock()
        await self._events.hold(tx, workspace_id)
        if change.idempotency is not None:
            earlier = await find_result(tx, workspace_id, change.idempotency, ChangedBatch, now=now)
            if earlier is not None:
                return msgspec.structs.replace(earlier, replayed=True)
        matched, missing = await self._count(tx, workspace_id, change.which)
        if change.kind is OperationKind.BATCH_DELETE and change.confirm != matched:
            message = f"The number of these leads is {matched}; to delete them, send it as confirm"
            raise Conflict(message, matched=matched)
        operation_id, done = None, 0
        async for leads in self._pages(tx, workspace_id, change.which):
            steps = [step for lead in leads if (step := change.step_of(lead, now)) is not None]
            if not steps:
                continue
            if operation_id is None:
                running = OperationStatus.RUNNING
                operation = await self._operations.open(
                    tx, workspace_id, change.kind, caller.actor, now=now, status=running
                )
                operation_id = operation.id
            await self._writing.write(tx, workspace_id, caller.actor, steps, at=now)
            await self._operations.note(tx, workspace_id, operation_id, [_entry(step) for step in steps])
            done += len(steps)
        if operation_id is not None:
            await self._operations.close(tx, workspace_id, operation_id)
        batch = ChangedBatch(matched, done, missing, operation_id)
        if change.idempotency is not None:
            await save_result(tx, workspace_id, change.idempotency, _SUBJECT, batch, now=now)
        return batch

    async def _count(self, tx: Transaction, workspace_id: str, which: Which) -> tuple[int, list[str]]:
        """How many leads there are, and the ids that stand for none."""
        if which.ids is not None:
            found = {lead.id async for leads in self._pages(tx, workspace_id, which) for lead in leads}
            return len(found), [lead_id for lead_id in which.ids if lead_id not in found]
        total = await count_leads(tx, workspace_id, which.filter or LeadFilter())
        if total > MOST_CHANGED:
            message = f"lets {total} leads through, and a batch changes {MOST_CHANGED} at the most; narrow it"
            raise InvalidInput([Problem("filter", message, "too_many")])
        return total, []

    async def _pages(self, tx: Transaction, workspace_id: str, which: Which) -> AsyncIterator[list[Lead]]:
        """All of the leads, some hundred at a time, in an order that no change of theirs alters."""
        if which.ids is not None:
            for start in range(0, len(which.ids), _PAGE):
                found = await self._writing.find(tx, workspace_id, which.ids[start : start + _PAGE])
                yield list(found.values())
            return
        behind, has_next = None, True
        while has_next:
            page = await next_leads(tx, workspace_id, which.filter or LeadFilter(), behind=behind, limit=_PAGE)
            behind, has_next = page.next_place, page.has_next
            yield page.leads


class _Change(msgspec.Struct, frozen=True):
    """What a batch does to each of some leads. `step_of` answers None for a lead that stays as it is."""

    which: Which
    kind: OperationKind
    step_of: Callable[[Lead, int], Step | None]
    confirm: int | None = None
    idempotency: IdempotencyKey | None = None


def _patched(patch: LeadPatch, lead: Lead, now: int) -> Step | None:
    try:
        applied = apply_patch(lead, patch, now)
    except InvalidInput as error:
        problems = [Problem(f"set.{each.field}", f"{lead.id}: {each.message}", each.code) for each in error.problems]
        raise InvalidInput(problems) from None
    return None if applied is None else changed(lead, *applied)


def _removed(lead: Lead, _now: int) -> Step:
    return removed(lead)


def _entry(step: Step) -> Entry:
    if step.before is None:
        raise AssertionError("a batch changes what is there")
    if step.after is None:
        return Entry(step.before.id, Action.DELETED, step.before.version, step.before)
    return Entry(step.after.id, Action.UPDATED, step.after.version, step.before)


def _filled(outcomes: Sequence[Taken | None], taken: Sequence[Taken]) -> list[Taken | None]:
    """What was taken, in the places that are still empty."""
    rest = iter(taken)
    return [outcome or next(rest) for outcome in outcomes]


def _row(taken: Taken | None, *, stored: bool) -> Row:
    if taken is not None and taken.error is not None:
        return Row(Outcome.ERROR, error=(taken.error.code, taken.error.message, taken.error.details))
    if taken is None or taken.lead is None or not stored:
        return Row(Outcome.ERROR, error=(NOT_STORED, "Another lead of this batch is not good, and it is atomic", {}))
    return Row(taken.outcome, taken.lead.id)
