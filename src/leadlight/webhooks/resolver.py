"""Looks up host names, in threads of its own: a slow name server then holds up nobody else's work."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

_THREADS = 64
_MOST_ADDRESSES = 8


class Resolver(AbstractResolver):
    """Asks the system. uvloop's own look-ups share four threads, and one that nobody answers takes half a minute."""

    def __init__(self, look_up: Callable[..., list[Any]] = socket.getaddrinfo) -> None:
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="leadlight-dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The first few addresses of a name: one with a thousand would have them all tried. Raises OSError."""
        ask = partial(self._look_up, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found[:_MOST_ADDRESSES]
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
