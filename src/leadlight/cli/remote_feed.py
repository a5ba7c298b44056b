"""The live feed of a server as its client has it: over HTTP, and on from where a connection was lost."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import aiohttp

from leadlight import __version__
from leadlight.clock import SECOND
from leadlight.events.event import EventType
from leadlight.http.sse import MEDIA_TYPE
from leadlight.http.sse_parser import ServerEvent, SseParser
from leadlight.webhooks.address import to_url
from leadlight.webhooks.diagnosis import failure_of
from leadlight.webhooks.failure import Failure

_PATH = "/api/v1/events/stream"
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 45.0  # three heartbeats
_FIRST_DELAY_SECONDS = 2.0
_LONGEST_DELAY_SECONDS = 10.0
_REFUSALS: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "the server does not know this key, or no longer; give another --key (LEADLIGHT_API_KEY)",
    HTTPStatus.FORBIDDEN: "this key may not read events; give a --key (LEADLIGHT_API_KEY) with the scope leads:read",
}


class Connection(StrEnum):
    """What becomes of the connection: it is there, it was lost, it is there again."""

    BEGUN = "begun"
    LOST = "lost"
    BACK = "back"


class FeedRefused(Exception):
    """The server can't be followed, or no longer; the text says why, and what to do."""


class _Away(Exception):
    """The server can't be followed at this moment; the text says why."""


class RemoteFeed:
    """The feed of a workspace. `server`: a URL. `types`: those to be told of; empty for all there are."""

    def __init__(self, server: str, key: str, types: Collection[EventType] = ()) -> None:
        self._server = server.rstrip("/")
        self._url = to_url(self._server + _PATH + (f"?types={','.join(types)}" if types else ""))
        self._headers = {
            "Authorization": f"Bearer {key}",
            "User-Agent": f"Leadlight/{__version__}",
            "Accept": MEDIA_TYPE,
            "Accept-Encoding": "identity",  # what compresses on the way may also collect before it passes on
        }

    async def events(self, tell: Callable[[Connection], None]) -> AsyncGenerator[ServerEvent, None]:
        """All that happens from Connection.BEGUN on, each once and in order, for ever. Raises FeedRefused."""
        parser = SseParser()
        state: Connection | None = None
        delay = _FIRST_DELAY_SECONDS
        timeout = aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
            while True:
                parser = SseParser(parser.last_id)
                try:
                    async with aclosing(self._read(session, parser)) as read:
                        async for events in read:
                            if parser.last_id and state in (None, Connection.LOST):
                                state = Connection.BEGUN if state is None else Connection.BACK
                                delay = _first_delay(parser)
                                tell(state)
                            for event in events:
                                yield event
                except _Away as away:
                    if state is None:
                        raise FeedRefused(
                            f"{self._server} does not answer as it should ({away}); see that the server runs there, "
                            "or give another --server"
                        ) from None
                    if state is not Connection.LOST:
                        state = Connection.LOST
                        tell(state)
                await asyncio.sleep(delay)
                delay = min(2 * delay, _LONGEST_DELAY_SECONDS)

    async def _read(self, session: aiohttp.ClientSession, parser: SseParser) -> AsyncGenerator[list[ServerEvent], None]:
        """What each piece of one connection tells. Always ends with _Away or FeedRefused."""
        headers = {"Last-Event-ID": parser.last_id} if parser.last_id else {}
        try:
            async with session.get(self._url, headers=headers, allow_redirects=False) as response:
                self._check(response, goes_on=bool(headers))
                async for piece in response.content.iter_any():
                    yield parser.feed(piece)
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            raise _Away(failure.value) from None
        raise _Away(Failure.CONNECTION_LOST.value)

    def _check(self, response: aiohttp.ClientResponse, *, goes_on: bool) -> None:
        """Raises FeedRefused, or _Away for an answer that may be another one soon."""
        status = response.status
        if status == HTTPStatus.OK and response.content_type == MEDIA_TYPE:
            return
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Away(str(status))
        if status == HTTPStatus.BAD_REQUEST and goes_on:
            raise FeedRefused("the feed is another one than before (was a backup restored?); start again")
        unknown = f"{self._server} answers {status}, which no Leadlight server does here; look at --server"
        raise FeedRefused(_REFUSALS.get(status, unknown))


def _first_delay(parser: SseParser) -> float:
    """What the server asked for."""
    if parser.retry_milliseconds is None:
        return _FIRST_DELAY_SECONDS
    return min(parser.retry_milliseconds / SECOND, _LONGEST_DELAY_SECONDS)
