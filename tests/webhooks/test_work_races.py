"""Two transactions at once on a server, and one whose end nobody heard of: nothing is lost, and nothing is kept."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Literal, TypeVar

import pytest

from leadlight.clock import system_clock
from leadlight.errors import StoreUnavailable
from leadlight.ids import IdFactory, IdKind
from leadlight.webhooks.webhook import Webhook
from tests.conftest import MovableClock
from tests.postgres_wire import Wire
from tests.webhooks.posts import Posts, delivering, until
from tests.webhooks.tenant import Sends, Tenant, bad, good, tenancy, told

pytestmark = pytest.mark.engine("postgres")

T = TypeVar("T")

Elsewhere = Callable[[Callable[[Tenant], Awaitable[T]]], Coroutine[Any, Any, T]]


class Hold:
    """Holds up the thread that comes to it, in the midst of its transaction. `at`: which time it does."""

    def __init__(self, at: int = 1) -> None:
        self._left = at
        self._reached, self._released = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._reached.set()
            self._released.wait(20)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, 20)

    def release(self) -> None:
        self._released.set()


@pytest.fixture
def elsewhere(store: dict[str, Any], clock: MovableClock, tenant: Tenant) -> Elsewhere[Any]:
    """Runs something in a process's place: on an event loop and a store of its own."""

    async def use(do: Callable[[Tenant], Awaitable[T]]) -> T:
        async with tenancy(store, clock, of=tenant) as same:
            return await do(same)

    async def run(do: Callable[[Tenant], Awaitable[T]]) -> T:
        return await asyncio.to_thread(asyncio.run, use(do))

    return run


async def test_a_lead_that_is_deleted_while_it_is_taken_on_leaves_no_answer(
    tenant: Tenant, webhook: Webhook, ours: Sends, elsewhere: Elsewhere[Any], clock: MovableClock
) -> None:
    lead_id = await tenant.lead()
    hold, make = Hold(), IdFactory(clock)

    def new_id(kind: IdKind) -> str:
        hold()
        return make(kind)

    taking = asyncio.create_task(elsewhere(lambda same: Sends(same, new_id=new_id).take()))
    await hold.reached()
    await delete_meanwhile(tenant, lead_id, hold)
    [job] = await taking
    await ours.record(good(job, "I know Ada Park"))

    assert await answers(tenant, webhook) == [""]
    assert not await ours.may_send(job)


async def test_a_lead_that_is_deleted_while_an_answer_is_recorded_leaves_none(
    tenant: Tenant, webhook: Webhook, ours: Sends, theirs: Sends, elsewhere: Elsewhere[Any]
) -> None:
    lead_id = await tenant.lead()
    [job] = await ours.take()
    hold = Hold(at=2)  # first the endpoints are put in an order

    def chance() -> float:
        hold()
        return 0.0

    recording = asyncio.create_task(
        elsewhere(lambda same: Sends(same, chance=chance).record(bad(job, answer="I know Ada Park")))
    )
    await hold.reached()
    await delete_meanwhile(tenant, lead_id, hold)
    await recording

    assert await answers(tenant, webhook) == [""]
    assert told(await theirs.take()) == [("lead.deleted", lead_id)]


async def delete_meanwhile(tenant: Tenant, lead_id: str, hold: Hold) -> None:
    """Deletes a lead; if the transaction that is held up keeps it from being deleted, that one goes on first."""
    deleting = asyncio.create_task(tenant.delete(lead_id))
    await asyncio.wait([deleting], timeout=0.5)
    hold.release()
    await deleting


async def answers(tenant: Tenant, webhook: Webhook) -> list[str]:
    deliveries = await tenant.deliveries(webhook)
    return [attempt.answer for delivery in deliveries for attempt in await tenant.attempts(delivery)]


@pytest.fixture
async def wire(store: dict[str, Any]) -> AsyncIterator[Wire]:
    wire = Wire(store["database_url"])
    yield wire
    wire.close()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_what_was_taken_on_in_a_commit_that_nobody_heard_of_is_sent(
    store: dict[str, Any], tenant: Tenant, webhook: Webhook, wire: Wire, moment: Literal["before", "after"]
) -> None:
    posts = Posts()
    over_the_wire = tenancy({**store, "database_url": wire.url}, system_clock, of=tenant)
    async with over_the_wire as same, delivering(same, posts):
        await tenant.leads(2)
        await until(lambda: succeeded(tenant, webhook, 2))
        wire.lose_commit = moment
        await tenant.leads(3)
        await until(lambda: succeeded(tenant, webhook, 5))

    attempts = sum(delivery.attempts for delivery in await tenant.deliveries(webhook))
    assert (attempts > 5) == (moment == "after")
    assert len(posts.begun) == len({post.event_id for post in posts.begun}) == 5


async def succeeded(tenant: Tenant, webhook: Webhook, count: int) -> bool:
    return await tenant.statuses(webhook) == ["succeeded"] * count


async def test_a_commit_that_nobody_heard_of_is_not_recorded_twice(
    store: dict[str, Any], clock: MovableClock, tenant: Tenant, webhook: Webhook, wire: Wire
) -> None:
    await tenant.lead()
    async with tenancy({**store, "database_url": wire.url}, clock, of=tenant) as same:
        ours = Sends(same)
        [job] = await ours.take()
        wire.lose_commit = "after"
        with pytest.raises(StoreUnavailable):
            await ours.record(bad(job))
        await ours.record(bad(job))

    assert (await tenant.now(webhook)).failure_count == 1
    [delivery] = await tenant.deliveries(webhook)
    assert delivery.failures == 1
