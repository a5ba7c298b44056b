"""The newest part of a feed: what it keeps, what it lets go, and what its followers take of it."""

import asyncio

import pytest

from leadlight.events.event import EventType
from leadlight.events.tail import PIECE_BYTES, Entry, Follower, Tail

CREATED, DELETED = EventType.LEAD_CREATED, EventType.LEAD_DELETED


def entry(position: int, *, lead: str = "lead_a", type_: EventType = CREATED, size: int = 10) -> Entry:
    return Entry(position, type_, lead, b"%0*d" % (size, position))


def entries(first: int, last: int, *, size: int = 10) -> list[Entry]:
    return [entry(position, size=size) for position in range(first, last + 1)]


def positions(tail: Tail, behind: int = 0) -> list[int]:
    return [each.position for each in tail.behind(behind)]


def test_gives_what_stands_behind_a_position() -> None:
    tail = Tail(5)
    tail.add(entries(6, 9), 9)

    assert [positions(tail, behind) for behind in (5, 7, 9, 12)] == [[6, 7, 8, 9], [8, 9], [], []]


def test_keeps_so_many_and_knows_where_it_starts() -> None:
    tail = Tail(0)
    tail.add(entries(1, 200), 200)
    tail.add(entries(201, 300), 300)

    assert (tail.start, tail.reached, positions(tail)) == (44, 300, list(range(45, 301)))


def test_keeps_so_many_bytes_but_always_the_newest_event() -> None:
    tail = Tail(0)
    tail.add(entries(1, 5, size=300_000), 5)
    three = positions(tail)
    tail.add([entry(6, size=2_000_000)], 6)

    assert (three, positions(tail), tail.start) == ([3, 4, 5], [6], 5)


def test_an_erased_leads_events_are_gone() -> None:
    tail = Tail(0)
    tail.add([entry(1, lead="lead_a"), entry(2, lead="lead_b"), entry(3, lead="lead_a", type_=DELETED)], 3)

    assert (tail.start, positions(tail)) == (0, [2, 3])


def test_lets_go_of_what_is_old() -> None:
    tail = Tail(0)
    tail.add(entries(1, 2), 2)
    tail.forget_old()
    tail.add(entries(3, 3), 3)
    first = positions(tail)
    tail.forget_old()
    second = positions(tail, 2)
    tail.forget_old()

    assert (first, second, positions(tail, 3), tail.start) == ([1, 2, 3], [3], [], 3)


def test_reads_as_many_at_once_as_it_can_keep() -> None:
    tail = Tail(0)
    first = tail.page_size
    tail.add(entries(1, 10, size=1_000), 10)
    small = tail.page_size
    tail.add(entries(11, 12, size=500_000), 12)

    assert (first, small, tail.page_size) == (16, 256, 2)


async def test_wakes_whoever_waits_for_news() -> None:
    tail = Tail(0)
    soon = asyncio.get_running_loop().time() + 20
    waiting = asyncio.gather(*(tail.has_news(soon) for _ in range(100)))
    await asyncio.sleep(0)

    tail.add(entries(1, 1), 1)

    assert await waiting == [True] * 100


async def test_wakes_hundreds_a_few_at_a_time() -> None:
    tail = Tail(0)
    soon = asyncio.get_running_loop().time() + 20
    waiting = [asyncio.create_task(tail.has_news(soon)) for _ in range(100)]
    await asyncio.sleep(0)

    tail.add(entries(1, 1), 1)
    await asyncio.sleep(0)

    assert 0 < sum(task.done() for task in waiting) < 50
    assert all(await asyncio.gather(*waiting))


async def test_a_look_that_finds_nothing_wakes_nobody() -> None:
    tail = Tail(3)
    waiting = asyncio.create_task(tail.has_news(asyncio.get_running_loop().time() + 0.01))
    await asyncio.sleep(0)

    tail.add([], 3)

    assert not await waiting


@pytest.mark.parametrize(
    ("types", "blocks", "position"),
    [((), [b"1", b"2", b"3"], 3), ((CREATED,), [b"1", b"3"], 3), ((DELETED,), [b"2"], 3)],
)
def test_a_follower_takes_the_types_that_it_wants(
    types: tuple[EventType, ...], blocks: list[bytes], position: int
) -> None:
    follower = Follower(0, types)

    taken = follower.take([entry(1, size=1), entry(2, type_=DELETED, size=1), entry(3, size=1)], 3)

    assert (taken, follower.position) == (blocks, position)


def test_a_follower_takes_a_piece_at_a_time() -> None:
    follower = Follower(0, ())
    each = PIECE_BYTES // 2

    first = follower.take(entries(1, 3, size=each), 3)
    reached = follower.position
    second = follower.take(entries(3, 3, size=each), 3)

    assert ([len(first), len(second)], reached, follower.position) == ([2, 1], 2, 3)


def test_a_follower_takes_what_is_larger_than_a_piece_alone() -> None:
    follower = Follower(0, ())

    sizes = [len(block) for block in follower.take([entry(1, size=3 * PIECE_BYTES), entry(2)], 2)]

    assert (sizes, follower.position) == ([3 * PIECE_BYTES], 1)


def test_a_follower_that_is_ahead_stays_there() -> None:
    follower = Follower(7, ())

    assert (follower.take([], 5), follower.position) == ([], 7)
