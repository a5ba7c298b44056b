"""Sessions of somebody else's that hold locks of a PostgreSQL database."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import asyncpg


@contextmanager
def held_feeds(url: str, which: str = "true") -> Iterator[None]:
    """Keeps everybody from writing to workspaces; `which`: a condition on their feeds."""
    locked, release = threading.Event(), threading.Event()

    async def hold() -> None:
        connection = await asyncpg.connect(url)
        try:
            async with connection.transaction():
                await connection.fetch(f"SELECT * FROM feeds WHERE {which} FOR UPDATE")
                locked.set()
                await asyncio.to_thread(release.wait, 90)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as executor:
        holding = executor.submit(asyncio.run, hold())
        try:
            assert locked.wait(20)
            yield
        finally:
            release.set()
            holding.result()
