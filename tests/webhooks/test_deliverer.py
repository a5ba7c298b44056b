"""One process that delivers: on time, in order, and so much at a time."""

import asyncio
from collections import defaultdict

import pytest

from leadlight.clock import Clock, system_clock
from leadlight.webhooks.delivery import RetrySchedule
from leadlight.webhooks.webhook import Webhook
from tests.webhooks.posts import OK, Post, Posts, delivering, proven
from tests.webhooks.tenant import Tenant, chances

SOON = RetrySchedule.of([0, 0.2, 0.2])


@pytest.fixture
def clock() -> Clock:
    return system_clock


# What is sent when


async def test_an_event_is_sent_as_soon_as_it_is_stored(tenant: Tenant, webhook: Webhook) -> None:
    posts = Posts()
    async with delivering(tenant, posts):
        lead_id = await tenant.lead("Ada Lake")

        [post] = await posts.count(1, seconds=4)

    assert (post.url, post.event["type"], post.lead_id) == (webhook.url, "lead.created", lead_id)
    assert post.event["data"]["name"] == "Ada Lake"
    assert post.event["id"] == post.event_id


async def test_what_happened_before_it_began_is_sent_when_it_begins(tenant: Tenant, webhook: Webhook) -> None:
    posts = Posts()
    leads = await tenant.leads(100)

    async with delivering(tenant, posts):
        sent = await posts.count(100)

    assert {post.lead_id for post in sent} == set(leads)
    assert await tenant.statuses(webhook) == ["succeeded"] * 100


@pytest.mark.usefixtures("webhook")
async def test_what_failed_is_sent_again_when_it_is_due(tenant: Tenant) -> None:
    answers = iter((500, 500, OK))

    async def at_last(_: Post) -> int:
        times.append(asyncio.get_running_loop().time())
        return next(answers)

    times: list[float] = []
    posts = Posts(at_last)
    async with delivering(tenant, posts, schedule=SOON):
        await tenant.lead()
        sent = await posts.count(3)

    first, second = times[1] - times[0], times[2] - times[1]
    assert 0.2 <= first < 3
    assert 0.2 <= second < 3
    assert len({post.event_id for post in sent}) == 1
    assert all(post.event == sent[0].event for post in sent)


async def test_what_two_endpoints_wait_for_is_sent_when_each_is_due(tenant: Tenant) -> None:
    times: defaultdict[str, list[float]] = defaultdict(list)
    first = await tenant.webhook(url="http://127.0.0.1:9/first")
    second = await tenant.webhook(url="http://127.0.0.1:9/second")

    async def badly(post: Post) -> int:
        times[post.url].append(asyncio.get_running_loop().time())
        await asyncio.sleep(1.5 if post.url == second.url else 0)
        return 500

    posts = Posts(badly)
    async with delivering(tenant, posts, schedule=RetrySchedule.of([0, 0.5])):
        await tenant.lead()
        await posts.count(4)

    assert 0.5 <= times[first.url][1] - times[first.url][0] < 1.9
    assert 2.0 <= times[second.url][1] - times[second.url][0] < 4


async def test_endpoints_that_fail_together_are_each_sent_to_when_they_are_due(tenant: Tenant) -> None:
    times: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(10):
        await tenant.webhook(url=f"http://127.0.0.1:9/{number}")

    async def badly(post: Post) -> int:
        times[post.url].append(asyncio.get_running_loop().time())
        return 500

    posts = Posts(badly)
    async with delivering(tenant, posts, schedule=RetrySchedule.of([0, 1]), chance=chances(5)):
        await tenant.lead()
        await posts.count(20)

    waited = [later - sooner for sooner, later in times.values()]
    assert min(waited) >= 1
    assert max(waited) < 4


