"""Taking deliveries on, and taking them over from a process that ended: unit by unit, on a store."""

import pytest

from leadlight.clock import SECOND
from leadlight.webhooks.delivery import DeliveryStatus, RetrySchedule
from leadlight.webhooks.failure import Failure
from leadlight.webhooks.job import Room
from leadlight.webhooks.webhook import Webhook
from tests.conftest import START, MovableClock
from tests.webhooks.tenant import Sends, Tenant, bad, good, told


async def proven(sends: Sends, tenant: Tenant) -> None:
    """Lets the endpoints of a workspace answer well once."""
    await tenant.lead()
    await sends.record(*map(good, await sends.take()))


# Taking on


async def test_an_event_becomes_a_delivery_when_it_is_taken_on(ours: Sends, tenant: Tenant, webhook: Webhook) -> None:
    lead_id = await tenant.lead()
    assert await tenant.deliveries(webhook) == []

    [job] = await ours.take()

    [delivery] = await tenant.deliveries(webhook)
    assert job.delivery == delivery
    assert job.event is not None
    assert (delivery.event_id, delivery.position, delivery.lead_id) == (job.event.id, 1, lead_id)
    assert (delivery.status, delivery.attempts, delivery.due_at) == (DeliveryStatus.SENDING, 1, None)


async def test_what_happened_before_an_endpoint_was_made_is_not_for_it(ours: Sends, tenant: Tenant) -> None:
    await tenant.lead()
    await tenant.webhook()

    assert not await ours.has_any()
    assert await ours.take() == []


async def test_only_the_types_that_were_asked_for_are_taken_on(ours: Sends, tenant: Tenant) -> None:
    webhook = await tenant.webhook("lead.deleted")
    lead_id = await tenant.lead()
    await tenant.leads(40)
    await tenant.delete(lead_id)

    assert told(await ours.take()) == [("lead.deleted", lead_id)]
    assert (await tenant.now(webhook)).position == 42


async def test_an_endpoint_is_tried_with_one_until_it_answers_well(
    ours: Sends, tenant: Tenant, webhook: Webhook
) -> None:
    await tenant.leads(100)

    [first] = await ours.take()
    assert await ours.take() == []
    many = await ours.take(good(first))
    assert len(many) == 32
    assert len(await ours.take(*map(good, many[:5]))) == 5
    assert await ours.take(bad(many[5])) == []
    assert (await tenant.now(webhook)).is_full


@pytest.mark.usefixtures("webhook")
async def test_events_are_taken_on_in_the_order_of_the_feed(ours: Sends, tenant: Tenant) -> None:
    await proven(ours, tenant)
    await tenant.leads(40)

    jobs = await ours.take()
    jobs += await ours.take(*map(good, jobs))

    assert [job.delivery.position for job in jobs] == list(range(2, 42))


async def test_no_more_are_taken_on_than_there_is_room_for(tenant: Tenant) -> None:
    for _ in range(5):
        await tenant.webhook()
    await tenant.lead()

    advanced = await Sends(tenant, room=Room(3, 1_000)).advance()

    assert (len(advanced.jobs), advanced.starved) == (3, True)


async def test_room_for_the_unproven_is_kept_from_them_alone(ours: Sends, tenant: Tenant) -> None:
    good_one = await tenant.webhook()
    await proven(ours, tenant)
    for _ in range(5):
        await tenant.webhook()
    await tenant.leads(3)

    jobs = await Sends(tenant, room=Room(100, 2)).take()

    assert sorted(job.webhook.id == good_one.id for job in jobs) == [False, False, True, True, True]


@pytest.mark.usefixtures("webhook")
async def test_without_room_there_is_no_time_to_look_again(tenant: Tenant) -> None:
    await tenant.lead()

    advanced = await Sends(tenant, room=Room(0, 0)).advance()

    assert (advanced.jobs, advanced.starved, advanced.times) == ([], True, set())


async def test_an_endpoint_that_is_not_active_is_left_alone(ours: Sends, tenant: Tenant, webhook: Webhook) -> None:
    await tenant.set_active(webhook, active=False)
    await tenant.leads(3)

    assert not await ours.sees_any()
    assert await ours.take() == []


async def test_one_that_is_made_active_again_is_sent_what_happens_from_then_on(
    ours: Sends, tenant: Tenant, webhook: Webhook
) -> None:
    await tenant.set_active(webhook, active=False)
    await tenant.lead()
    await tenant.set_active(webhook, active=True)
    lead_id = await tenant.lead()

    assert told(await ours.take()) == [("lead.created", lead_id)]


