"""Answers that go on: each is sent as far as its client takes it, and ends with its client, its key, or the server."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any

import msgspec

from leadlight.clock import Clock
from leadlight.errors import StoreUnavailable, Unauthenticated
from leadlight.http.auth import Authenticator
from leadlight.http.protocol import abort, begin_open_end, finish_open_end

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Pieces = AsyncGenerator[bytes, None]

logger = logging.getLogger("leadlight.http")

_LAST_SECONDS = 1.0


class StreamTimes(msgspec.Struct, frozen=True):
    """How long streams wait, in seconds.

    `heartbeat_seconds`: the longest silence. `look_seconds`: between two looks at the store when it tells of nothing.
    `send_seconds`: for a client to take a piece. `check_seconds`: between two checks of a key.
    """

    heartbeat_seconds: float = 15.0
    look_seconds: float = 5.0
    send_seconds: float = 30.0
    check_seconds: float = 1.0


class _Key:
    """The streams that are open by one key."""

    def __init__(self) -> None:
        self.sending: set[asyncio.Task[bool]] = set()
        self.looking_up = asyncio.Lock()

    def end(self) -> None:
        for task in self.sending:
            task.cancel()


class OpenStreams:
    """All streams of a process. Whoever owns them runs `keep_checking`."""

    def __init__(self, authenticator: Authenticator, clock: Clock, times: StreamTimes) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._times = times
        self._keys: dict[bytes, _Key] = {}
        self._ending = False

    def __len__(self) -> int:
        return sum(len(key.sending) for key in self._keys.values())

    def end(self) -> None:
        """Ends all that are open, and each that is still begun; clients come back, and find another server."""
        self._ending = True
        for key in self._keys.values():
            key.end()

    async def keep_checking(self) -> None:
        """Ends the streams of keys that are no longer valid, for ever; a store that is away ends none."""
        while True:
            await asyncio.sleep(self._times.check_seconds)
            for authorization, key in list(self._keys.items()):
                try:
                    await self._authenticator.look_up(authorization)
                except Unauthenticated:
                    key.end()
                except StoreUnavailable:
                    break
                except Exception:
                    logger.exception("a key with open streams can't be checked")
                await asyncio.sleep(0)  # a look-up may not suspend, and there may be many

    async def serve(self, head: Message, pieces: Pieces, *, authorization: bytes, receive: Receive, send: Send) -> None:
        """Sends a head and the pieces behind it. Raises what the pieces raise, when the answer has ended."""
        begin_open_end(send)
        await send(head)
        key = self._keys.setdefault(authorization, _Key())
        sending = asyncio.create_task(self._send_all(pieces, authorization, key, send))
        gone = asyncio.create_task(_client_is_gone(receive))
        key.sending.add(sending)
        if self._ending:
            sending.cancel()
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            await asyncio.wait((sending,))
            key.sending.discard(sending)
            if not key.sending and self._keys.get(authorization) is key:
                del self._keys[authorization]
        try:
            if not gone.done():
                await _finish(send, gone, in_time=sending.cancelled() or bool(sending.exception() or sending.result()))
        finally:
            gone.cancel()
        if not sending.cancelled():
            sending.result()

    async def _send_all(self, pieces: Pieces, authorization: bytes, key: _Key, send: Send) -> bool:
        """Whether the client took each piece in time."""
        async with aclosing(pieces):
            async for piece in pieces:
                if not await self._is_valid(authorization, key):
                    return True
                try:
                    async with asyncio.timeout(self._times.send_seconds):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                except TimeoutError:
                    return False
                await asyncio.sleep(0)  # what is large is sent piece by piece, with the turns of others between
        return True

    async def _is_valid(self, authorization: bytes, key: _Key) -> bool:
        """Waits while the store can't tell: nothing is sent for a key of which nothing is known."""
        while self._authenticator.cached(authorization, self._clock()) is None:
            try:
                async with key.looking_up:  # one asks for all streams of the key
                    if self._authenticator.cached(authorization, self._clock()) is None:
                        await self._authenticator.look_up(authorization)
            except Unauthenticated:
                return False
            except StoreUnavailable:
                await asyncio.sleep(self._times.check_seconds)
        return True


async def _client_is_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _finish(send: Send, gone: "asyncio.Task[None]", *, in_time: bool) -> None:
    """Ends the answer; a client that does not take the rest of it loses the connection."""
    finish_open_end(send)
    try:
        async with asyncio.timeout(_LAST_SECONDS if in_time else 0):
            await send({"type": "http.response.body"})
    except TimeoutError:
        abort(send)
        await asyncio.wait((gone,), timeout=_LAST_SECONDS)
