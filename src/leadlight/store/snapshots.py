"""The snapshots of a store that are open: few, not for ever, and each is let go of whatever happens to its reader.

As long as one is open, the engine keeps what others have changed or deleted since.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar, TypeVarTuple

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Snapshot, Transaction

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_SNAPSHOTS = 4
_PATIENCE_SECONDS = 10.0
_LONGEST_SECONDS = 3_600.0
_BUSY = "Too much of the store is being read at once; try again when an export has ended"
_OVER = "This took longer than an hour, for which a state of the store is kept at the most"


class View(Snapshot, Protocol):
    """A snapshot as an engine gives it; nothing happens before `begin`."""

    async def begin(self) -> None:
        """Raises StoreUnavailable."""

    async def end(self) -> None:
        """Breaks off what still runs, and lets go of everything, however far it came; raises nothing."""


class Snapshots:
    def __init__(
        self,
        new_view: Callable[[], View],
        *,
        patience_seconds: float = _PATIENCE_SECONDS,
        longest_seconds: float = _LONGEST_SECONDS,
    ) -> None:
        self._new_view = new_view
        self._patience_seconds = patience_seconds
        self._longest_seconds = longest_seconds
        self._free = asyncio.Semaphore(MOST_SNAPSHOTS)
        self._open: set[_Open] = set()
        self._closed = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Snapshot]:
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise StoreUnavailable(_BUSY) from None
        snapshot = _Open(self._new_view(), asyncio.get_running_loop().time() + self._longest_seconds)
        self._open.add(snapshot)
        try:
            if self._closed:
                raise StoreUnavailable
            await snapshot.begin()
            yield snapshot
        finally:
            ending = snapshot.end()
            ending.add_done_callback(lambda _: self._ended(snapshot))
            await asyncio.shield(ending)  # it goes on when the reader has no time to wait

    async def close(self) -> None:
        """Ends those that are open, for good."""
        self._closed = True
        await asyncio.gather(*[snapshot.end() for snapshot in self._open])

    def _ended(self, snapshot: "_Open") -> None:
        self._open.remove(snapshot)
        self._free.release()


class _Open:
    """A snapshot that is of no use any more after some time. It may be ended more than once."""

    def __init__(self, view: View, until: float) -> None:
        self.begin = view.begin
        self._view = view
        self._until = until
        self._ending: asyncio.Task[None] | None = None

    async def scan(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        if asyncio.get_running_loop().time() > self._until:
            raise StoreUnavailable(_OVER)
        return await self._view.scan(unit, *args)

    def end(self) -> asyncio.Task[None]:
        if self._ending is None:
            self._ending = asyncio.create_task(self._view.end())
        return self._ending
