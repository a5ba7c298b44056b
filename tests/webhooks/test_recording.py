"""What is recorded of an attempt, what it makes of its endpoint, and what is left of it when its lead is deleted."""

from collections.abc import Callable

import pytest

from leadlight.clock import SECOND
from leadlight.webhooks.delivery import DeliveryStatus, RetrySchedule
from leadlight.webhooks.job import Done, Job
from leadlight.webhooks.webhook import Webhook
from tests.conftest import START, MovableClock
from tests.webhooks.tenant import Sends, Tenant, bad, good, told

SCHEDULE = RetrySchedule.of([0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400])
SIX_DAYS = RetrySchedule.of([0, 259_200, 172_799, 1, 86_400])


async def test_a_success_is_recorded(ours: Sends, tenant: Tenant, webhook: Webhook, clock: MovableClock) -> None:
    await tenant.lead()
    [job] = await ours.take()
    clock.advance(seconds=1)

    assert await ours.take(good(job, "thanks")) == []

    [delivery] = await tenant.deliveries(webhook)
    [attempt] = await tenant.attempts(delivery)
    assert (delivery.status, delivery.finished_at) == (DeliveryStatus.SUCCEEDED, START + SECOND)
    assert (attempt.number, attempt.status, attempt.failure, attempt.answer) == (1, 200, None, "thanks")
    now = await tenant.now(webhook)
    assert (now.success_count, now.failure_count, now.last_success_at) == (1, 0, START + SECOND)


