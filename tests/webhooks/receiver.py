"""A real HTTP receiver in a thread, on a loopback port: it does what the test says, and keeps what it was sent."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Self, cast

import uvloop


@dataclass(frozen=True)
class Request:
    """One request as it came in. Names of headers in lower case; `arrived_at` in seconds of the monotonic clock."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    arrived_at: float
    connection: int


@dataclass(frozen=True)
class Reaction:
    """What a request gets: bytes to send and seconds to wait, in turn; then the connection stays, or is closed."""

    steps: tuple[bytes | float, ...] = ()
    closes: bool = False


React = Callable[[Request], Reaction]


def answer(status: int = 200, body: bytes = b"", *, after_seconds: float = 0, **headers: str) -> Reaction:
    """A whole answer. A header's name is written with underscores: `Retry_After="5"`."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} Status\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode()
    return Reaction((after_seconds, head + body) if after_seconds else (head + body,))


def hang() -> Reaction:
    """No answer at all, for as long as the client has patience."""
    return Reaction()


def close() -> Reaction:
    """No answer, and the end of the connection."""
    return Reaction(closes=True)


def break_off(body: bytes = b"as far as h") -> Reaction:
    """The connection ends before the body that was announced does."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) + 100}\r\n\r\n".encode()
    return Reaction((head, 0.05, body, 0.05), closes=True)


def trickle(data: bytes, *, every_seconds: float = 0.05) -> Reaction:
    """Byte by byte."""
    return Reaction(tuple(step for byte in data for step in (bytes([byte]), every_seconds)))


def redirect(location: str, status: int = 307) -> Reaction:
    return answer(status, Location=location)


def in_turn(*reactions: Reaction) -> React:
    """One for each request; the last for all that come later."""
    left = list(reactions)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


class Receiver:
    """`with Receiver() as receiver:` It answers 200, unless it is told `react`, which may be changed at any time.

    `requests` and `connections` may be looked at from any thread. `tls`: to speak HTTPS.
    """

    def __init__(self, react: React = lambda _: answer(), *, tls: ssl.SSLContext | None = None) -> None:
        self.react = react
        self.requests: list[Request] = []
        self.connections = 0
        self._tls = tls
        self.transports: set[asyncio.WriteTransport] = set()
        ready: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        self.port = ready.result(10)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_for(self, count: int, *, seconds: float = 10) -> list[Request]:
        """All requests, once there are so many. Raises TimeoutError when there are not."""
        until = time.monotonic() + seconds
        while len(self.requests) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self.requests)} requests came, not {count}")
            time.sleep(0.002)
        return list(self.requests)

    def stop(self) -> None:
        """Also in the middle of a test: from then on connections are refused."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)

    def _run(self, ready: "Future[int]") -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(ready))

    async def _serve(self, ready: "Future[int]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, ssl=self._tls, backlog=2048)
        ready.set_result(server.sockets[0].getsockname()[1])
        await self._stopped.wait()
        server.close()
        for transport in list(self.transports):
            transport.abort()
        await asyncio.sleep(0.01)  # in which they end


class _Connection(asyncio.Protocol):
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._receiver.transports.add(self._transport)
        self._receiver.connections += 1
        self._number = self._receiver.connections

    def connection_lost(self, _: Exception | None) -> None:
        self._receiver.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer[:1].isalpha():
            self._play(iter([b"HTTP/1.1 400 This is not HTTP\r\nContent-Length: 0\r\n\r\n"]), closes=True)
            return
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (text.partition(": ") for text in lines)}
        if not end or len(body) < int(headers.get("content-length", 0)):
            return
        self._buffer = b""
        method, path, _ = line.split(" ")
        request = Request(method, path, headers, body, time.monotonic(), self._number)
        self._receiver.requests.append(request)
        reaction = self._receiver.react(request)
        self._play(iter(reaction.steps), closes=reaction.closes)

    def _play(self, steps: Iterator[bytes | float], *, closes: bool) -> None:
        for step in steps:
            if self._transport.is_closing():
                return
            if isinstance(step, bytes):
                self._transport.write(step)
            else:
                asyncio.get_running_loop().call_later(step, partial(self._play, steps, closes=closes))
                return
        if closes:
            self._transport.close()
