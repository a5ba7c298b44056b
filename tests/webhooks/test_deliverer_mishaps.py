"""One process that delivers, while leads and endpoints are deleted, and what it needs goes wrong."""

import asyncio
import logging
from typing import Any

import pytest

from leadlight.clock import Clock, system_clock
from leadlight.webhooks.delivery import RetrySchedule
from leadlight.webhooks.webhook import Webhook
from tests.postgres_server import PostgresServer
from tests.webhooks.posts import OK, Post, Posts, delivering, ended, proven, until
from tests.webhooks.tenant import Tenant, tenancy

SOON = RetrySchedule.of([0, 0.2, 0.2])


@pytest.fixture
def clock() -> Clock:
    return system_clock


# What is deleted, or changed


async def test_an_endpoint_that_is_deleted_is_sent_nothing_more(tenant: Tenant, webhook: Webhook) -> None:
    posts = Posts()
    async with delivering(tenant, posts):
        await queue_behind_a_slow_one(tenant, posts, webhook)

        await tenant.services.webhooks.delete_webhook(tenant.id, webhook.id)
        await asyncio.sleep(0.5)

    assert len(posts.begun) == 1


async def test_an_endpoint_that_is_set_inactive_is_sent_nothing_more(tenant: Tenant, webhook: Webhook) -> None:
    posts = Posts()
    async with delivering(tenant, posts):
        await queue_behind_a_slow_one(tenant, posts, webhook)

        await tenant.set_active(webhook, active=False)
        await asyncio.sleep(0.5)

    assert len(posts.begun) == 1


async def test_an_endpoint_that_is_gone_is_sent_nothing_more(tenant: Tenant, webhook: Webhook) -> None:
    posts = Posts()
    async with delivering(tenant, posts):
        await queue_behind_a_slow_one(tenant, posts, webhook, status=410)
        await asyncio.sleep(0.7)

    assert len(posts.begun) <= 2  # one may be on its way before the answer is recorded


async def queue_behind_a_slow_one(tenant: Tenant, posts: Posts, webhook: Webhook, *, status: int = OK) -> None:
    """Ten events of one lead, of which the first is being sent for a fifth of a second."""
    await proven(tenant, posts, webhook)

    async def slowly(_: Post) -> int:
        await asyncio.sleep(0.2)
        return status

    posts.answer = slowly
    lead_id = await tenant.lead()
    await posts.count(1)
    for count in range(9):
        await tenant.rename(lead_id, f"Ada {count}")


async def test_what_waits_behind_a_slow_one_is_dropped_when_its_lead_is_deleted(
    tenant: Tenant, webhook: Webhook
) -> None:
    posts = Posts()
    async with delivering(tenant, posts):
        await queue_behind_a_slow_one(tenant, posts, webhook)
        await tenant.delete(posts.begun[0].lead_id)

        sent = await posts.count(2)
        await until(lambda: ended(tenant, webhook))

    assert [post.event["type"] for post in sent] == ["lead.created", "lead.deleted"]
    assert set((await tenant.statuses(webhook))[2:]) == {"dropped", "succeeded"}


@pytest.mark.engine("sqlite")
async def test_nothing_of_a_lead_is_sent_once_its_deletion_was_answered(tenant: Tenant) -> None:
    for number in range(5):
        await tenant.webhook(url=f"http://127.0.0.1:9/{number}")
    deleted: dict[str, float] = {}
    late: list[float] = []
    time = asyncio.get_running_loop().time

    async def look(post: Post) -> int:
        if post.event["type"] != "lead.deleted":
            late.append(time() - deleted.get(post.lead_id, time()))
        return OK

    async def come_and_go(number: int) -> None:
        lead_id = await tenant.lead()
        await asyncio.sleep(number % 10 / 1_000)
        await tenant.rename(lead_id, "Ada Lake")
        await tenant.delete(lead_id)
        deleted[lead_id] = time()

    posts = Posts(look)
    async with delivering(tenant, posts):
        for _ in range(20):
            await asyncio.gather(*[come_and_go(number) for number in range(20)])
        await posts.until(lambda: sum(post.event["type"] == "lead.deleted" for post in posts.begun) == 2_000)

    later = [one for one in late if one >= 0.002]  # sooner: what is being handed over to the socket at this moment
    assert len(later) <= 3  # at these the machine was busy


# What goes wrong on our side


@pytest.mark.usefixtures("webhook")
async def test_a_failure_of_ours_is_logged_and_it_goes_on(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    broken = [True]

    def clock() -> int:
        if broken[0]:
            raise ZeroDivisionError
        return system_clock()

    posts = Posts()
    async with delivering(tenant, posts, clock, sweep_seconds=0.05) as task:
        await asyncio.sleep(0.3)
        broken.clear()
        broken.append(False)
        lead_id = await tenant.lead()
        [post] = await posts.count(1)

    assert post.lead_id == lead_id
    assert task.cancelled()
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("turns", range(6))
async def test_it_ends_although_it_hears_of_something_in_that_moment(
    tenant: Tenant, store: dict[str, Any], turns: int
) -> None:
    async with delivering(tenant, Posts()) as task:
        await asyncio.sleep(0.1)
        [pipe] = (store["data"] / "leadlight.db-listeners").iterdir()
        pipe.write_bytes(b"\n" * 4_000)  # more than is told apart
        for _ in range(turns):
            await asyncio.sleep(0)

        task.cancel()
        await asyncio.wait([task], timeout=2)

        assert task.done()


async def test_a_post_that_fails_in_a_way_that_nobody_foresaw_is_a_failure(
    tenant: Tenant, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail_once(_: Post) -> int:
        if len(posts.begun) == 1:
            raise ZeroDivisionError
        return OK

    posts = Posts(fail_once)
    async with delivering(tenant, posts, schedule=SOON):
        await tenant.lead()
        await posts.count(2)
        await until(lambda: ended(tenant, webhook))

    [delivery] = await tenant.deliveries(webhook)
    assert [attempt.failure for attempt in await tenant.attempts(delivery)] == ["interrupted", None]
    assert caplog.messages == ["a delivery was not sent"]


@pytest.mark.slow
@pytest.mark.engine("postgres")
@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_store_that_goes_away_is_waited_for(mode: str) -> None:
    server = await asyncio.to_thread(PostgresServer)
    try:
        url = await asyncio.to_thread(server.create_database)
        async with tenancy({"data": None, "database_url": url}, system_clock) as tenant:
            webhook = await tenant.webhook()
            posts = Posts()
            async with delivering(tenant, posts):
                await queue_behind_a_slow_one(tenant, posts, webhook)
                await asyncio.to_thread(server.stop, mode)
                await asyncio.sleep(2)
                await asyncio.to_thread(server.start)
                await posts.until(lambda: len({post.event_id for post in posts.begun}) == 10, seconds=20)
                await until(lambda: ended(tenant, webhook), seconds=20)
            statuses = await tenant.statuses(webhook)
    finally:
        await asyncio.to_thread(server.remove)

    assert statuses == ["succeeded"] * 11
