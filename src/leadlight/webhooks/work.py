"""Taking deliveries on, and recording what became of them: one transaction; they are sent between two of them.

An endpoint belongs to one process at a time, which keeps the order and bounds what it is sent at once. A process that
says nothing for too long loses it, and what it was sending is sent again, under the same event id.
"""

from collections.abc import Callable, Sequence

import msgspec

from leadlight.clock import SECOND
from leadlight.events.service import EventService
from leadlight.ids import NewId
from leadlight.store.database import Transaction
from leadlight.webhooks import queries
from leadlight.webhooks.claiming import Claiming, Feed
from leadlight.webhooks.delivery import RetrySchedule
from leadlight.webhooks.job import Advanced, Done, Job, Room, Sending
from leadlight.webhooks.recording import Recording, put_back, take_over
from leadlight.webhooks.webhook import Webhook

KEPT = 15 * SECOND
"""How long an endpoint stays with a process that says nothing."""
DONE_AT_ONCE = 64
OTHERS_AT_ONCE = 64
"""How many endpoints one transaction sees to: of those with results, and of those with work."""

_replace = msgspec.structs.replace


class Work:
    def __init__(
        self, events: EventService, new_id: NewId, *, schedule: RetrySchedule, random: Callable[[], float]
    ) -> None:
        self._events = events
        self._random = random
        self._claiming = Claiming(events, new_id, schedule)
        self._recording = Recording(schedule, random)

    async def workspaces_with_any(self, tx: Transaction, now: int) -> list[str]:
        """Where something is to be sent, or was left behind by a process that ended."""
        return await queries.workspaces_with_work(tx, now)

    async def has_any(self, tx: Transaction, workspace_id: str, sender: str, now: int) -> bool:
        """Whether there is something to take on; a cheap look before `advance`."""
        return await queries.has_work(tx, workspace_id, sender=sender, now=now)

    async def advance(
        self, tx: Transaction, workspace_id: str, done: Sequence[Done], sending: Sending, now: int
    ) -> Advanced:
        """Records what was sent, and takes on what is next."""
        room = _replace(sending.room)  # a unit may run more than once
        of_webhook = _by_webhook(done)
        if sending.known is not None:
            await self._put_back_unknown(tx, workspace_id, sending.sender, sending.known, now)
        feed = Feed(self._events, tx, workspace_id, await self._events.last_position(tx, workspace_id))
        others = await queries.list_with_work(tx, workspace_id, sender=sending.sender, last_position=feed.last, now=now)
        # Some at a time, for a deletion waits for this transaction; in another order each time, so that none is last.
        others = sorted(others, key=lambda one: (not one[1], self._random()))
        chosen = [webhook_id for webhook_id, _ in others[:OTHERS_AT_ONCE] if webhook_id not in of_webhook]
        webhooks = await queries.lock_some(tx, workspace_id, [*of_webhook, *chosen])
        advanced = Advanced([], set())
        for webhook in sorted(webhooks, key=lambda one: (not one.is_proven, self._random())):
            if webhook.sender in (None, sending.sender) or webhook.sender_until <= now:
                outcomes = of_webhook.get(webhook.id, [])
                await self._advance(tx, webhook, outcomes, sending, room, feed, advanced, now)
            # Another one was taken from us; what we sent counts as broken off.
        if len(others) > OTHERS_AT_ONCE and not advanced.starved:
            advanced.times.add(now)
        return advanced

    async def leave(self, tx: Transaction, workspace_id: str, done: Sequence[Done], sender: str, now: int) -> None:
        """Records what was sent, and leaves a process's endpoints to others; what is under way is sent again."""
        of_webhook = _by_webhook(done)
        for webhook in await queries.list_of_sender(tx, workspace_id, sender):
            settled = await self._recording.settle(tx, webhook, of_webhook.get(webhook.id, []), now)
            await queries.update_standing(tx, await take_over(tx, settled, now))

    async def keep(self, tx: Transaction, workspace_id: str, ids: Sequence[str], sender: str, now: int) -> None:
        """Says that a process is alive, and goes on sending to some endpoints that it has."""
        await queries.keep_webhooks(tx, workspace_id, ids, sender=sender, until=now + KEPT)

    async def still_to_send(self, tx: Transaction, workspace_id: str, jobs: Sequence[Job]) -> frozenset[str]:
        """Of jobs that were taken on, the deliveries whose lead and endpoint were not deleted or disabled since."""
        positions = list({job.event.position for job in jobs if job.event is not None})
        there = await self._events.among(tx, workspace_id, positions)
        active = await queries.active_among(tx, workspace_id, {job.webhook.id for job in jobs})
        return frozenset(
            job.delivery.id
            for job in jobs
            if job.webhook.id in active and (job.event is None or job.event.position in there)
        )

    async def _put_back_unknown(
        self, tx: Transaction, workspace_id: str, sender: str, known: frozenset[str], now: int
    ) -> None:
        """Has what was taken on in a commit that the process never heard of be sent by whoever takes it on next."""
        for webhook in await queries.list_of_sender(tx, workspace_id, sender):
            await queries.update_standing(tx, await put_back(tx, webhook, known, now))

    async def _advance(
        self,
        tx: Transaction,
        found: Webhook,
        done: Sequence[Done],
        sending: Sending,
        room: Room,
        feed: Feed,
        advanced: Advanced,
        now: int,
    ) -> None:
        busy = sending.under_way.get(found.id, 0)
        webhook = found
        if found.sender is not None and (found.sender != sending.sender or not (busy or done)):
            webhook = await take_over(tx, found, now)  # from another one, or from a commit that we never heard of
        webhook = await self._recording.settle(tx, webhook, done, now)
        starved = False
        if webhook.active and webhook.paused_until <= now:
            wanted, free = webhook.at_once - busy, room.of(webhook)
            starved = free < wanted
            webhook, jobs = await self._claiming.take(tx, webhook, feed, min(wanted, free), now)
            room.take(webhook, len(jobs))
            busy += len(jobs)
            advanced.jobs += jobs
            advanced.starved |= starved
        webhook = _replace(
            webhook,
            sender=sending.sender if busy else None,
            sender_until=now + KEPT if busy else 0,
            is_full=busy >= webhook.at_once,
        )
        if webhook != found:
            await queries.update_standing(tx, webhook)
        if webhook.active and not (webhook.is_full or starved):  # else the end of an attempt is the time to look
            advanced.times |= _times_to_look(webhook, feed.last, now)


def _by_webhook(done: Sequence[Done]) -> dict[str, list[Done]]:
    of_webhook: dict[str, list[Done]] = {}
    for one in done:
        of_webhook.setdefault(one.job.webhook.id, []).append(one)
    return of_webhook


def _times_to_look(webhook: Webhook, last_position: int, now: int) -> set[int]:
    due_at = now if webhook.position < last_position else webhook.due_at
    return set() if due_at is None else {max(due_at, webhook.paused_until)}
