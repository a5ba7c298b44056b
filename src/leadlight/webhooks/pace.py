"""Lets requests go first: while many wait for one another, deliveries get a small share of the time."""

import asyncio
import time
from collections.abc import Callable

_MANY_A_SECOND = 500
_COUNTED_SECONDS = 0.05
_SLOW_TURN_SECONDS = 0.002
_PAUSE_SECONDS = 0.1


class Pace:
    """Whoever is about to take on deliveries asks it first."""

    def __init__(self, requests: Callable[[], int]) -> None:
        """`requests`: how many this process has served so far."""
        self._requests = requests
        self._lock = asyncio.Lock()
        self._counted_at, self._counted = time.monotonic(), requests()
        self._many = False

    async def give_way(self) -> None:
        """Waits a moment, one after another, while the event loop is slow and requests come in; else not at all."""
        async with self._lock:
            self._count()
            if self._many and await _turn_seconds() > _SLOW_TURN_SECONDS:
                await asyncio.sleep(_PAUSE_SECONDS)

    def _count(self) -> None:
        now, requests = time.monotonic(), self._requests()
        seconds = now - self._counted_at
        if seconds >= _COUNTED_SECONDS:
            self._many = requests - self._counted > _MANY_A_SECOND * seconds
            self._counted_at, self._counted = now, requests


async def _turn_seconds() -> float:
    """How long it takes until it is one's turn again."""
    began = time.monotonic()
    await asyncio.sleep(0)
    return time.monotonic() - began