async def test_a_first_delay_is_waited_for_from_the_event_on(
    tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    late = Sends(tenant, schedule=RetrySchedule.of([2, 5]))
    await tenant.lead()
    clock.advance(seconds=1.5)

    advanced = await late.advance()
    assert (advanced.jobs, advanced.times) == ([], {START + 2 * SECOND})
    assert await tenant.statuses(webhook) == ["pending"]
    clock.advance(seconds=0.5)
    [job] = await late.take()

    assert (job.delivery.attempts, job.event is None) == (1, False)


# Taking over


@pytest.mark.usefixtures("webhook")
async def test_nobody_else_is_sent_to_while_an_endpoint_is_taken(
    ours: Sends, theirs: Sends, tenant: Tenant, clock: MovableClock
) -> None:
    await tenant.leads(2)
    await ours.take()

    clock.advance(seconds=14.999)

    assert not await theirs.has_any()
    assert await theirs.take() == []


async def test_an_endpoint_that_nothing_is_sent_to_is_free(
    ours: Sends, theirs: Sends, tenant: Tenant, webhook: Webhook
) -> None:
    await tenant.lead()
    await ours.take(*map(good, await ours.take()))
    assert (await tenant.now(webhook)).sender is None
    await tenant.lead()

    assert len(await theirs.take()) == 1


@pytest.mark.usefixtures("webhook")
async def test_who_is_silent_for_15_seconds_loses_it(
    ours: Sends, theirs: Sends, tenant: Tenant, clock: MovableClock
) -> None:
    await tenant.lead()
    [job] = await ours.take()
    clock.advance(seconds=15)

    assert await theirs.sees_any()
    [again] = await theirs.take()

    [interrupted] = await tenant.attempts(job.delivery)
    assert (again.delivery.id, again.delivery.attempts, again.delivery.failures) == (job.delivery.id, 2, 0)
    assert again.delivery.event_id == job.delivery.event_id
    assert (interrupted.number, interrupted.failure) == (1, Failure.INTERRUPTED)


async def test_who_says_that_it_is_alive_keeps_it(
    ours: Sends, theirs: Sends, tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    await tenant.lead()
    await ours.take()
    clock.advance(seconds=14)
    await ours.keep(webhook)
    await theirs.keep(webhook)
    clock.advance(seconds=14)

    assert await theirs.take() == []


async def test_who_lost_it_records_nothing(
    ours: Sends, theirs: Sends, tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    await tenant.lead()
    [lost] = await ours.take()
    clock.advance(seconds=15)
    [taken] = await theirs.take()

    assert await ours.take(good(lost)) == []
    assert await tenant.statuses(webhook) == ["sending"]
    await theirs.take(bad(taken))
    assert await ours.take(good(lost)) == []

    [delivery] = await tenant.deliveries(webhook)
    assert (delivery.status, delivery.failures) == (DeliveryStatus.PENDING, 1)
    assert [attempt.failure for attempt in await tenant.attempts(delivery)] == ["interrupted", "http_status"]


@pytest.mark.usefixtures("webhook")
async def test_what_was_broken_off_is_taken_over_in_its_order(
    ours: Sends, theirs: Sends, tenant: Tenant, clock: MovableClock
) -> None:
    await proven(ours, tenant)
    await tenant.leads(40)
    before = await ours.take()
    clock.advance(seconds=15)

    after = await theirs.take()

    assert [job.delivery.id for job in after] == [job.delivery.id for job in before]


async def test_what_an_inactive_endpoint_was_being_sent_is_taken_over_and_not_sent(
    ours: Sends, theirs: Sends, tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    await tenant.lead()
    await ours.take()
    await tenant.set_active(webhook, active=False)
    clock.advance(seconds=15)

    assert await theirs.take() == []

    assert (await tenant.now(webhook)).sender is None
    assert await tenant.statuses(webhook) == ["pending"]


async def test_who_leaves_records_and_gives_back_at_once(
    ours: Sends, theirs: Sends, tenant: Tenant, webhook: Webhook
) -> None:
    await proven(ours, tenant)
    await tenant.leads(3)
    sent, broken_off, failed = await ours.take()

    await ours.leave(good(sent), bad(failed))

    assert await tenant.statuses(webhook) == ["succeeded", "succeeded", "pending", "pending"]
    [job] = await theirs.take()
    assert (job.delivery.id, job.delivery.attempts) == (broken_off.delivery.id, 2)


async def test_who_leaves_gives_back_what_it_never_heard_that_it_had_taken_on(
    ours: Sends, theirs: Sends, tenant: Tenant, webhook: Webhook
) -> None:
    await tenant.leads(2)
    [job] = await ours.take()
    [unheard] = await ours.take(good(job))
    ours.under_way.clear()

    await ours.leave(good(job))

    assert await tenant.statuses(webhook) == ["succeeded", "pending"]
    assert [job.delivery.id for job in await theirs.take()] == [unheard.delivery.id]


async def test_a_deleted_endpoint_is_sent_nothing_and_nothing_is_recorded_of_it(
    ours: Sends, tenant: Tenant, webhook: Webhook
) -> None:
    await tenant.leads(2)
    [job] = await ours.take()

    await tenant.services.webhooks.delete_webhook(tenant.id, webhook.id)

    assert await ours.take(good(job)) == []
    assert await tenant.count("delivery_attempts") == 0
