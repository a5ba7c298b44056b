"""Listens to a server's live stream, many times at once.

python -m benchmarks.listeners PORT KEY HOW_MANY

Says how many listen when all do; `arrivals` has the rest of what it says.
"""

import asyncio
import sys
from typing import cast

import uvloop

from benchmarks.arrivals import Arrivals

_REQUEST = "GET /api/v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n\r\n"
_GOOD = b"HTTP/1.1 200 "
_BLOCK_ENDS = b"\n\n"
_AT_ONCE = 50


async def listen(port: int, key: str, how_many: int) -> None:
    """Ends with an error when a stream is refused or ends."""
    arrivals, loop = Arrivals(), asyncio.get_running_loop()
    listeners = [_Listener(str(number), key, arrivals) for number in range(how_many)]
    for start in range(0, how_many, _AT_ONCE):
        some = listeners[start : start + _AT_ONCE]
        await asyncio.gather(*(loop.create_connection(one.itself, "127.0.0.1", port) for one in some))
        await asyncio.gather(*(one.opened for one in some))
    answering = asyncio.create_task(arrivals.answer(str(how_many)))
    await asyncio.wait((answering, *(one.ended for one in listeners)), return_when=asyncio.FIRST_COMPLETED)
    if not answering.done():
        sys.exit("a stream has ended")


class _Listener(asyncio.Protocol):
    """The chunks' own lines lie between the blocks, and do not matter: a block is in one chunk."""

    def __init__(self, name: str, key: str, arrivals: Arrivals) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._name = name
        self._request = _REQUEST.format(key).encode()
        self._arrivals = arrivals
        self._buffer = b""

    def itself(self) -> "_Listener":
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.WriteTransport", transport).write(self._request)

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set_result(None)
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"no stream was opened: {self._buffer[:300]!r}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        *blocks, self._buffer = self._buffer.split(_BLOCK_ENDS)
        for block in blocks:
            if not self.opened.done() and block.startswith(_GOOD):
                self.opened.set_result(None)
            elif b"\ndata: " in block:
                self._arrivals.note(self._name, block)


if __name__ == "__main__":
    uvloop.run(listen(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
