"""The live feed: what happens in a workspace, told at once to all who follow it.

A workspace that is followed has a tail, which reads each new event once for all of them and keeps the newest. Whoever
is further behind reads the feed until it has caught up. Nothing queues for a follower: a slow one is behind.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import contextmanager

import msgspec

from leadlight.errors import InvalidInput, StoreUnavailable
from leadlight.events.event import Event, EventType
from leadlight.events.schemas import EventView
from leadlight.events.service import EventService
from leadlight.events.tail import PIECE_BYTES, Entry, Follower, Tail
from leadlight.http import sse
from leadlight.http.streaming import StreamTimes
from leadlight.store.database import Database

logger = logging.getLogger("leadlight")

_READS_AT_ONCE = 2

_encode = msgspec.json.Encoder().encode


class LiveFeed:
    """The tails of a process; each is there for as long as anybody follows it."""

    def __init__(self, database: Database, events: EventService, times: StreamTimes) -> None:
        self._database = database
        self._events = events
        self._times = times
        self._tails: dict[str, Tail] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop_listening: Callable[[], None]
        # Apart, so that many who catch up do not hold up the news; few, so that neither holds up the lists.
        self._reading_news = asyncio.Semaphore(_READS_AT_ONCE)
        self._catching_up = asyncio.Semaphore(_READS_AT_ONCE)

    async def follow(
        self, workspace_id: str, *, after: int | None = None, types: Collection[EventType] = ()
    ) -> AsyncGenerator[bytes, None]:
        """All that happens behind a position, or from now on, as Server-Sent Events, in pieces of any size.

        Raises InvalidInput for a position that is ahead of the feed.
        """
        last = await self._database.read(self._events.last_position, workspace_id)
        if after is not None and after > last:
            await self._events.list_feed(workspace_id, after=after, limit=1)  # refuses it
        return self._pieces(workspace_id, Follower(last if after is None else after, types), last)

    async def _pieces(self, workspace_id: str, follower: Follower, last: int) -> AsyncGenerator[bytes, None]:
        now = asyncio.get_running_loop().time
        told, silent_until = follower.position, now() + self._times.heartbeat_seconds
        yield sse.opening(told)
        with self._tail(workspace_id, last) as tail:
            while not tail.ended:
                if follower.position < tail.start:
                    blocks = await self._catch_up(workspace_id, follower)
                else:
                    blocks = follower.take(tail.behind(follower.position), tail.reached)
                if blocks:
                    for piece in _pieces_of(b"".join(blocks)):
                        yield piece
                elif follower.position < tail.reached or await tail.has_news(silent_until):
                    continue
                else:
                    yield sse.heartbeat(follower.position if follower.position > told else None)
                told, silent_until = follower.position, now() + self._times.heartbeat_seconds

    async def _catch_up(self, workspace_id: str, follower: Follower) -> list[bytes]:
        try:
            async with self._catching_up:
                page = await self._events.list_feed(
                    workspace_id, after=follower.position, limit=follower.page_size, types=follower.types
                )
        except (StoreUnavailable, InvalidInput):  # it may be there in a moment, or is another one: the tail finds out
            await asyncio.sleep(self._times.look_seconds)
            return []
        blocks = follower.take(map(_entry, page.events), page.next_position)
        follower.fit_page(len(blocks))
        return blocks

    @contextmanager
    def _tail(self, workspace_id: str, last: int) -> Iterator[Tail]:
        """The tail of a workspace, which ends with its last follower; a new one begins at a position."""
        if not self._tails:
            self._stop_listening = self._database.listen(self._hear)
        tail = self._tails.get(workspace_id)
        if tail is None:
            tail = self._tails[workspace_id] = Tail(last)
            task = asyncio.create_task(self._keep_reading(workspace_id, tail))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        tail.followers += 1
        try:
            yield tail
        finally:
            tail.followers -= 1
            if not tail.followers:
                tail.end()
                del self._tails[workspace_id]
                if not self._tails:
                    self._stop_listening()

    async def _keep_reading(self, workspace_id: str, tail: Tail) -> None:
        """Looks for news when the store tells of a write, and now and then in case it did not."""
        now = asyncio.get_running_loop().time
        look_at = now()
        while not tail.ended:
            try:
                while await self._read_news(workspace_id, tail):
                    pass
            except StoreUnavailable:
                pass  # the next look may find it there
            except InvalidInput:  # a backup was restored underneath: who follows has to come back, and is told
                tail.end()
            except Exception:
                logger.exception("the feed of %s can't be followed; it is tried again", workspace_id)
            if now() >= look_at:
                tail.forget_old()
                look_at = now() + self._times.look_seconds
            await tail.wait_until_stirred(look_at)

    async def _read_news(self, workspace_id: str, tail: Tail) -> bool:
        """Whether there are more."""
        async with self._reading_news:
            page = await self._events.list_feed(workspace_id, after=tail.reached, limit=tail.page_size)
        tail.add([_entry(event) for event in page.events], page.next_position)
        return page.has_next and not tail.ended

    def _hear(self, workspace_id: str) -> None:
        """Something was written to a workspace; "" for any of them."""
        if not workspace_id:
            for each in self._tails.values():
                each.stir()
        elif tail := self._tails.get(workspace_id):
            tail.stir()


def _entry(event: Event) -> Entry:
    block = sse.event(event.position, event.type.value, _encode(EventView.of(event)))
    return Entry(event.position, event.type, event.lead_id, block)


def _pieces_of(blocks: bytes) -> Iterator[bytes]:
    """A client that is slow keeps a piece of a large event in memory, not all of it."""
    return (blocks[start : start + PIECE_BYTES] for start in range(0, len(blocks), PIECE_BYTES))
