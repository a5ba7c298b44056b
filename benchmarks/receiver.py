"""A receiver of webhooks that does next to nothing: it answers 200 at once; below /silent, never.

python -m benchmarks.receiver

Says its port when it is ready; `arrivals` has the rest of what it says.
"""

import asyncio
import re
from typing import cast

import uvloop

from benchmarks.arrivals import Arrivals

_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_SILENT = "/silent"


async def receive() -> None:
    arrivals, loop = Arrivals(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(arrivals), "127.0.0.1", 0, backlog=2048)
    async with server:
        await arrivals.answer(str(server.sockets[0].getsockname()[1]))


class _Connection(asyncio.Protocol):
    """Enough of HTTP for the requests of a client that is known."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(_HEAD_ENDS)
        if head_end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head_end)
        end = head_end + len(_HEAD_ENDS) + (int(length[1]) if length else 0)
        if len(self._buffer) < end:
            return
        path = self._buffer.split(b" ", 2)[1].decode()
        event, self._buffer = self._buffer[head_end:end], self._buffer[end:]
        if not path.startswith(_SILENT):
            self._arrivals.note(path, event)
            self._transport.write(_ANSWER)


if __name__ == "__main__":
    uvloop.run(receive())
