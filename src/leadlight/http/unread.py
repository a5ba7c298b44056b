"""Requests that are refused before their body was read: their clients must come to read the answer all the same."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

_DISCARD_BYTES = 64 << 20
_DISCARD_SECONDS = 5


def closes_unread(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
    """Whether the connection will be closed although a body may be on its way: the answer would be lost with it."""
    has_body = b"content-length" in headers or b"transfer-encoding" in headers
    closes = scope["http_version"] == "1.0" or b"close" in headers.get(b"connection", b"").lower()
    return has_body and closes and b"expect" not in headers


async def discard_body(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
    """Takes what a client still sends, up to a bound, so that it comes to read the answer."""
    discarded = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while discarded < _DISCARD_BYTES:
                message = await receive()
                discarded += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
