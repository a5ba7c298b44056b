"""Several processes that deliver from one store: no attempt is made twice, and one goes on with what another left."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from leadlight.clock import Clock, system_clock
from leadlight.ids import IdFactory
from leadlight.store.database import Transaction
from leadlight.webhooks.delivery import RetrySchedule
from leadlight.webhooks.job import Job
from leadlight.webhooks.webhook import Webhook
from leadlight.webhooks.work import KEPT, Work
from tests.webhooks.posts import OK, Post, Posts, delivering, until
from tests.webhooks.tenant import Tenant, chances, tenancy

AT_ONCE = RetrySchedule.of([0, *[0.01] * 40])


@pytest.fixture
def clock() -> Clock:
    return system_clock


@pytest.fixture
async def same(store: dict[str, Any], clock: Clock, tenant: Tenant) -> AsyncIterator[Tenant]:
    """The same workspace, through a store of another process's own."""
    async with tenancy(store, clock, of=tenant) as same:
        yield same


async def ended(tenant: Tenant, *webhooks: Webhook) -> bool:
    statuses = [await tenant.statuses(webhook) for webhook in webhooks]
    return all(each and set(each) == {"succeeded"} for each in statuses)


async def test_each_attempt_is_made_once_and_the_endpoints_are_shared(tenant: Tenant, same: Tenant) -> None:
    chance = chances(5)

    async def now_and_then(_: Post) -> int:
        await asyncio.sleep(0.002 * chance())
        return 500 if chance() < 0.2 else OK

    posts = Posts(now_and_then)
    webhooks = [await tenant.webhook(url=f"http://127.0.0.1:9/{number}") for number in range(20)]
    ours = delivering(tenant, posts, schedule=AT_ONCE)
    theirs = delivering(same, posts, name="theirs", schedule=AT_ONCE)
    async with ours, theirs:
        for count, one in enumerate((tenant, same) * 30, 1):
            if count > 6 and senders(posts) == {"ours", "theirs"}:
                break
            await one.leads(10)  # who hears of it first takes the endpoints that are free; mostly who wrote
            await posts.until(lambda count=count: len(seen(posts)) == count * 200, seconds=30)  # type: ignore[misc]
            await until(lambda: ended(tenant, *webhooks), seconds=30)

    begun = Counter((post.url, post.event_id) for post in posts.begun)
    stored = {
        (webhook.url, delivery.event_id): delivery.attempts
        for webhook in webhooks
        for delivery in await tenant.deliveries(webhook)
    }
    assert dict(begun) == stored
    assert {posts.most_at_once[key] for key in begun} == {1}
    assert senders(posts) == {"ours", "theirs"}


def senders(posts: Posts) -> set[str]:
    return {post.sender for post in posts.begun}


def seen(posts: Posts) -> set[tuple[str, str]]:
    return {(post.url, post.event_id) for post in posts.begun}


async def test_an_endpoint_is_sent_no_more_at_a_time_by_two(tenant: Tenant, same: Tenant, webhook: Webhook) -> None:
    posts = Posts()
    async with delivering(tenant, posts), delivering(same, posts, name="theirs"):
        await tenant.lead()
        await until(lambda: ended(tenant, webhook))
        posts.answer = posts.never
        await asyncio.gather(*[one.lead() for one in (tenant, same) * 30])
        await posts.until(lambda: posts.at_once[webhook.url] >= 32)
        await asyncio.sleep(0.2)

        assert posts.at_once[webhook.url] == 32


async def test_who_stops_records_what_it_hears_in_a_moment(tenant: Tenant, webhook: Webhook) -> None:
    async def slowly(_: Post) -> int:
        await asyncio.sleep(0.5)
        return OK

    posts = Posts(slowly)
    async with delivering(tenant, posts):
        await tenant.leads(5)
        await posts.count(1)

    assert await tenant.statuses(webhook) == ["succeeded"]
    assert (await tenant.now(webhook)).sender is None


@pytest.mark.parametrize("turns", range(0, 24, 3))
async def test_who_stops_breaks_nothing_off_that_it_is_about_to_send(
    tenant: Tenant, webhook: Webhook, turns: int
) -> None:
    """Told to stop while it looks up what it may still send, or soon after: it begins nothing that it can't end."""

    async def slowly(_: Post) -> int:
        await asyncio.sleep(0.2)
        return OK

    class Told(Work):
        async def still_to_send(self, tx: Transaction, workspace_id: str, jobs: Sequence[Job]) -> frozenset[str]:
            loop.call_soon_threadsafe(later, turns)
            return await super().still_to_send(tx, workspace_id, jobs)

    def later(left: int) -> None:
        if left:
            loop.call_soon(later, left - 1)
        else:
            ours.cancel()

    loop = asyncio.get_running_loop()
    posts = Posts(slowly)
    work = Told(tenant.services.events, IdFactory(tenant.clock), schedule=AT_ONCE, random=chances(5))
    await tenant.lead()
    async with delivering(tenant, posts, work=work) as ours:
        await asyncio.wait([ours])

    [delivery] = await tenant.deliveries(webhook)
    assert (len(posts.begun), delivery.status) in {(0, "pending"), (1, "succeeded")}
    assert delivery.attempts == len(posts.begun)


async def test_who_stops_leaves_the_rest_to_others_at_once(tenant: Tenant, same: Tenant, webhook: Webhook) -> None:
    async def but_ours(post: Post) -> int:
        if post.sender == "ours":
            await asyncio.sleep(60)
        return OK

    posts = Posts(but_ours)
    async with delivering(tenant, posts) as ours:
        await tenant.lead()
        await posts.count(1)
        async with delivering(same, posts, name="theirs"):
            await asyncio.sleep(0.5)
            ours.cancel()
            await asyncio.wait([ours])

            await posts.count(2, seconds=4)
            await until(lambda: ended(tenant, webhook))

    [delivery] = await tenant.deliveries(webhook)
    assert [attempt.failure for attempt in await tenant.attempts(delivery)] == ["interrupted", None]


async def test_who_lost_an_endpoint_does_not_record_over_who_has_it(
    tenant: Tenant, same: Tenant, webhook: Webhook
) -> None:
    async def ours_well_and_late(post: Post) -> int:
        if post.sender == "ours":
            await late.wait()
            return OK
        return 500

    late = asyncio.Event()
    posts = Posts(ours_well_and_late)
    async with delivering(tenant, posts):
        await tenant.lead()
        await posts.count(1)
        async with delivering(same, posts, lambda: system_clock() + KEPT, name="theirs"):
            await posts.count(2)
            late.set()
            await asyncio.sleep(0.2)

    [delivery] = await tenant.deliveries(webhook)
    assert (delivery.status.value, delivery.failures) == ("pending", 1)
    assert [attempt.failure for attempt in await tenant.attempts(delivery)] == ["interrupted", "http_status"]


@pytest.mark.slow
async def test_who_is_alive_keeps_its_endpoints_for_as_long_as_an_answer_takes(
    tenant: Tenant, same: Tenant, webhook: Webhook
) -> None:
    posts = Posts()
    posts.answer = posts.never
    async with delivering(tenant, posts), delivering(same, posts, name="theirs", sweep_seconds=0.1):
        await tenant.lead()
        await posts.count(1)
        await asyncio.sleep(16)

        assert len(posts.begun) == 1
        assert await tenant.statuses(webhook) == ["sending"]
