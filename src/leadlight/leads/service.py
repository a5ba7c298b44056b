"""Use cases of leads: each is one transaction that changes rows and writes the events that tell of it."""

from typing import Any

import msgspec

from leadlight.clock import Clock
from leadlight.duplicate_rule import DuplicateRule
from leadlight.errors import Conflict, LeadNotFound, PreconditionFailed
from leadlight.events.event import EventType, Happening
from leadlight.events.service import EventPage, EventService
from leadlight.leads import identities, listing, queries
from leadlight.leads.change import LeadDraft, LeadPatch, apply_patch
from leadlight.leads.check import find_faults
from leadlight.leads.erasing import Erasing, record_erasure
from leadlight.leads.filter import LeadFilter
from leadlight.leads.intake import Incoming, Intake, Outcome
from leadlight.leads.lead import Lead
from leadlight.leads.listing import LeadPage, LeadSort, Place
from leadlight.leads.reminders import keep_reminders
from leadlight.leads.writing import LeadWriting, changed
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction
from leadlight.store.idempotency import IdempotencyKey, find_result, save_result

_CODED_AT_ONCE = 500


class Created(msgspec.Struct, frozen=True):
    """`existing`: the lead was there already. `replayed`: this is the answer to an earlier request."""

    lead: Lead
    existing: bool = False
    replayed: bool = False


class Deleted(msgspec.Struct, frozen=True):
    id: str
    deleted_at: int


