"""Sends a delivery over HTTP: one attempt, whatever the other side does, to no address that is forbidden."""

import asyncio
import io
import logging
import socket
import ssl
from collections.abc import Mapping
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver

from leadlight import __version__
from leadlight.clock import SECOND, Clock
from leadlight.errors import Invalid
from leadlight.webhooks.address import is_address, is_forbidden, to_url
from leadlight.webhooks.answer import MAX_ANSWER, as_text, retry_after_seconds
from leadlight.webhooks.diagnosis import failure_of
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.resolver import Resolver

logger = logging.getLogger("leadlight.webhooks")

HEADERS: Final = {
    "User-Agent": f"Leadlight/{__version__}",
    "Content-Type": "application/json",
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # the answer is shown to people as it came
}
"""Of every attempt, beside the signature's."""

_KEEP_ALIVE_SECONDS = 15.0
_DNS_CACHE_SECONDS = 10
_LOOK_UP_SECONDS = 5.0
_MOST_READ = 65_536
_LARGE_BODY = 1_048_576
_ASK_FOR_PATIENCE = (429, 503)
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class _BlockedAddress(OSError):
    """What a connection that is not to be made fails with."""


class _Attempt:
    """What has become of one attempt so far. `answer`: how the body begins."""

    __slots__ = ("answer", "blocked", "connected_anew", "retry_after", "status")

    def __init__(self) -> None:
        self.blocked = False
        self.connected_anew = False
        self.status: int | None = None
        self.retry_after: str | None = None
        self.answer = b""


_current: ContextVar[_Attempt] = ContextVar("_current")
"""Whose socket is being opened: the client connects in tasks of its own, which inherit the context."""


class Sender:
    """Keeps connections, so one is enough for a process. It belongs to the event loop that it first sends on.

    `resolver` and `tls`: the system's name servers and authorities, if not said.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        timeout_seconds: float,
        clock: Clock,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._resolver = resolver or Resolver()
        self._tls = tls
        self._keeping: aiohttp.ClientSession | None = None
        self._closing: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """One attempt. What the other side does wrong is in the outcome; nothing but a cancellation is raised."""
        began_at, began = self._clock(), monotonic()
        attempt = _Attempt()
        _current.set(attempt)
        failure = None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._exchange(url, body, headers, attempt)
        except Exception as error:
            failure = _failure(error, attempt)
        if attempt.status is not None and not 200 <= attempt.status <= 299:
            failure = Failure.REDIRECT if 300 <= attempt.status <= 399 else Failure.HTTP_STATUS
        return Outcome(
            began_at=began_at,
            duration=round((monotonic() - began) * SECOND),
            status=attempt.status,
            failure=failure,
            answer=as_text(attempt.answer),
            retry_after=self._retry_after(attempt),
        )

    async def check_reachable(self, url: str) -> None:
        """Raises Invalid for a URL whose host does not exist, or may not be called. What DNS can't say now, passes."""
        addresses = await self._addresses(to_url(url).raw_host or "")
        if not self._allow_private and any(map(is_forbidden, addresses)):
            raise Invalid(
                "blocked_address",
                "must not lead into a private or local network; "
                "for development, LEADLIGHT_WEBHOOK_ALLOW_PRIVATE=true permits it",
            )

    async def close(self) -> None:
        for session in (self._keeping, self._closing):
            if session is not None:
                await session.close()
        await self._resolver.close()

    def _retry_after(self, attempt: _Attempt) -> int | None:
        if attempt.status not in _ASK_FOR_PATIENCE or attempt.retry_after is None:
            return None
        return retry_after_seconds(attempt.retry_after, self._clock())

    async def _exchange(self, url: str, body: bytes, headers: Mapping[str, str], attempt: _Attempt) -> None:
        if self._keeping is None:
            self._keeping = self._new_session(keepalive_timeout=_KEEP_ALIVE_SECONDS)
        try:
            await _request(self._keeping, url, body, headers, attempt)
        except aiohttp.ClientConnectionError as error:
            if attempt.connected_anew or isinstance(error, aiohttp.ClientConnectorError):
                raise
            # A kept connection that the receiver was just about to close, most likely. If it did take the delivery,
            # it knows by the id that it is the same.
            if self._closing is None:
                self._closing = self._new_session(force_close=True)
            await _request(self._closing, url, body, headers, attempt)

    async def _addresses(self, host: str) -> list[str]:
        """Of a name, or the address that it is already. None, if DNS does not say."""
        if is_address(host):
            return [host]
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                found = await self._resolver.resolve(host, 0, socket.AF_UNSPEC)
        except socket.gaierror as error:
            if error.errno in _NO_SUCH_NAME:
                raise Invalid("unreachable", f"must name a host that exists: there is no {host}") from None
            return []
        except OSError:
            return []
        return [address["host"] for address in found]

    def _new_session(self, **connections: Any) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # who sends knows how much at once
                resolver=self._resolver,
                socket_factory=self._open_socket,
                ssl=self._tls or True,
                ttl_dns_cache=_DNS_CACHE_SECONDS,
                **connections,
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=HEADERS,
            read_bufsize=_MOST_READ,
            timeout=aiohttp.ClientTimeout(),  # one for all of it is in post()
        )

    def _open_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Every connection passes here once its address is final, so it does not matter what DNS said before."""
        family, kind, protocol, _, where = address
        attempt = _current.get()
        if not self._allow_private and is_forbidden(str(where[0])):
            attempt.blocked = True
            raise _BlockedAddress("the address is forbidden")
        attempt.connected_anew = True
        return socket.socket(family, kind, protocol)


async def _request(
    session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str], attempt: _Attempt
) -> None:
    data = io.BytesIO(body) if len(body) > _LARGE_BODY else body  # else the client warns that it will block
    response = await session.post(to_url(url), data=data, headers=headers, allow_redirects=False)
    try:
        attempt.status = response.status
        attempt.retry_after = response.headers.get("Retry-After")
        read = 0
        while read < _MOST_READ and (piece := await response.content.read(_MOST_READ - read)):
            read += len(piece)
            attempt.answer = (attempt.answer + piece)[:MAX_ANSWER]
    finally:
        response.close()  # a connection whose answer is read to its end has been given back before


def _failure(error: Exception, attempt: _Attempt) -> Failure:
    if attempt.blocked and isinstance(error, (aiohttp.ClientConnectorError, RuntimeError)):
        return Failure.BLOCKED_ADDRESS
    failure = failure_of(error)
    if failure is None:
        logger.error("an attempt failed in a way that nobody foresaw", exc_info=error)
    return failure or Failure.CONNECTION_FAILED
