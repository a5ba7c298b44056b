"""Recording what became of attempts: on the delivery, and on its endpoint."""

from collections.abc import Callable, Sequence

import msgspec

from leadlight.clock import SECOND
from leadlight.store.database import Transaction
from leadlight.webhooks import outbox
from leadlight.webhooks.delivery import Attempt, Delivery, DeliveryStatus, RetrySchedule
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.job import Done
from leadlight.webhooks.webhook import Webhook, reason_to_disable

_replace = msgspec.structs.replace


class Recording:
    def __init__(self, schedule: RetrySchedule, random: Callable[[], float]) -> None:
        self._schedule = schedule
        self._random = random

    async def settle(self, tx: Transaction, webhook: Webhook, done: Sequence[Done], now: int) -> Webhook:
        if not done:
            return webhook
        stored = await outbox.find_deliveries(tx, webhook.workspace_id, [one.job.delivery.id for one in done])
        waiting = {delivery.id: delivery for delivery in stored if delivery.status is DeliveryStatus.SENDING}
        attempts: list[Attempt] = []
        succeeded: list[str] = []
        for one in done:
            delivery, outcome = waiting.get(one.job.delivery.id), one.outcome
            if delivery is None or delivery.attempts != one.job.delivery.attempts:  # it was taken from us
                continue
            if outcome is None:
                await outbox.update_delivery(tx, _not_sent(delivery, now))
                continue
            attempts.append(_attempt(delivery, outcome))
            if outcome.failure is None:
                succeeded.append(delivery.id)
                webhook = _after_success(webhook, now)
                continue
            webhook = _after_failure(webhook, outcome, now)
            await outbox.update_delivery(tx, self._after_failure(delivery, outcome, now))
        if succeeded:
            await outbox.succeed_deliveries(tx, webhook.workspace_id, succeeded, now)
        await outbox.insert_attempts(tx, webhook.workspace_id, attempts)
        return await with_due(tx, webhook, now) if len(succeeded) < len(done) else webhook

    def _after_failure(self, delivery: Delivery, outcome: Outcome, now: int) -> Delivery:
        if delivery.is_gone:
            return dropped(delivery, now)
        failures = delivery.failures + 1
        due_at = self._schedule.next_due(failures, now, self._random, retry_after=outcome.retry_after)
        if due_at is not None:
            return _replace(delivery, status=DeliveryStatus.PENDING, failures=failures, due_at=due_at)
        return _replace(delivery, status=DeliveryStatus.FAILED, failures=failures, due_at=None, finished_at=now)


async def take_over(tx: Transaction, webhook: Webhook, now: int) -> Webhook:
    """Leaves an endpoint without a sender; nobody will say what became of what it was being sent."""
    webhook = await put_back(tx, webhook, frozenset(), now)
    return _replace(webhook, sender=None, sender_until=0, is_full=False)


async def put_back(tx: Transaction, webhook: Webhook, known: frozenset[str], now: int) -> Webhook:
    """Has what an endpoint is being sent, but for what is known, be sent again."""
    sending = await outbox.list_sending(tx, webhook.workspace_id, webhook.id)
    broken_off = [delivery for delivery in sending if delivery.id not in known]
    for delivery in broken_off:
        await outbox.update_delivery(tx, _replace(delivery, status=DeliveryStatus.PENDING, due_at=now))
    interrupted = [
        Attempt(delivery.id, delivery.attempts, now, 0, None, Failure.INTERRUPTED, "") for delivery in broken_off
    ]
    await outbox.insert_attempts(tx, webhook.workspace_id, interrupted)
    return _replace(webhook, due_at=now if broken_off else webhook.due_at)


def dropped(delivery: Delivery, now: int) -> Delivery:
    """Its lead was deleted, and with it what there was to send."""
    return _replace(delivery, status=DeliveryStatus.DROPPED, due_at=None, finished_at=now)


async def with_due(tx: Transaction, webhook: Webhook, now: int) -> Webhook:
    """The endpoint with the time at which its next waiting delivery is due; a replay is due at any time."""
    due_at = await outbox.next_due(tx, webhook.workspace_id, webhook.id)
    if await outbox.first_replay(tx, webhook.workspace_id, webhook.id) is not None:
        due_at = now if due_at is None else min(due_at, now)
    return _replace(webhook, due_at=due_at)


def _not_sent(delivery: Delivery, now: int) -> Delivery:
    if delivery.is_gone:
        return dropped(delivery, now)
    return _replace(delivery, status=DeliveryStatus.PENDING, attempts=delivery.attempts - 1, due_at=now)


def _attempt(delivery: Delivery, outcome: Outcome) -> Attempt:
    return Attempt(
        delivery.id,
        delivery.attempts,
        outcome.began_at,
        outcome.duration,
        outcome.status,
        outcome.failure,
        "" if delivery.is_gone else outcome.answer,  # it may hold what it was sent
    )


def _after_success(webhook: Webhook, now: int) -> Webhook:
    return _replace(webhook, success_count=webhook.success_count + 1, last_success_at=now, failing_since=None)


def _after_failure(webhook: Webhook, outcome: Outcome, now: int) -> Webhook:
    reason = reason_to_disable(webhook, outcome.status, now) if webhook.active else webhook.disabled_reason
    pause = 0 if outcome.retry_after is None else now + outcome.retry_after * SECOND
    return _replace(
        webhook,
        active=webhook.active and reason is None,
        disabled_reason=reason,
        paused_until=max(webhook.paused_until, pause),
        failure_count=webhook.failure_count + 1,
        last_failure_at=now,
        failing_since=now if webhook.failing_since is None else webhook.failing_since,
    )
