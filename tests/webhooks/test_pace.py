"""Deliveries give way while many requests wait for one another, and only then."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from leadlight.webhooks.pace import Pace


class Requests:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        return self.count


@pytest.fixture
def requests() -> Requests:
    return Requests()


@asynccontextmanager
async def slow_turns() -> AsyncIterator[None]:
    """The event loop has five milliseconds of other work in each of its turns."""

    async def work() -> None:
        while True:
            time.sleep(0.005)  # noqa: ASYNC251  (it is to hold up the loop)
            await asyncio.sleep(0)

    working = asyncio.create_task(work())
    yield
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


async def seconds_to_give_way(pace: Pace) -> float:
    began = time.monotonic()
    await pace.give_way()
    return time.monotonic() - began


async def gives_way(pace: Pace) -> bool:
    """Whether it waits each time; once or twice it may be the machine that is busy."""
    return min([await seconds_to_give_way(pace) for _ in range(3)]) >= 0.1


async def test_waits_while_many_requests_slow_the_loop_down(requests: Requests) -> None:
    pace = Pace(requests)
    await asyncio.sleep(0.06)
    requests.count += 10_000

    async with slow_turns():
        assert await seconds_to_give_way(pace) >= 0.1


async def test_does_not_wait_for_what_deliveries_themselves_slow_down(requests: Requests) -> None:
    pace = Pace(requests)
    await asyncio.sleep(0.06)

    async with slow_turns():
        assert not await gives_way(pace)


async def test_does_not_wait_for_requests_that_leave_time(requests: Requests) -> None:
    pace = Pace(requests)
    await asyncio.sleep(0.06)
    requests.count += 10_000

    assert not await gives_way(pace)


async def test_who_gives_way_goes_one_after_another(requests: Requests) -> None:
    pace = Pace(requests)
    await asyncio.sleep(0.06)
    requests.count += 10_000

    async with slow_turns():
        first = asyncio.create_task(seconds_to_give_way(pace))
        second = asyncio.create_task(seconds_to_give_way(pace))

        assert 0.1 <= await first <= await second
