"""Waiting for what may not happen."""

import asyncio
from contextlib import suppress


async def happens_within(event: asyncio.Event, seconds: float) -> bool:
    """Waits for an event; whether it was set in time."""
    with suppress(TimeoutError):  # wait_for would swallow a cancellation that meets the event
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
