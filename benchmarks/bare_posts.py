"""The bodies of a feed's newest events, posted by aiohttp and nothing else: what delivering is measured against.

python -m benchmarks.bare_posts URL FOLDER HOW_MANY AT_ONCE [DATABASE_URL]
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import uvloop

from benchmarks.subscribed_stores import Place, newest_bodies

_HEADERS = {"Content-Type": "application/json"}


async def post_all(url: str, bodies: Sequence[bytes], at_once: int) -> None:
    """Raises ClientResponseError for an answer that is no success."""
    left = iter(bodies)

    async def post_one_by_one() -> None:
        for body in left:
            async with session.post(url, data=body, headers=_HEADERS) as response:
                response.raise_for_status()
                await response.read()

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(post_one_by_one() for _ in range(at_once)))


async def main(url: str, folder: str, how_many: str, at_once: str, database_url: str = "") -> None:
    bodies = await newest_bodies(Place(Path(folder), database_url), int(how_many))
    await post_all(url, bodies, int(at_once))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
