"""Old deliveries are removed, and those of deleted endpoints: little by little, and nothing else."""

import asyncio
from typing import Any

import pytest

from leadlight.clock import DAY
from leadlight.errors import NotFound
from leadlight.ids import DELIVERY, IdFactory
from leadlight.store.database import Transaction
from leadlight.webhooks import outbox
from leadlight.webhooks.delivery import Attempt, Delivery, DeliveryStatus
from leadlight.webhooks.webhook import Webhook
from tests.conftest import START, MovableClock
from tests.webhooks.tenant import Sends, Tenant, bad, good, tenancy

STATUSES = ("pending", "sending", "succeeded", "failed", "dropped")


async def store_deliveries(tenant: Tenant, webhook: Webhook, statuses: list[str]) -> None:
    """With an attempt each."""
    new_id, now = IdFactory(tenant.clock), tenant.clock()
    deliveries = [
        Delivery(
            workspace_id=tenant.id,
            id=new_id(DELIVERY),
            webhook_id=webhook.id,
            event_id=f"evt_{number}",
            event_type="lead.created",
            position=1,
            lead_id="lead_1",
            status=DeliveryStatus(status),
            attempts=1,
            failures=0,
            due_at=now if status == "pending" else None,
            created_at=now,
            finished_at=None if status in {"pending", "sending"} else now,
        )
        for number, status in enumerate(statuses)
    ]

    async def unit(tx: Transaction) -> None:
        await outbox.insert_deliveries(tx, deliveries)
        attempts = [Attempt(delivery.id, 1, now, 1, 200, None, "") for delivery in deliveries]
        await outbox.insert_attempts(tx, tenant.id, attempts)

    await tenant.database.write(unit)


async def clean(tenant: Tenant) -> None:
    await tenant.services.webhooks.clean(kept_days=30)


async def test_what_ended_long_ago_is_removed_with_its_attempts(
    tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    await store_deliveries(tenant, webhook, list(STATUSES))
    clock.advance(milliseconds=30 * DAY + 1)
    await store_deliveries(tenant, webhook, list(STATUSES))

    await clean(tenant)

    assert await tenant.statuses(webhook) == ["pending", "sending", *STATUSES]
    assert await tenant.count("delivery_attempts") == 7


async def test_what_is_not_so_old_is_kept(tenant: Tenant, webhook: Webhook, clock: MovableClock) -> None:
    await store_deliveries(tenant, webhook, list(STATUSES))
    clock.advance(milliseconds=30 * DAY - 1)

    await clean(tenant)

    assert await tenant.statuses(webhook) == list(STATUSES)


async def test_what_was_tried_long_and_has_ended_just_now_is_kept(
    ours: Sends, tenant: Tenant, webhook: Webhook, clock: MovableClock
) -> None:
    await tenant.lead()
    await ours.record(*map(bad, await ours.take()))
    clock.advance(milliseconds=31 * DAY)
    await ours.record(*map(good, await ours.take()))

    await clean(tenant)

    assert await tenant.statuses(webhook) == ["succeeded"]


@pytest.mark.parametrize("count", [499, 500, 501, 1_300])
async def test_all_of_many_are_removed(tenant: Tenant, webhook: Webhook, clock: MovableClock, count: int) -> None:
    await store_deliveries(tenant, webhook, ["succeeded"] * count)
    await store_deliveries(tenant, webhook, ["pending"])
    clock.advance(milliseconds=31 * DAY)

    await clean(tenant)

    assert await tenant.count("deliveries") == 1
    assert await tenant.count("delivery_attempts") == 1


async def test_of_a_deleted_endpoint_nothing_is_left(tenant: Tenant, webhook: Webhook) -> None:
    await store_deliveries(tenant, webhook, list(STATUSES) * 250)
    other = await tenant.webhook()
    await store_deliveries(tenant, other, list(STATUSES))
    await tenant.services.webhooks.replay(tenant.id, webhook.id, since=0, until=START + 1, types=())
    await tenant.services.webhooks.delete_webhook(tenant.id, webhook.id)
    with pytest.raises(NotFound):
        await tenant.now(webhook)

    await clean(tenant)

    assert await tenant.count("webhooks") == 1
    assert await tenant.count("deliveries") == 5
    assert await tenant.count("delivery_attempts") == 5
    assert await tenant.count("replays") == 0
    assert await tenant.statuses(other) == list(STATUSES)


async def test_what_a_deleted_endpoint_was_being_sent_leaves_nothing(
    tenant: Tenant, webhook: Webhook, ours: Sends
) -> None:
    await tenant.lead()
    [job] = await ours.take()
    await tenant.services.webhooks.delete_webhook(tenant.id, webhook.id)
    await clean(tenant)

    await ours.record(good(job))

    assert await tenant.count("deliveries") == 0
    assert await tenant.count("delivery_attempts") == 0


@pytest.fixture
async def other(tenant: Tenant) -> Tenant:
    """Another workspace of the same store."""
    workspace = await tenant.services.workspaces.create_workspace("Theirs")
    return Tenant(tenant.services, workspace.id)


async def test_each_workspace_is_cleaned(tenant: Tenant, other: Tenant, webhook: Webhook, clock: MovableClock) -> None:
    theirs = await other.webhook()
    await store_deliveries(tenant, webhook, ["succeeded", "pending"])
    await store_deliveries(other, theirs, ["failed", "pending"])
    clock.advance(milliseconds=31 * DAY)

    await clean(tenant)

    assert await tenant.statuses(webhook) == ["pending"]
    assert await other.statuses(theirs) == ["pending"]


async def test_two_that_clean_at_once_do_no_harm(
    tenant: Tenant, webhook: Webhook, store: dict[str, Any], clock: MovableClock
) -> None:
    await store_deliveries(tenant, webhook, ["succeeded"] * 1_300)
    clock.advance(milliseconds=31 * DAY)

    async with tenancy(store, clock, of=tenant) as same:
        await asyncio.gather(clean(tenant), clean(same))

    assert await tenant.count("deliveries") == 0


async def test_a_batch_is_some_hundred(tenant: Tenant, webhook: Webhook, clock: MovableClock) -> None:
    await store_deliveries(tenant, webhook, ["succeeded"] * 1_300)
    clock.advance(milliseconds=31 * DAY)
    before = (await tenant.database.statistics()).committed_units

    await clean(tenant)

    assert (await tenant.database.statistics()).committed_units - before == 3
