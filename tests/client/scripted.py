"""A real HTTP server on a loopback port that answers each request as the test says, and keeps what it was sent."""

import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self


@dataclass(frozen=True)
class Request:
    """As it came in. Names of headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Reaction = bytes | float | None
"""Bytes to send; seconds to wait, in silence; None for the end of the connection."""


def answer(status: int = 200, body: bytes = b"", **headers: str) -> list[Reaction]:
    """A whole answer. A header's name is written with underscores: `Retry_After="5"`."""
    named = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n".encode() + body]


def success(data: Any, status: int = 200, **headers: str) -> list[Reaction]:
    return answer(status, json.dumps({"success": True, "data": data}).encode(), **headers)


def failure(status: int, code: str, details: dict[str, Any] | None = None, **headers: str) -> list[Reaction]:
    told = {"success": False, "error": "It can't be done", "code": code, "details": details or {}, "requestId": "req_1"}
    return answer(status, json.dumps(told).encode(), **headers)


def silence(seconds: float = 5) -> list[Reaction]:
    return [seconds, None]


def hang_up() -> list[Reaction]:
    """The end of the connection, without an answer."""
    return [None]


def break_off(body: bytes = b"as far as h") -> list[Reaction]:
    """The end of the connection in the midst of a body."""
    return [f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) + 100}\r\n\r\n".encode() + body, 0.02, None]


class Scripted(socketserver.ThreadingTCPServer):
    """`with Scripted(answer(503), success({})) as server:` The last reaction is also that to all that comes later.

    `keeps_bodies`: whether the requests have them.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, *reactions: list[Reaction], keeps_bodies: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.requests: list[Request] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.keeps_bodies = keeps_bodies
        self._reactions = list(reactions)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.shutdown()
        self._thread.join(10)
        self.server_close()

    def react(self, request: Request, send: Callable[[bytes], object]) -> bool:
        """Whether the connection is kept."""
        self.requests.append(request)
        for step in self._reactions.pop(0) if len(self._reactions) > 1 else self._reactions[0]:
            if step is None:
                return False
            if isinstance(step, bytes):
                send(step)
            else:
                self._stopped.wait(step)
        return True

    def keys(self) -> list[str | None]:
        """The Idempotency-Key of each request."""
        return [request.headers.get("idempotency-key") for request in self.requests]


class _Connection(socketserver.StreamRequestHandler):
    server: Scripted
    timeout = 20

    def handle(self) -> None:
        try:
            while (line := self.rfile.readline().decode("latin-1")) and self.server.react(
                self._request(line), self.connection.sendall
            ):
                pass
        except OSError:
            pass  # the client had no patience

    def _request(self, line: str) -> Request:
        method, path, _ = line.split(" ")
        headers = {}
        while (text := self.rfile.readline().decode("latin-1").strip()) != "":
            name, _, value = text.partition(": ")
            headers[name.lower()] = value
        return Request(method, path, headers, self._body(headers))

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            left = int(headers.get("content-length", "0"))
            if self.server.keeps_bodies:
                return self.rfile.read(left)
            while left:
                left -= len(self.rfile.read(min(left, 1 << 16)))
            return b""
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)


def closed_port() -> str:
    """The address of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


class Naps:
    """A sleep that takes no time, and keeps how long it would have been; the clock goes on as if it had."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._began = time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def clock(self) -> float:
        return time.monotonic() - self._began + sum(self.seconds)
