"""Use cases of duplicates: they are found, for a lead or in a whole workspace, and merged."""

import asyncio
from collections.abc import Mapping

import msgspec

from leadlight.clock import Clock
from leadlight.duplicates.merging import merge
from leadlight.duplicates.scoring import Likeness, likeness
from leadlight.duplicates.sweep import Found, Place, find_pairs
from leadlight.duplicates.traits import Traits
from leadlight.errors import Conflict, InvalidInput, LeadNotFound, Problem
from leadlight.events.event import Changes
from leadlight.events.service import EventService
from leadlight.leads.candidates import find_alike
from leadlight.leads.lead import Lead
from leadlight.leads.writing import LeadWriting, merged
from leadlight.operations.operation import Action, Entry, OperationKind
from leadlight.operations.service import OperationService
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction
from leadlight.store.idempotency import IdempotencyKey, find_result, save_result

MOST_MERGED = 5_000
"""Into one lead: its history, and its deletion, ask for all of them at once."""

_AT_ONCE = 25


class MergeOrder(msgspec.Struct, frozen=True):
    """A lead, and the one that goes into it. `prefer`: for a field, the id of the one of the two whose value wins."""

    lead_id: str
    duplicate_id: str
    prefer: Mapping[str, str]


class Merged(msgspec.Struct, frozen=True):
    """The lead that is left, and what changed of it. `operation_id` is None where it was only tried."""

    lead: Lead
    changes: Changes
    operation_id: str | None
    replayed: bool = False


class DuplicateService:
    def __init__(
        self,
        database: Database,
        events: EventService,
        writing: LeadWriting,
        operations: OperationService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._events = events
        self._writing = writing
        self._operations = operations
        self._clock = clock

    async def list_of_lead(
        self, caller: Principal, lead_id: str, *, min_score: int, limit: int
    ) -> list[tuple[Lead, Likeness]]:
        """The leads that may be the same as one, the likeliest first. Raises LeadNotFound."""
        lead, alike = await self._database.scan(self._find_alike, caller, lead_id)
        traits = Traits.of(lead)
        found: list[tuple[Lead, Likeness]] = []
        for number, other in enumerate(alike):
            if number % _AT_ONCE == _AT_ONCE - 1:  # to compare some hundred takes as long as many requests do
                await asyncio.sleep(0)
            compared = likeness(traits, Traits.of(other))
            if compared.score >= min_score:
                found.append((other, compared))
        found.sort(key=lambda each: (-each[1].score, each[0].created_at, each[0].id))
        return found[:limit]

    async def list_pairs(
        self, caller: Principal, place: Place, *, min_score: int, limit: int
    ) -> tuple[list[Found], Place | None]:
        """Some pairs of the workspace that may be the same, and where to go on, with however few; None at the end."""
        return await find_pairs(self._database, caller.workspace_id, place, min_score=min_score, limit=limit)

    async def merge(
        self, caller: Principal, order: MergeOrder, *, dry_run: bool, idempotency: IdempotencyKey | None
    ) -> Merged:
        """Makes one of two leads; for a dry run, says what that would be.

        Raises LeadNotFound, Conflict when the duplicate was merged already or too many were, InvalidInput.
        """
        if order.lead_id == order.duplicate_id:
            raise InvalidInput([Problem("duplicateId", "must be the id of another lead", "conflict")])
        if dry_run:
            return await self._database.scan(self._try, caller, order)
        return await self._database.write(self._merge, caller, order, idempotency, turn=caller.workspace_id)

    # Units of work

    async def _find_alike(self, tx: Transaction, caller: Principal, lead_id: str) -> tuple[Lead, list[Lead]]:
        lead = await self._writing.follow(tx, caller.workspace_id, lead_id)
        if lead is None:
            raise LeadNotFound(lead_id)
        return lead, await find_alike(tx, lead)

    async def _try(self, tx: Transaction, caller: Principal, order: MergeOrder) -> Merged:
        survivor, duplicate = await self._find_both(tx, caller.workspace_id, order)
        after, changes = merge(survivor, duplicate, _by_survivor(order, survivor), self._clock())
        return Merged(after, changes, None)

    async def _merge(
        self, tx: Transaction, caller: Principal, order: MergeOrder, idempotency: IdempotencyKey | None
    ) -> Merged:
        workspace_id, now = caller.workspace_id, self._clock()
        await self._events.hold(tx, workspace_id)
        if idempotency is not None:
            earlier = await find_result(tx, workspace_id, idempotency, Merged, now=now)
            if earlier is not None:
                return msgspec.structs.replace(earlier, replayed=True)
        survivor, duplicate = await self._find_both(tx, workspace_id, order)
        after, changes = merge(survivor, duplicate, _by_survivor(order, survivor), now)
        steps = merged(survivor, after, changes, duplicate=duplicate)
        await self._writing.write(tx, workspace_id, caller.actor, steps, at=now)
        operation = await self._operations.open(
            tx, workspace_id, OperationKind.MERGE, caller.actor, now=now, subject_id=survivor.id, leads=len(steps)
        )
        entries = [
            Entry(survivor.id, Action.UPDATED, after.version, survivor),
            Entry(duplicate.id, Action.MERGED, duplicate.version, duplicate),
        ]
        await self._operations.note(tx, workspace_id, operation.id, entries)
        await self._writing.redirect(
            tx, workspace_id, duplicate.id, survivor_id=survivor.id, operation_id=operation.id, now=now
        )
        result = Merged(after, changes, operation.id)
        if idempotency is not None:
            await save_result(tx, workspace_id, idempotency, survivor.id, result, now=now)
        return result

    async def _find_both(self, tx: Transaction, workspace_id: str, order: MergeOrder) -> tuple[Lead, Lead]:
        """The lead that is left, which the first one may have been merged into, and the one that goes."""
        survivor = await self._writing.follow(tx, workspace_id, order.lead_id)
        if survivor is None:
            raise LeadNotFound(order.lead_id)
        duplicate = await self._writing.follow(tx, workspace_id, order.duplicate_id)
        if duplicate is None:
            raise LeadNotFound(order.duplicate_id)
        if survivor.id == duplicate.id:
            raise Conflict("These two were merged already", mergedInto=survivor.id)
        if duplicate.id != order.duplicate_id:
            raise Conflict("The duplicate was merged into another lead already", mergedInto=duplicate.id)
        both = await self._writing.list_merged_into(tx, workspace_id, survivor.id, duplicate.id)
        if len(both) >= MOST_MERGED:
            raise Conflict(f"At most {MOST_MERGED} leads can be merged into one; delete what is not worth keeping")
        return survivor, duplicate


def _by_survivor(order: MergeOrder, survivor: Lead) -> dict[str, str]:
    """What is preferred, by the id of the lead that is left where the one that it stands for was named."""
    return {name: survivor.id if id_ == order.lead_id else id_ for name, id_ in order.prefer.items()}