async def test_failures_are_tried_again_by_the_schedule_until_its_end(
    tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    ours = Sends(tenant, schedule=SCHEDULE)
    await tenant.lead()
    [job] = await ours.take()
    waited = []
    while times := (await ours.advance(bad(job))).times:
        [next_at] = times
        waited.append((next_at - clock()) // SECOND)
        clock.now = next_at - 1
        assert await ours.take() == []
        clock.now = next_at
        [job] = await ours.take()

    [delivery] = await tenant.deliveries(webhook)
    assert waited == [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert (delivery.status, delivery.attempts, delivery.due_at) == (DeliveryStatus.FAILED, 10, None)
    assert [attempt.number for attempt in await tenant.attempts(delivery)] == list(range(1, 11))


@pytest.mark.usefixtures("webhook")
@pytest.mark.parametrize(("chance", "due"), [(0.0, 5_000), (0.5, 5_250), (0.99, 5_495)])
async def test_chance_adds_up_to_a_tenth(tenant: Tenant, chance: float, due: int) -> None:
    ours = Sends(tenant, chance=lambda: chance)
    await tenant.lead()

    advanced = await ours.advance(*map(bad, await ours.take()))

    assert advanced.times == {START + due}


@pytest.mark.usefixtures("webhook")
async def test_what_fails_waits_beside_what_is_new(ours: Sends, tenant: Tenant, clock: MovableClock) -> None:
    first, second = await tenant.leads(2)
    [job] = await ours.take()

    [other] = await ours.take(bad(job))
    assert await ours.take(good(other)) == []
    clock.advance(seconds=5)
    [again] = await ours.take()

    assert [job.delivery.lead_id, other.delivery.lead_id] == [first, second]
    assert (again.delivery.id, again.delivery.attempts) == (job.delivery.id, 2)


@pytest.mark.parametrize(("asked", "waited"), [(2, 5), (60, 60), (86_400, 86_400)])
async def test_retry_after_puts_off_the_delivery(
    ours: Sends, tenant: Tenant, webhook: Webhook, asked: int, waited: int
) -> None:
    await tenant.lead()
    [job] = await ours.take()

    await ours.take(bad(job, 429, retry_after=asked))

    [delivery] = await tenant.deliveries(webhook)
    assert delivery.due_at == START + waited * SECOND


@pytest.mark.usefixtures("webhook")
async def test_retry_after_pauses_the_whole_endpoint(ours: Sends, tenant: Tenant, clock: MovableClock) -> None:
    await tenant.leads(3)
    [job] = await ours.take()

    advanced = await ours.advance(bad(job, 429, retry_after=60))
    assert (advanced.jobs, advanced.times) == ([], {START + 60 * SECOND})
    clock.advance(seconds=59.999)
    assert not await ours.sees_any()
    clock.advance(milliseconds=1)

    assert len(await ours.take()) == 1


async def test_410_disables_the_endpoint(ours: Sends, tenant: Tenant, webhook: Webhook) -> None:
    await tenant.leads(2)

    assert await ours.take(*[bad(job, 410) for job in await ours.take()]) == []

    now = await tenant.now(webhook)
    assert (now.active, now.disabled_reason) == (False, "It answered 410 Gone.")


async def test_five_days_of_nothing_but_failures_disable_it(
    tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    ours = Sends(tenant, schedule=SIX_DAYS)
    await tenant.lead()
    for seconds in (259_200, 172_799, 1):
        await ours.record(*map(bad, await ours.take()))
        assert (await tenant.now(webhook)).active
        clock.advance(seconds=seconds)

    await ours.record(*[bad(job, None) for job in await ours.take()])

    now = await tenant.now(webhook)
    assert not now.active
    assert now.disabled_reason == (
        "Every attempt since 2026-01-15T10:30:00.000Z failed, for 5 days; at last it did not answer."
    )


async def test_a_success_between_them_begins_the_five_days_anew(
    tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    ours = Sends(tenant)
    for result in (bad, good, bad, bad):
        await ours.record(*map(result, await ours.take() or await fresh(ours, tenant)))
        clock.advance(seconds=2 * 86_400)

    assert (await tenant.now(webhook)).active


async def fresh(sends: Sends, tenant: Tenant) -> list[Job]:
    await tenant.lead()
    return await sends.take()


async def test_the_same_outcome_is_recorded_once(ours: Sends, tenant: Tenant, webhook: Webhook) -> None:
    await tenant.lead()
    [job] = await ours.take()

    await ours.take(bad(job))
    await ours.take(bad(job))

    assert (await tenant.now(webhook)).failure_count == 1
    assert await tenant.count("delivery_attempts") == 1


# A lead that is deleted


async def test_what_waits_to_tell_of_a_deleted_lead_is_dropped(
    ours: Sends, tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    lead_id = await tenant.lead()
    await ours.take(*map(bad, await ours.take()))

    await tenant.delete(lead_id)
    clock.advance(seconds=5)

    assert told(await ours.take()) == [("lead.deleted", lead_id)]
    assert await tenant.statuses(webhook) == ["dropped", "sending"]


async def test_what_is_still_in_the_feed_of_a_deleted_lead_is_never_tried(
    ours: Sends, tenant: Tenant, webhook: Webhook
) -> None:
    lead_id = await tenant.lead()
    await tenant.rename(lead_id, "Ada Lake")
    await tenant.delete(lead_id)

    assert told(await ours.take()) == [("lead.deleted", lead_id)]
    assert len(await tenant.deliveries(webhook)) == 1


@pytest.mark.parametrize("result", [good, bad])
async def test_an_answer_that_comes_after_its_lead_was_deleted_is_not_kept(
    ours: Sends, tenant: Tenant, webhook: Webhook, result: Callable[..., Done]
) -> None:
    lead_id = await tenant.lead()
    [job] = await ours.take()
    await tenant.delete(lead_id)

    await ours.take(result(job, answer="I know Ada Park"))

    delivery = (await tenant.deliveries(webhook))[0]
    assert delivery.status.value == ("succeeded" if result is good else "dropped")
    assert [attempt.answer for attempt in await tenant.attempts(delivery)] == [""]


@pytest.mark.usefixtures("webhook")
async def test_answers_that_were_kept_go_with_the_lead(ours: Sends, tenant: Tenant) -> None:
    lead_id = await tenant.lead()
    [job] = await ours.take()
    await ours.take(good(job, "I know Ada Park"))

    await tenant.delete(lead_id)

    assert [attempt.answer for attempt in await tenant.attempts(job.delivery)] == [""]


async def test_a_job_that_waits_may_not_be_sent_once_its_lead_is_deleted(
    ours: Sends, tenant: Tenant, webhook: Webhook
) -> None:
    lead_id = await tenant.lead()
    [job] = await ours.take()
    assert await ours.may_send(job)

    await tenant.delete(lead_id)

    assert not await ours.may_send(job)
    assert told(await ours.take(Done(job, None))) == [("lead.deleted", lead_id)]
    assert await tenant.statuses(webhook) == ["dropped", "sending"]
