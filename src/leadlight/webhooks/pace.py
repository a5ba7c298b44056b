"""Lets requests go first: while they take all that a process can do, deliveries get a small share of it."""

import asyncio
import time
from collections.abc import Callable

_BUSY = 0.8
_CROWDED = 500
_PAUSE_SECONDS = 0.1


class Pace:
    """Whoever is about to take on deliveries asks it first."""

    def __init__(self, requests: Callable[[], int]) -> None:
        """`requests`: how many this process has served so far."""
        self._requests = requests
        self._lock = asyncio.Lock()
        self._last = self._now()

    async def give_way(self) -> None:
        """Waits a moment, one after another, while the process is busy with requests; else not at all."""
        async with self._lock:
            before, self._last = self._last, self._now()
            seconds, busy_seconds, requests = (now - then for now, then in zip(self._last, before, strict=True))
            if requests > _CROWDED * seconds and busy_seconds > _BUSY * seconds:
                await asyncio.sleep(_PAUSE_SECONDS)

    def _now(self) -> tuple[float, float, int]:
        return time.monotonic(), time.process_time(), self._requests()
