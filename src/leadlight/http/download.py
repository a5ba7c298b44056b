"""Answers that are files: sent as they are made, as fast as the client takes them; one that breaks off looks broken."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import msgspec

from leadlight.http.protocol import abort, begin_open_end, finish_open_end

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger("leadlight.http")

_SEND_SECONDS = 60.0


class Download(msgspec.Struct, frozen=True):
    """What a handler answers that is a file. `media_type` with its charset, where it has one."""

    media_type: str
    file_name: str
    pieces: AsyncGenerator[bytes, None]

    def headers(self) -> list[tuple[bytes, bytes]]:
        name = quote(self.file_name)
        return [
            (b"content-type", self.media_type.encode()),
            (b"content-disposition", f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}".encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]


async def send_download(head: Message, pieces: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
    """Ends with the client, who has a minute for each piece; an error on the way drops the connection, and is logged.

    An answer in chunks that lacks its last one is not taken for whole (RFC 9112 §8).
    """
    sending = asyncio.create_task(_send_all(head, pieces, send))
    gone = asyncio.create_task(_client_is_gone(receive))
    try:
        await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not sending.done():
            sending.cancel()
            await asyncio.wait((sending,))
    if sending.cancelled() or sending.exception() is not None:
        abort(send)
    if not sending.cancelled() and sending.exception() is not None:
        logger.error("a download broke off", exc_info=sending.exception())


async def _send_all(head: Message, pieces: AsyncGenerator[bytes, None], send: Send) -> None:
    async with aclosing(pieces):
        begin_open_end(send)
        await send(head)
        async for piece in pieces:
            async with asyncio.timeout(_SEND_SECONDS):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # a fast client must not keep the others waiting
        finish_open_end(send)
        await send({"type": "http.response.body"})


async def _client_is_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
