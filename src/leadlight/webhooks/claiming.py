"""Taking deliveries on: those that are due again, what is new in the feed, and what is to be sent once more."""

from collections.abc import Sequence
from typing import Any

import msgspec

from leadlight.events.event import Event, EventType
from leadlight.events.service import EventService
from leadlight.ids import DELIVERY, NewId
from leadlight.store.database import Transaction
from leadlight.webhooks import outbox
from leadlight.webhooks.delivery import Delivery, DeliveryStatus, Replay, RetrySchedule
from leadlight.webhooks.job import Job
from leadlight.webhooks.recording import dropped, with_due
from leadlight.webhooks.webhook import Webhook, wanted_types

_replace = msgspec.structs.replace


class Feed:
    """The events behind a position, read once for all endpoints that stand there."""

    def __init__(self, events: EventService, tx: Transaction, workspace_id: str, last: int) -> None:
        self.last = last
        self._events = events
        self._tx = tx
        self._workspace_id = workspace_id
        self._read: dict[Any, list[Event]] = {}

    async def behind(self, position: int, types: Sequence[EventType], *, limit: int) -> tuple[list[Event], int]:
        """Some events, and the position up to which they are all that is wanted."""
        if not types:
            return [], max(position, self.last)
        only = () if len(types) == len(EventType) else types
        asked = (position, tuple(only), limit)
        if asked not in self._read:
            self._read[asked] = await self._events.behind(
                self._tx, self._workspace_id, position, limit=limit, types=only
            )
        events = self._read[asked]
        reached = events[-1].position if events else position
        return events, reached if len(events) == limit else max(reached, self.last)


class Claiming:
    def __init__(self, events: EventService, new_id: NewId, schedule: RetrySchedule) -> None:
        self._events = events
        self._new_id = new_id
        self._schedule = schedule

    async def take(
        self, tx: Transaction, webhook: Webhook, feed: Feed, most: int, now: int
    ) -> tuple[Webhook, list[Job]]:
        jobs: list[Job] = []
        if most <= 0:
            return webhook, jobs
        is_due = webhook.due_at is not None and webhook.due_at <= now
        if is_due:
            jobs += await self._take_due(tx, webhook, most, now)
        if len(jobs) < most and webhook.position < feed.last:
            events, position = await feed.behind(webhook.position, webhook.types(), limit=most - len(jobs))
            webhook = _replace(webhook, position=position)
            jobs += await self._take_new(tx, webhook, events, now)
        if is_due and len(jobs) < most:
            replay = await outbox.first_replay(tx, webhook.workspace_id, webhook.id)
            if replay is not None:
                jobs += await self._take_again(tx, webhook, replay, feed, most=most - len(jobs), now=now)
        if is_due or self._schedule.delays[0]:
            webhook = await with_due(tx, webhook, now)
        return webhook, jobs

    async def _take_due(self, tx: Transaction, webhook: Webhook, most: int, now: int) -> list[Job]:
        due = await outbox.list_due(tx, webhook.workspace_id, webhook.id, now=now, limit=most)
        positions = [delivery.position for delivery in due if delivery.position is not None]
        events = await self._events.at(tx, webhook.workspace_id, positions)
        jobs: list[Job] = []
        for delivery in due:
            event = None if delivery.position is None else events.get(delivery.position)
            if event is None and delivery.lead_id is not None:
                await outbox.update_delivery(tx, dropped(delivery, now))
                continue
            taken = _replace(delivery, status=DeliveryStatus.SENDING, attempts=delivery.attempts + 1, due_at=None)
            await outbox.update_delivery(tx, taken)
            jobs.append(Job(webhook, taken, event))
        return jobs

    async def _take_new(self, tx: Transaction, webhook: Webhook, events: Sequence[Event], now: int) -> list[Job]:
        """Makes deliveries of events; they are sent at once, unless the schedule begins with a delay."""
        if not events:
            return []
        waits = self._schedule.delays[0]
        jobs = [Job(webhook, self._delivery(webhook, event, now, waits=waits), event) for event in events]
        await outbox.insert_deliveries(tx, [job.delivery for job in jobs])
        return [] if waits else jobs

    async def _take_again(
        self, tx: Transaction, webhook: Webhook, replay: Replay, feed: Feed, *, most: int, now: int
    ) -> list[Job]:
        events, position = await feed.behind(replay.position, wanted_types(replay.types), limit=most)
        await outbox.move_replay(tx, replay, position)
        again = [event for event in events if event.position <= replay.last_position]
        return await self._take_new(tx, webhook, again, now)

    def _delivery(self, webhook: Webhook, event: Event, now: int, *, waits: int) -> Delivery:
        return Delivery(
            workspace_id=webhook.workspace_id,
            id=self._new_id(DELIVERY),
            webhook_id=webhook.id,
            event_id=event.id,
            event_type=event.type,
            position=event.position,
            lead_id=event.lead_id,
            status=DeliveryStatus.PENDING if waits else DeliveryStatus.SENDING,
            attempts=0 if waits else 1,
            failures=0,
            due_at=event.created_at + waits if waits else None,
            created_at=now,
        )