class LeadService:
    def __init__(
        self,
        database: Database,
        events: EventService,
        writing: LeadWriting,
        intake: Intake,
        erasing: Erasing,
        clock: Clock,
    ) -> None:
        self._database = database
        self._events = events
        self._writing = writing
        self._intake = intake
        self._erasing = erasing
        self._clock = clock

    async def get_lead(self, caller: Principal, lead_id: str) -> Lead:
        """The lead, or the one that it was merged into.

        Raises LeadNotFound, for another workspace's lead just as for one that never was.
        """
        lead = await self._database.read(queries.find_lead, caller.workspace_id, lead_id)
        if lead is None:
            lead = await self._database.read(self._writing.follow, caller.workspace_id, lead_id)
        if lead is None:
            raise LeadNotFound(lead_id)
        return lead

    async def list_leads(
        self,
        caller: Principal,
        which: LeadFilter,
        *,
        sort: LeadSort,
        limit: int,
        offset: int = 0,
        behind: Place | None = None,
        with_total: bool = True,
    ) -> LeadPage:
        async def page(tx: Transaction) -> LeadPage:
            return await listing.list_leads(
                tx,
                caller.workspace_id,
                which,
                sort=sort,
                limit=limit,
                offset=offset,
                behind=behind,
                with_total=with_total,
            )

        return await self._database.scan(page)

    async def create_lead(
        self,
        caller: Principal,
        draft: LeadDraft,
        *,
        rule: DuplicateRule | None = None,
        idempotency: IdempotencyKey | None = None,
    ) -> Created:
        """Stores a new lead, or does what the rule says where the same one exists; None for the workspace's own rule.

        Raises Conflict for a duplicate that is to be rejected, or an Idempotency-Key used before; InvalidInput.
        """
        return await self._database.write(
            self._create, caller, draft, rule or caller.duplicates, idempotency, turn=caller.workspace_id
        )

    async def update_lead(
        self, caller: Principal, lead_id: str, patch: LeadPatch, *, if_match: tuple[str, ...] | None = None
    ) -> Lead:
        """Changes what the patch names, of the lead or of the one that it was merged into.

        Raises LeadNotFound, PreconditionFailed, InvalidInput.
        """
        return await self._database.write(self._update, caller, lead_id, patch, if_match, turn=caller.workspace_id)

    async def delete_lead(self, caller: Principal, lead_id: str, *, if_match: tuple[str, ...] | None = None) -> Deleted:
        """Erases a lead and all that is kept of it for good, and puts that on record.

        Raises LeadNotFound, PreconditionFailed, Conflict.
        """
        deleted, lead_ids = await self._database.write(
            self._delete, caller, lead_id, if_match, turn=caller.workspace_id
        )
        for each in lead_ids:
            record_erasure(caller.workspace_id, each, at=deleted.deleted_at, by=caller.actor)
        return deleted

    async def list_events(
        self,
        caller: Principal,
        lead_id: str,
        *,
        after: int,
        limit: int,
        types: tuple[EventType, ...] = (),
    ) -> EventPage:
        """What happened to a lead, and to those that were merged into it, oldest first. Raises LeadNotFound."""

        async def page(tx: Transaction) -> EventPage:
            lead = await self._writing.follow(tx, caller.workspace_id, lead_id)
            if lead is None:
                raise LeadNotFound(lead_id)
            lead_ids = await self._erasing.all_ids(tx, caller.workspace_id, lead.id)
            return await self._events.page_of_leads(
                tx, caller.workspace_id, lead_ids, after=after, limit=limit, types=types
            )

        return await self._database.scan(page)

    async def held_on(self, caller: Principal, lead_id: str) -> tuple[Lead, dict[str, list[Any]]]:
        """The lead, and all that others keep of it, by name. Raises LeadNotFound."""

        async def collect(tx: Transaction) -> tuple[Lead, dict[str, list[Any]]]:
            lead = await self._writing.follow(tx, caller.workspace_id, lead_id)
            if lead is None:
                raise LeadNotFound(lead_id)
            lead_ids = await self._erasing.all_ids(tx, caller.workspace_id, lead.id)
            return lead, await self._erasing.held_on(tx, caller.workspace_id, lead_ids)

        return await self._database.scan(collect)

    async def code_old_leads(self, workspace_id: str) -> None:
        """Has leads that an earlier version stored found as duplicates too, some hundred in a transaction."""
        if not await self._database.scan(self._some_uncoded, workspace_id):
            return
        while await self._database.write(self._code_some, workspace_id, turn=workspace_id):
            pass

    async def check(self) -> list[str]:
        """What does not fit together in the leads of all workspaces, a sentence each."""
        return await self._database.scan(find_faults)

    # Units of work

    async def _some_uncoded(self, tx: Transaction, workspace_id: str) -> bool:
        return bool(await queries.find_uncoded(tx, workspace_id, limit=1))

    async def _code_some(self, tx: Transaction, workspace_id: str) -> bool:
        await self._events.hold(tx, workspace_id)
        leads = await queries.find_uncoded(tx, workspace_id, limit=_CODED_AT_ONCE)
        await queries.update_leads(tx, leads)  # as they are: what is told from their fields is written anew
        return bool(leads)

    async def _create(
        self,
        tx: Transaction,
        caller: Principal,
        draft: LeadDraft,
        rule: DuplicateRule,
        idempotency: IdempotencyKey | None,
    ) -> Created:
        now = self._clock()
        if idempotency is not None:
            await self._events.hold(tx, caller.workspace_id)
            earlier = await find_result(tx, caller.workspace_id, idempotency, Created, now=now)
            if earlier is not None:
                return msgspec.structs.replace(earlier, replayed=True)
        [taken] = await self._intake.take(tx, caller.workspace_id, caller.actor, [Incoming(draft)], rule=rule, now=now)
        if taken.error is not None or taken.lead is None:
            raise taken.error or AssertionError("a lead that was not taken says why")
        created = Created(taken.lead, existing=taken.outcome is not Outcome.CREATED)
        if idempotency is not None:
            await save_result(tx, caller.workspace_id, idempotency, created.lead.id, created, now=now)
        return created

    async def _update(
        self,
        tx: Transaction,
        caller: Principal,
        lead_id: str,
        patch: LeadPatch,
        if_match: tuple[str, ...] | None,
    ) -> Lead:
        await self._events.hold(tx, caller.workspace_id)
        lead = await self._writing.follow(tx, caller.workspace_id, lead_id)
        if lead is None:
            raise LeadNotFound(lead_id)
        _demand(lead, if_match)
        now = self._clock()
        applied = apply_patch(lead, patch, now)
        if applied is None:
            return lead
        updated, changes = applied
        step = changed(lead, updated, changes)
        await self._writing.write(tx, caller.workspace_id, caller.actor, [step], at=now)
        return updated

    async def _delete(
        self, tx: Transaction, caller: Principal, lead_id: str, if_match: tuple[str, ...] | None
    ) -> tuple[Deleted, list[str]]:
        """What was deleted, and all ids that it had."""
        workspace_id = caller.workspace_id
        await self._events.hold(tx, workspace_id)
        lead = await queries.find_lead(tx, workspace_id, lead_id)
        if lead is not None:
            _demand(lead, if_match)
        elif survivor := await identities.find_survivor(tx, workspace_id, lead_id):
            raise Conflict("This lead was merged into another one; delete that one", mergedInto=survivor)
        now = self._clock()
        lead_ids = await self._erasing.all_ids(tx, workspace_id, lead_id)
        kept = await self._erasing.erase(tx, workspace_id, lead_ids, now)
        if lead is None and not kept:
            raise LeadNotFound(lead_id)
        happened = [Happening(EventType.LEAD_DELETED, lead_id, {})]
        await self._events.record(tx, workspace_id, caller.actor, happened, at=now)
        if lead is not None:
            await queries.delete_leads(tx, [lead])
            await queries.count(tx, workspace_id, [lead], [])
            await identities.delete_identities(tx, workspace_id, [lead_id])
            await keep_reminders(tx, workspace_id, [(lead, None)])
        return Deleted(lead_id, now), lead_ids


def _demand(lead: Lead, if_match: tuple[str, ...] | None) -> None:
    if if_match is not None and lead.etag not in if_match and "*" not in if_match:
        raise PreconditionFailed(leadId=lead.id, etag=lead.etag)
