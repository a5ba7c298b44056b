"""The newest part of a feed as it goes over the wire, and where each of its followers is."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

import msgspec

from leadlight.events.event import EventType

PIECE_BYTES = 32 << 10
_MOST_ENTRIES = 256
_MOST_BYTES = 1 << 20
_FIRST_PAGE = 16
_WAKEN_AT_ONCE = 32


class Entry(msgspec.Struct, frozen=True):
    """An event; `block` is all that is sent of it."""

    position: int
    type: EventType
    lead_id: str
    block: bytes


class Follower:
    """Has everything up to `position`. `page_size`: how many events it reads at once, when it reads by itself."""

    def __init__(self, position: int, types: Collection[EventType]) -> None:
        self.position = position
        self.types = tuple(types)
        self.page_size = _FIRST_PAGE

    def take(self, entries: Iterable[Entry], end: int) -> list[bytes]:
        """The next blocks that it wants, as many as a piece holds, or one; `end` is where it is behind all entries."""
        blocks: list[bytes] = []
        size = 0
        for entry in entries:
            if not self.types or entry.type in self.types:
                size += len(entry.block)
                if blocks and size > PIECE_BYTES:
                    return blocks
                blocks.append(entry.block)
            self.position = entry.position
        self.position = max(self.position, end)
        return blocks

    def fit_page(self, taken: int) -> None:
        """Large events are read few at a time: what is read and does not fit a piece is read again."""
        self.page_size = max(1, min(2 * taken, _MOST_ENTRIES))


class Tail:
    """Holds what stands behind `start`, up to `reached`; bounded in events and bytes, but for the newest event."""

    def __init__(self, position: int) -> None:
        self.start = self.reached = position
        self.ended = False
        self.followers = 0
        self.page_size = _FIRST_PAGE
        self._stirred = asyncio.Event()
        self._waiting: dict[asyncio.Future[bool], None] = {}
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._old = position

    def add(self, entries: Sequence[Entry], end: int) -> None:
        """Appends the events up to a position, and wakes whoever waits for news."""
        if end == self.reached:
            return
        for entry in entries:
            if entry.type is EventType.LEAD_DELETED:
                self._erase(entry.lead_id)
            self._entries.append(entry)
            self._bytes += len(entry.block)
        if entries:
            average = sum(len(entry.block) for entry in entries) // len(entries)
            self.page_size = max(1, min(_MOST_BYTES // average, _MOST_ENTRIES))
        self.reached = end
        while len(self._entries) > _MOST_ENTRIES or (self._bytes > _MOST_BYTES and len(self._entries) > 1):
            self._forget_first()
        self._wake()

    def behind(self, position: int) -> Iterator[Entry]:
        """The entries behind a position, which is not before the start."""
        newer = 0
        for entry in reversed(self._entries):
            if entry.position <= position:
                break
            newer += 1
        return islice(self._entries, len(self._entries) - newer, None)

    def forget_old(self) -> None:
        """Lets go of what was here at the last call: it is data of people, and who wanted it has had it by now."""
        while self._entries and self._entries[0].position <= self._old:
            self._forget_first()
        self._old = self.reached

    def end(self) -> None:
        """There will be no more news: whoever follows has to go, and whoever reads for it may."""
        self.ended = True
        self._stirred.set()
        self._wake()

    def stir(self) -> None:
        """There may be more in the feed."""
        self._stirred.set()

    async def wait_until_stirred(self, until: float) -> None:
        """Waits until there may be more, at the most up to a time of the event loop's clock."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._stirred.wait()
        self._stirred.clear()

    async def has_news(self, until: float) -> bool:
        """Waits for news up to a time of the event loop's clock; False when it has come."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting = self._waiting
        waiting[future] = None
        try:
            async with asyncio.timeout_at(until):
                return await future
        except TimeoutError:
            return False
        finally:
            waiting.pop(future, None)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, {}
        _wake_some(waiting)

    def _forget_first(self) -> None:
        entry = self._entries.popleft()
        self._bytes -= len(entry.block)
        self.start = entry.position

    def _erase(self, lead_id: str) -> None:
        """A deleted lead's events are gone from the feed, and so from here."""
        kept = [entry for entry in self._entries if entry.lead_id != lead_id]
        if len(kept) < len(self._entries):
            self._entries = deque(kept)
            self._bytes = sum(len(entry.block) for entry in kept)


def _wake_some(waiting: dict[asyncio.Future[bool], None]) -> None:
    """A few in each turn of the event loop: hundreds who send all at once would hold up every other answer."""
    for future in list(islice(waiting, _WAKEN_AT_ONCE)):
        del waiting[future]
        if not future.done():
            future.set_result(True)
    if waiting:
        asyncio.get_running_loop().call_soon(_wake_some, waiting)
