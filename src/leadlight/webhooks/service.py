"""Use cases of webhooks: endpoints and their secrets, what became of deliveries, sending again."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.clock import DAY, Clock
from leadlight.errors import Conflict, Invalid, InvalidInput, NotFound, Problem
from leadlight.events.service import EventService
from leadlight.ids import DELIVERY, EVENT, REPLAY, WEBHOOK, NewId, first_id
from leadlight.store.database import Database, Transaction
from leadlight.webhooks import outbox, queries
from leadlight.webhooks.delivery import Attempt, Delivery, DeliveryStatus, Replay
from leadlight.webhooks.job import Job
from leadlight.webhooks.signing import new_secret
from leadlight.webhooks.webhook import MAX_WEBHOOKS, ROTATION_GRACE, TEST_TYPE, Webhook

CheckReachable = Callable[[str], Awaitable[None]]
"""Raises Invalid for an address that nothing may or can be sent to."""

_BATCH = 500


class WebhookDraft(msgspec.Struct, frozen=True):
    """What an endpoint is to be."""

    url: str
    events: tuple[str, ...]
    description: str | None = None
    active: bool = True


class WebhookPatch(msgspec.Struct, frozen=True):
    """What is to change; UNSET where nothing is."""

    url: str | UnsetType = UNSET
    events: tuple[str, ...] | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    active: bool | UnsetType = UNSET

    def changes(self) -> dict[str, object]:
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class WebhookService:
    def __init__(
        self,
        database: Database,
        events: EventService,
        clock: Clock,
        new_id: NewId,
        *,
        check_reachable: CheckReachable,
    ) -> None:
        self._database = database
        self._events = events
        self._clock = clock
        self._new_id = new_id
        self._check_reachable = check_reachable

    # Endpoints

    async def create_webhook(self, workspace_id: str, draft: WebhookDraft) -> Webhook:
        """An endpoint for what happens from now on. Raises InvalidInput, or Conflict when there are too many."""
        await self._check_url(draft.url)
        return await self._database.write(self._create, workspace_id, draft, turn=workspace_id)

    async def get_webhook(self, workspace_id: str, webhook_id: str) -> Webhook:
        """Raises NotFound."""
        return _found(await self._database.read(queries.find_webhook, workspace_id, webhook_id), webhook_id)

    async def list_webhooks(self, workspace_id: str, *, after: str, limit: int) -> list[Webhook]:
        """A page by age, behind an id."""

        async def page(tx: Transaction) -> list[Webhook]:
            return await queries.list_webhooks(tx, workspace_id, after=after, limit=limit)

        return await self._database.scan(page)

    async def update_webhook(self, workspace_id: str, webhook_id: str, patch: WebhookPatch) -> Webhook:
        """Changes what the patch names. One that is made active again is sent what happens from then on.

        Raises NotFound, InvalidInput.
        """
        if patch.url is not UNSET:
            await self._check_url(patch.url)
        return await self._database.write(self._update, workspace_id, webhook_id, patch)

    async def rotate_secret(self, workspace_id: str, webhook_id: str) -> Webhook:
        """A new secret; the old one signs too for a day. Raises NotFound."""
        return await self._database.write(self._rotate, workspace_id, webhook_id)

    async def delete_webhook(self, workspace_id: str, webhook_id: str) -> int:
        """Ends an endpoint at once; its deliveries are removed in the background. Answers when. Raises NotFound."""
        return await self._database.write(self._delete, workspace_id, webhook_id)

    # Deliveries

    async def send_test(self, workspace_id: str, webhook_id: str) -> Delivery:
        """Queues an event that is a test. Raises NotFound, or Conflict when the endpoint is not active."""
        return await self._database.write(self._send_test, workspace_id, webhook_id, turn=workspace_id)

    async def list_deliveries(
        self, workspace_id: str, webhook_id: str, *, status: DeliveryStatus | None, before: str, limit: int
    ) -> list[Delivery]:
        """Newest first, behind an id. Raises NotFound."""

        async def page(tx: Transaction) -> list[Delivery]:
            _found(await queries.find_webhook(tx, workspace_id, webhook_id), webhook_id)
            return await outbox.list_deliveries(tx, workspace_id, webhook_id, status=status, before=before, limit=limit)

        return await self._database.scan(page)

    async def get_delivery(self, workspace_id: str, delivery_id: str) -> tuple[Delivery, list[Attempt]]:
        """A delivery and its attempts, the first one first. Raises NotFound."""
        return await self._database.scan(self._get_delivery, workspace_id, delivery_id)

    async def get_job(self, workspace_id: str, delivery_id: str) -> tuple[Job, list[Attempt]]:
        """A delivery with what it sends and where to, and its attempts, the first one first. Raises NotFound."""
        return await self._database.scan(self._get_job, workspace_id, delivery_id)

    async def retry_delivery(self, workspace_id: str, delivery_id: str) -> Delivery:
        """Sends a delivery at once, whatever became of it. Raises NotFound, Conflict."""
        return await self._database.write(self._retry, workspace_id, delivery_id, turn=workspace_id)

    async def replay(
        self, workspace_id: str, webhook_id: str, *, since: int, until: int | None, types: tuple[str, ...]
    ) -> Replay:
        """Sends what happened from one time to just before another again. Raises NotFound, InvalidInput, Conflict."""
        if until is None:
            until = self._clock()
            if until <= since:
                raise InvalidInput([Problem("since", "must be in the past", "out_of_range")])
        elif until <= since:
            raise InvalidInput([Problem("until", "must be later than since", "out_of_range")])
        return await self._database.write(
            self._replay, workspace_id, webhook_id, since, until, types, turn=workspace_id
        )

    async def erase_leads(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> bool:
        """Drops what waits to be told of leads that are being deleted, and what was answered to what was told."""
        await queries.lock_webhooks(tx, workspace_id)  # nothing is taken on or recorded from here to the commit
        await outbox.erase_leads(tx, workspace_id, lead_ids, now)
        return False

    async def held_on(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> dict[str, list[Any]]:
        """What was sent of some leads, where to, and what was answered: deliveries, each with its attempts."""
        attempts: dict[str, list[Attempt]] = {}
        for attempt in await outbox.list_attempts_of_leads(tx, workspace_id, lead_ids):
            attempts.setdefault(attempt.delivery_id, []).append(attempt)
        deliveries = await outbox.list_of_leads(tx, workspace_id, lead_ids)
        return {"deliveries": [(delivery, attempts.get(delivery.id, [])) for delivery in deliveries]}

    # Housekeeping

    async def clean(self, *, kept_days: int) -> None:
        """Removes deliveries that ended long ago, and those of deleted endpoints, some hundred at a time."""
        before = max(0, self._clock() - kept_days * DAY)
        for workspace_id in await self._database.scan(queries.workspaces_with_webhooks):
            while await self._database.scan(self._has_finished, workspace_id, before):
                await self._database.write(self._remove_finished, workspace_id, before)
        for owner, webhook_id in await self._database.scan(queries.list_deleted):
            while await self._database.write(self._remove_some_of, owner, webhook_id) == _BATCH:
                pass

    async def _check_url(self, url: str) -> None:
        try:
            await self._check_reachable(url)
        except Invalid as invalid:
            raise InvalidInput([invalid.of("url")]) from None

    # Units of work

    async def _create(self, tx: Transaction, workspace_id: str, draft: WebhookDraft) -> Webhook:
        await self._events.hold(tx, workspace_id)
        if await queries.count_webhooks(tx, workspace_id) >= MAX_WEBHOOKS:
            raise Conflict(f"A workspace has at most {MAX_WEBHOOKS} webhooks; delete one first")
        now = self._clock()
        webhook = Webhook(
            workspace_id=workspace_id,
            id=self._new_id(WEBHOOK),
            url=draft.url,
            events=draft.events,
            description=draft.description,
            secret=new_secret(),
            active=draft.active,
            created_at=now,
            updated_at=now,
            position=await self._events.last_position(tx, workspace_id),
        )
        await queries.insert_webhook(tx, webhook)
        return webhook

    async def _update(self, tx: Transaction, workspace_id: str, webhook_id: str, patch: WebhookPatch) -> Webhook:
        last = await self._events.last_position(tx, workspace_id)
        webhook = _found(await queries.lock_webhook(tx, workspace_id, webhook_id), webhook_id)
        changed = msgspec.structs.replace(webhook, **patch.changes())
        if changed.active and not webhook.active:
            changed = msgspec.structs.replace(changed, position=last)
        if changed.url != webhook.url or (changed.active and not webhook.active):
            changed = msgspec.structs.replace(changed, paused_until=0, failing_since=None)
        if patch.active is not UNSET:
            changed = msgspec.structs.replace(changed, disabled_reason=None)
        if changed == webhook:
            return webhook
        changed = msgspec.structs.replace(changed, updated_at=self._clock())
        await queries.update_settings(tx, changed)
        return changed

    async def _rotate(self, tx: Transaction, workspace_id: str, webhook_id: str) -> Webhook:
        webhook = _found(await queries.lock_webhook(tx, workspace_id, webhook_id), webhook_id)
        now = self._clock()
        rotated = msgspec.structs.replace(
            webhook,
            secret=new_secret(),
            previous_secret=webhook.secret,
            previous_secret_until=now + ROTATION_GRACE,
            updated_at=now,
        )
        await queries.update_settings(tx, rotated)
        return rotated

    async def _delete(self, tx: Transaction, workspace_id: str, webhook_id: str) -> int:
        _found(await queries.lock_webhook(tx, workspace_id, webhook_id), webhook_id)
        now = self._clock()
        await queries.mark_deleted(tx, workspace_id, webhook_id, now)
        await outbox.end_replays(tx, workspace_id, webhook_id)
        return now

    async def _send_test(self, tx: Transaction, workspace_id: str, webhook_id: str) -> Delivery:
        webhook = await self._lock_active(tx, workspace_id, webhook_id)
        now = self._clock()
        delivery = Delivery(
            workspace_id=workspace_id,
            id=self._new_id(DELIVERY),
            webhook_id=webhook_id,
            event_id=self._new_id(EVENT),
            event_type=TEST_TYPE,
            position=None,
            lead_id=None,
            status=DeliveryStatus.PENDING,
            attempts=0,
            failures=0,
            due_at=now,
            created_at=now,
        )
        await outbox.insert_deliveries(tx, [delivery])
        await self._due_now(tx, webhook, now)
        return delivery

    async def _get_delivery(
        self, tx: Transaction, workspace_id: str, delivery_id: str
    ) -> tuple[Delivery, list[Attempt]]:
        delivery = await self._existing(tx, workspace_id, delivery_id)
        return delivery, await outbox.list_attempts(tx, workspace_id, delivery_id)

    async def _get_job(self, tx: Transaction, workspace_id: str, delivery_id: str) -> tuple[Job, list[Attempt]]:
        delivery, attempts = await self._get_delivery(tx, workspace_id, delivery_id)
        webhook = _found(await queries.find_webhook(tx, workspace_id, delivery.webhook_id), delivery.webhook_id)
        positions = [] if delivery.position is None else [delivery.position]
        events = await self._events.at(tx, workspace_id, positions)
        return Job(webhook, delivery, next(iter(events.values()), None)), attempts

    async def _retry(self, tx: Transaction, workspace_id: str, delivery_id: str) -> Delivery:
        found = await self._existing(tx, workspace_id, delivery_id)
        webhook = await self._lock_active(tx, workspace_id, found.webhook_id)
        delivery = await self._existing(tx, workspace_id, delivery_id)  # as it is now that nobody else changes it
        if delivery.status is DeliveryStatus.SENDING:
            raise Conflict("It is being sent at this moment", deliveryId=delivery_id)
        if delivery.is_gone:
            raise Conflict("Its lead was deleted, so there is nothing left to send", deliveryId=delivery_id)
        now = self._clock()
        retried = msgspec.structs.replace(delivery, status=DeliveryStatus.PENDING, due_at=now, finished_at=None)
        await outbox.update_delivery(tx, retried)
        await self._due_now(tx, webhook, now)
        return retried

    async def _replay(
        self, tx: Transaction, workspace_id: str, webhook_id: str, since: int, until: int, types: tuple[str, ...]
    ) -> Replay:
        webhook = await self._lock_active(tx, workspace_id, webhook_id)
        position, last_position = await self._events.positions_between(tx, workspace_id, since, until)
        now = self._clock()
        id_ = self._new_id(REPLAY)
        replay = Replay(
            workspace_id, id_, webhook_id, types or webhook.events, position, last_position, since, until, now
        )
        if position < last_position:
            await outbox.insert_replay(tx, replay)
            await self._due_now(tx, webhook, now)
        return replay

    async def _due_now(self, tx: Transaction, webhook: Webhook, now: int) -> None:
        """What is asked for by hand is sent at once, even where the endpoint asked for a pause."""
        due_at = now if webhook.due_at is None else min(webhook.due_at, now)
        await queries.update_settings(tx, msgspec.structs.replace(webhook, due_at=due_at, paused_until=0))

    async def _lock_active(self, tx: Transaction, workspace_id: str, webhook_id: str) -> Webhook:
        webhook = _found(await queries.lock_webhook(tx, workspace_id, webhook_id), webhook_id)
        if not webhook.active:
            raise Conflict("This webhook is not active; set active to true first", webhookId=webhook_id)
        return webhook

    async def _existing(self, tx: Transaction, workspace_id: str, delivery_id: str) -> Delivery:
        delivery = await outbox.find_delivery(tx, workspace_id, delivery_id)
        if delivery is None or await queries.find_webhook(tx, workspace_id, delivery.webhook_id) is None:
            raise NotFound("No delivery with this ID in your workspace", deliveryId=delivery_id)
        return delivery

    async def _has_finished(self, tx: Transaction, workspace_id: str, before: int) -> bool:
        return await outbox.has_finished_before(tx, workspace_id, before, first_id(DELIVERY, before))

    async def _remove_finished(self, tx: Transaction, workspace_id: str, before: int) -> None:
        ids = await outbox.lock_finished_before(tx, workspace_id, before, first_id(DELIVERY, before), limit=_BATCH)
        await outbox.remove_deliveries(tx, workspace_id, ids)

    async def _remove_some_of(self, tx: Transaction, workspace_id: str, webhook_id: str) -> int:
        ids = await outbox.some_of_webhook(tx, workspace_id, webhook_id, limit=_BATCH)
        await outbox.remove_deliveries(tx, workspace_id, ids)
        if len(ids) < _BATCH:
            await queries.remove_webhook(tx, workspace_id, webhook_id)
        return len(ids)


def _found(webhook: Webhook | None, webhook_id: str) -> Webhook:
    if webhook is None:
        raise NotFound("No webhook with this ID in your workspace", webhookId=webhook_id)
    return webhook
