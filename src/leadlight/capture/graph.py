"""Meta's Graph: the answers of a lead of which its webhook tells the id alone.

Source: developers.facebook.com, "Retrieving Leads".
"""

import asyncio
from urllib.parse import quote

import aiohttp

GRAPH_URL = "https://graph.facebook.com"
_SECONDS = 10.0
_MAX_ANSWER = 262_144


class GraphRefusal(Exception):
    """It did not tell. The text says why to the form's owner, and holds nothing of the token."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Meta's Graph did not tell the answers: {why}")


class Graph:
    """Asked seldom, so no connection is kept. `url`: of another Graph than Meta's own."""

    def __init__(self, url: str = GRAPH_URL, *, timeout_seconds: float = _SECONDS) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds

    async def answers(self, lead_id: str, access_token: str) -> bytes:
        """JSON of a lead. Raises GraphRefusal."""
        try:
            async with asyncio.timeout(self._timeout_seconds), aiohttp.ClientSession() as session:
                return await self._ask(session, f"{self._url}/{quote(lead_id, safe='')}", access_token)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            raise GraphRefusal(type(error).__name__) from None

    async def _ask(self, session: aiohttp.ClientSession, url: str, access_token: str) -> bytes:
        """The token goes in a header: addresses are kept in logs along the way."""
        headers = {"Authorization": f"Bearer {access_token}"}
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status != 200:
                raise GraphRefusal(f"it answered {response.status}")
            answer = await response.content.read(_MAX_ANSWER + 1)
            while len(answer) <= _MAX_ANSWER and (piece := await response.content.read(_MAX_ANSWER)):
                answer += piece
            if len(answer) > _MAX_ANSWER:
                raise GraphRefusal(f"it answered more than {_MAX_ANSWER} bytes")
            return answer