async def test_every_endpoint_of_every_workspace_gets_its_own(tenant: Tenant) -> None:
    posts = Posts()
    others = [
        Tenant(tenant.services, (await tenant.services.workspaces.create_workspace(f"Other {number}")).id)
        for number in range(10)
    ]
    for number, one in enumerate([tenant, *others]):
        for place in range(5):
            await one.webhook(url=f"http://127.0.0.1:9/{number}/{place}")

    async with delivering(tenant, posts):
        leads = await asyncio.gather(*[one.lead() for one in [tenant, *others]])
        sent = await posts.count(55)

    expected = {
        (f"http://127.0.0.1:9/{number}/{place}", lead) for number, lead in enumerate(leads) for place in range(5)
    }
    assert {(post.url, post.lead_id) for post in sent} == expected


# Order, and how much at a time


async def test_events_of_a_lead_are_sent_one_behind_another(tenant: Tenant, webhook: Webhook) -> None:
    async def after_a_moment(_: Post) -> int:
        await asyncio.sleep(0.005)
        return OK

    posts = Posts(after_a_moment)
    async with delivering(tenant, posts):
        await proven(tenant, posts, webhook)
        leads = await tenant.leads(5)
        for count in range(20):
            await asyncio.gather(*[tenant.rename(lead_id, f"Ada {count}") for lead_id in leads])
        sent = await posts.count(105)

    for lead_id in leads:
        names = [post.event["data"]["name"] for post in sent if post.lead_id == lead_id]
        assert names == ["Ada Park", *[f"Ada {count}" for count in range(20)]]
        assert posts.most_at_once[webhook.url, lead_id] == 1


async def test_leads_are_sent_side_by_side_up_to_a_bound(tenant: Tenant, webhook: Webhook) -> None:
    posts = Posts()
    async with delivering(tenant, posts):
        await proven(tenant, posts, webhook)
        posts.answer = posts.never
        await tenant.leads(40)
        await posts.count(32)
        await asyncio.sleep(0.2)

        assert posts.at_once[webhook.url] == 32


async def test_an_endpoint_that_has_not_answered_well_is_sent_one_at_a_time(tenant: Tenant, webhook: Webhook) -> None:
    async def badly(_: Post) -> int:
        await asyncio.sleep(0.001)
        return 500

    posts = Posts(badly)
    async with delivering(tenant, posts):
        await tenant.leads(20)
        await posts.count(20)

    assert posts.most_at_once[webhook.url] == 1


async def test_a_slow_lead_holds_up_no_other(tenant: Tenant, webhook: Webhook) -> None:
    posts = Posts()
    async with delivering(tenant, posts):
        await proven(tenant, posts, webhook)
        slow = await tenant.lead()
        await posts.count(1)

        async def but_for_one(post: Post) -> int:
            return await posts.never(post) if post.lead_id == slow else OK

        posts.answer = but_for_one
        for count in range(10):
            await tenant.rename(slow, f"Ada {count}")
        await tenant.leads(100)

        await posts.until(lambda: len({post.lead_id for post in posts.begun}) == 101, seconds=4)

        assert len([post for post in posts.begun if post.lead_id == slow]) == 2


async def test_an_endpoint_that_hangs_holds_up_no_other(tenant: Tenant) -> None:
    slow = await tenant.webhook(url="http://127.0.0.1:9/slow")
    quick = await tenant.webhook(url="http://127.0.0.1:9/quick")

    async def by_url(post: Post) -> int:
        return await posts.never(post) if post.url == slow.url else OK

    posts = Posts(by_url)
    async with delivering(tenant, posts):
        await tenant.leads(100)

        await posts.until(lambda: sum(post.url == quick.url for post in posts.begun) == 100, seconds=3)

    assert sum(post.url == slow.url for post in posts.begun) == 1


@pytest.mark.slow
async def test_a_process_that_has_no_room_waits_for_an_end(tenant: Tenant) -> None:
    await asyncio.gather(*[tenant.webhook() for _ in range(1_600)])
    posts = Posts()
    posts.answer = posts.never
    async with delivering(tenant, posts):
        await tenant.lead()
        await posts.count(1_536, seconds=30)
        await asyncio.sleep(1)
        before = (await tenant.database.statistics()).committed_units
        await asyncio.sleep(2)

        assert (await tenant.database.statistics()).committed_units - before < 5
        assert len(posts.begun) == 1_536
