"""What we know of uvicorn's inside, whose version is pinned for it: a bound on the request head, refusals in our
envelope, answers written whole, and answers that go on.
"""

import socket
import sys
from collections.abc import Iterable
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from leadlight.errors import LeadlightError
from leadlight.http.errors import STATUS, BadRequest, HeadersTooLarge, error_body
from leadlight.http.request_id import request_id

_SEND_BUFFER_BYTES = 64 << 10


def bounded_protocol(max_header_bytes: int) -> type[HttpToolsProtocol]:
    """uvicorn's HTTP protocol with a limit on the head; uvicorn takes a class and makes the instances."""
    return type("BoundedProtocol", (_BoundedProtocol,), {"max_header_bytes": max_header_bytes})


def write_whole(send: Any, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
    """Writes a whole answer at once; False when that can't be done and it has to be sent as ASGI has it.

    An ASGI answer is two messages, and uvicorn looks at each header with two regular expressions. Here the headers
    are our own, so that a third of a look-up's time can be spared (docs/decisions/0006). `send` is the ASGI callable.
    """
    cycle = getattr(send, "__self__", None)
    if (
        type(cycle) is not RequestResponseCycle
        or cycle.disconnected
        or cycle.response_started
        or cycle.flow.write_paused
    ):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    parts = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    if cycle.scope["method"] != "HEAD":
        parts.append(body)
    cycle.transport.write(b"".join(parts))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


def begin_open_end(send: Any) -> None:
    """Prepares the connection of an answer whose end nobody knows.

    What a slow client does not take is not to pile up, in our buffer or in the system's, which gives megabytes. And
    uvicorn would send HTTP/1.0 the chunks that it does not know (RFC 9112 §6.1): there, the answer ends with the
    connection.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is RequestResponseCycle and not cycle.transport.is_closing():
        cycle.transport.set_write_buffer_limits(high=0)
        cycle.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        if cycle.scope["http_version"] == "1.0":
            cycle.chunked_encoding, cycle.expected_content_length = False, sys.maxsize


def finish_open_end(send: Any) -> None:
    """Has to come before the last message of an answer that began with `begin_open_end`."""
    cycle = getattr(send, "__self__", None)
    if type(cycle) is RequestResponseCycle and not cycle.transport.is_closing():
        cycle.transport.set_write_buffer_limits()
        cycle.expected_content_length = 0


def abort(send: Any) -> None:
    """Drops a connection, and what its client has not taken."""
    cycle = getattr(send, "__self__", None)
    if type(cycle) is RequestResponseCycle:
        cycle.transport.abort()


_receive_data = HttpToolsProtocol.data_received


class _BoundedProtocol(HttpToolsProtocol):
    max_header_bytes: ClassVar[int]
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        if len(data) > self.max_header_bytes and not self._head_ends_within(data):
            self._refuse(HeadersTooLarge(self.max_header_bytes))
            return
        _receive_data(self, data)
        scope: Any = self.scope
        if scope is None or "method" in scope:  # uvicorn adds the method at the end of the head
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > self.max_header_bytes:
            self._refuse(HeadersTooLarge(self.max_header_bytes))

    def send_400_response(self, msg: str) -> None:
        self._refuse(BadRequest(msg))

    def _head_ends_within(self, data: bytes) -> bool:
        """A large packet may be a body, or a small head with a large body behind it."""
        is_within = self.scope is not None and "method" in self.scope
        if is_within and (not self.cycle.response_complete or self.cycle.more_body):
            return True
        end = data.find(b"\r\n\r\n")
        return 0 <= end <= self.max_header_bytes - self._head_bytes

    def _refuse(self, error: LeadlightError) -> None:
        id_ = request_id(None)
        body = error_body(error, id_.decode())
        head = b"content-type: application/json\r\nx-request-id: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[STATUS[error.code]] + head % (id_, len(body)) + body)
        self.transport.close()
