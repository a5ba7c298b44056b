"""An exact sliding window for each key, counted by the second (contract §5).

A window is a ring of one counter a second, so its memory is fixed whatever the limit. Each step
of time clears the counters that leave the window; the work is spread evenly, nothing is swept.
"""

from array import array
from typing import Protocol

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """How full a window is. `reset_at`: the Unix second at which the oldest counted request leaves it."""

    allowed: bool
    limit: int
    used: int
    reset_at: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Windows(Protocol):
    """The windows of many callers, by any name; `now` is a Unix second."""

    async def hit(self, caller: str, limit: int, now: int) -> Usage:
        """Counts a request, unless it is over the limit: a refused one does not count."""
        ...

    async def look(self, caller: str, limit: int, now: int) -> Usage:
        """The state of a window, with nothing counted."""
        ...


class _Window:
    __slots__ = ("counts", "newest", "oldest", "total")

    def __init__(self, seconds: int, now: int) -> None:
        self.counts = array("L", bytes(array("L").itemsize * seconds))
        self.newest = self.oldest = now
        self.total = 0

    def move_to(self, now: int) -> None:
        """Forgets what is older than the window; a clock that was set back stands still."""
        counts, seconds = self.counts, len(self.counts)
        if now > self.newest:
            if now - self.newest >= seconds:
                self.counts = array("L", bytes(counts.itemsize * seconds))
                self.total = 0
            else:
                for second in range(self.newest + 1, now + 1):
                    index = second % seconds
                    self.total -= counts[index]
                    counts[index] = 0
            self.newest = now
        if self.total == 0:
            self.oldest = self.newest
        else:
            self.oldest = max(self.oldest, self.newest - seconds + 1)
            while counts[self.oldest % seconds] == 0:
                self.oldest += 1


class SlidingWindows:
    """The windows of one process, in its memory. `seconds`: how long each is."""

    def __init__(self, seconds: int = 3600, max_callers: int = 10_000) -> None:
        self._seconds = seconds
        self._max_callers = max_callers
        self._windows: dict[str, _Window] = {}

    async def hit(self, caller: str, limit: int, now: int) -> Usage:
        window = self._windows.get(caller)
        if window is None or window.newest != now or not window.total:
            window = self._move(caller, now)
        allowed = window.total < limit
        if allowed:
            window.counts[window.newest % self._seconds] += 1
            window.total += 1
        return Usage(allowed, limit, window.total, window.oldest + self._seconds)

    async def look(self, caller: str, limit: int, now: int) -> Usage:
        window = self._move(caller, now)
        return Usage(window.total < limit, limit, window.total, window.oldest + self._seconds)

    def _move(self, caller: str, now: int) -> _Window:
        window = self._windows.get(caller)
        if window is None:
            if len(self._windows) >= self._max_callers:
                self._forget_idle(now)
            window = self._windows[caller] = _Window(self._seconds, now)
        else:
            window.move_to(now)
        return window

    def _forget_idle(self, now: int) -> None:
        """Drops windows that are empty by now, then, if need be, those that were quiet longest."""
        by_age = sorted(self._windows.items(), key=lambda item: item[1].newest)
        keep_from = now - self._seconds
        surplus = len(by_age) - self._max_callers * 9 // 10
        for index, (caller, window) in enumerate(by_age):
            if index >= surplus and window.newest > keep_from:
                break
            del self._windows[caller]
