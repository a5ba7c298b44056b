"""Use cases of leads: each is one transaction that changes rows and writes the events that tell of it."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from leadlight.clock import Clock
from leadlight.errors import Conflict, LeadNotFound, PreconditionFailed
from leadlight.events.event import Actor, Changes, Event, EventType
from leadlight.events.service import EventPage, EventService
from leadlight.ids import LEAD, NewId
from leadlight.leads import listing, queries
from leadlight.leads.change import LeadDraft, LeadPatch, apply_patch, creation_changes, new_lead, snapshot
from leadlight.leads.check import find_faults
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import Lead
from leadlight.leads.listing import LeadPage, LeadSort, Place
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction
from leadlight.store.idempotency import IdempotencyKey, erase_results, find_result, save_result
from leadlight.webhooks.service import WebhookService


class OnDuplicate(StrEnum):
    """What to do when a lead with the same email exists."""

    CREATE = "create"
    REJECT = "reject"
    UPDATE = "update"


class Created(msgspec.Struct, frozen=True):
    """`existing`: the lead was there and was merged into. `replayed`: this is the answer to an earlier request."""

    lead: Lead
    existing: bool = False
    replayed: bool = False


class Deleted(msgspec.Struct, frozen=True):
    id: str
    deleted_at: int


class LeadService:
    def __init__(
        self, database: Database, events: EventService, webhooks: WebhookService, clock: Clock, new_id: NewId
    ) -> None:
        self._database = database
        self._events = events
        self._webhooks = webhooks
        self._clock = clock
        self._new_id = new_id

    async def get_lead(self, caller: Principal, lead_id: str) -> Lead:
        """Raises LeadNotFound, for another workspace's lead just as for one that never was."""
        lead = await self._database.read(queries.find_lead, caller.workspace_id, lead_id)
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
        on_duplicate: OnDuplicate = OnDuplicate.CREATE,
        idempotency: IdempotencyKey | None = None,
    ) -> Created:
        """Stores a new lead, or merges it into the one with the same email.

        Raises Conflict for a duplicate that is to be rejected, or an Idempotency-Key used before.
        """
        return await self._database.write(
            self._create, caller, draft, on_duplicate, idempotency, turn=caller.workspace_id
        )

    async def update_lead(
        self, caller: Principal, lead_id: str, patch: LeadPatch, *, if_match: tuple[str, ...] | None = None
    ) -> Lead:
        """Changes what the patch names. Raises LeadNotFound, PreconditionFailed, InvalidInput."""
        return await self._database.write(self._update, caller, lead_id, patch, if_match, turn=caller.workspace_id)

    async def delete_lead(self, caller: Principal, lead_id: str, *, if_match: tuple[str, ...] | None = None) -> Deleted:
        """Erases a lead and its history for good. Raises LeadNotFound, PreconditionFailed."""
        return await self._database.write(self._delete, caller, lead_id, if_match, turn=caller.workspace_id)

    async def list_events(
        self,
        caller: Principal,
        lead_id: str,
        *,
        after: int,
        limit: int,
        types: tuple[EventType, ...] = (),
    ) -> EventPage:
        """What happened to a lead, oldest first. Raises LeadNotFound."""

        async def page(tx: Transaction) -> EventPage:
            if await queries.find_lead(tx, caller.workspace_id, lead_id) is None:
                raise LeadNotFound(lead_id)
            return await self._events.page_of_lead(
                tx, caller.workspace_id, lead_id, after=after, limit=limit, types=types
            )

        return await self._database.scan(page)

    async def check(self) -> list[str]:
        """What does not fit together in the leads of all workspaces, a sentence each."""
        return await self._database.scan(find_faults)

    # Units of work

    async def _create(
        self,
        tx: Transaction,
        caller: Principal,
        draft: LeadDraft,
        on_duplicate: OnDuplicate,
        idempotency: IdempotencyKey | None,
    ) -> Created:
        now = self._clock()
        if idempotency is not None or on_duplicate is not OnDuplicate.CREATE:
            await self._events.hold(tx, caller.workspace_id)
        if idempotency is not None:
            earlier = await find_result(tx, caller.workspace_id, idempotency, Created, now=now)
            if earlier is not None:
                return msgspec.structs.replace(earlier, replayed=True)
        created = await self._create_or_merge(tx, caller, draft, on_duplicate, now)
        if idempotency is not None:
            await save_result(tx, caller.workspace_id, idempotency, created.lead.id, created, now=now)
        return created

    async def _create_or_merge(
        self, tx: Transaction, caller: Principal, draft: LeadDraft, on_duplicate: OnDuplicate, now: int
    ) -> Created:
        if on_duplicate is not OnDuplicate.CREATE:
            existing = await queries.find_oldest_by_email(tx, caller.workspace_id, draft.email)
            if existing is not None and on_duplicate is OnDuplicate.REJECT:
                raise Conflict("A lead with this email exists already", existingId=existing.id)
            if existing is not None:
                return Created(await self._patch(tx, caller, existing, LeadPatch.of(draft), now), existing=True)
        lead = new_lead(draft, lead_id=self._new_id(LEAD), workspace_id=caller.workspace_id, now=now)
        [event] = await self._record(tx, caller, lead.id, {EventType.LEAD_CREATED: creation_changes(lead)}, at=now)
        await queries.insert_lead(tx, lead, number=event.position)
        return Created(lead)

    async def _update(
        self,
        tx: Transaction,
        caller: Principal,
        lead_id: str,
        patch: LeadPatch,
        if_match: tuple[str, ...] | None,
    ) -> Lead:
        lead = await self._get_matching(tx, caller, lead_id, if_match)
        return await self._patch(tx, caller, lead, patch, self._clock())

    async def _patch(self, tx: Transaction, caller: Principal, lead: Lead, patch: LeadPatch, now: int) -> Lead:
        applied = apply_patch(lead, patch, now)
        if applied is None:
            return lead
        updated, changes = applied
        happened = {EventType.LEAD_UPDATED: changes}
        if "status" in changes:
            happened[EventType.LEAD_STATUS_CHANGED] = {"status": changes["status"]}
        await self._record(tx, caller, lead.id, happened, at=now, lead=snapshot(updated))
        await queries.update_lead(tx, lead, updated)
        return updated

    async def _delete(
        self, tx: Transaction, caller: Principal, lead_id: str, if_match: tuple[str, ...] | None
    ) -> Deleted:
        lead = await self._get_matching(tx, caller, lead_id, if_match)
        now = self._clock()
        await self._webhooks.erase_lead(tx, caller.workspace_id, lead_id, now)
        await self._events.erase(tx, caller.workspace_id, lead_id)
        await self._record(tx, caller, lead_id, {EventType.LEAD_DELETED: {}}, at=now)
        await queries.delete_lead(tx, lead)
        await erase_results(tx, caller.workspace_id, lead_id)
        return Deleted(lead_id, now)

    async def _get_matching(
        self, tx: Transaction, caller: Principal, lead_id: str, if_match: tuple[str, ...] | None
    ) -> Lead:
        await self._events.hold(tx, caller.workspace_id)
        lead = await queries.find_lead(tx, caller.workspace_id, lead_id)
        if lead is None:
            raise LeadNotFound(lead_id)
        if if_match is not None and lead.etag not in if_match and "*" not in if_match:
            raise PreconditionFailed(leadId=lead_id, etag=lead.etag)
        return lead

    async def _record(
        self,
        tx: Transaction,
        caller: Principal,
        lead_id: str,
        happened: Mapping[EventType, Changes],
        *,
        at: int,
        lead: msgspec.Raw | None = None,
    ) -> list[Event]:
        actor = Actor.key(caller.key_id)
        return await self._events.record(tx, caller.workspace_id, lead_id, actor, happened, at=at, lead=lead)
