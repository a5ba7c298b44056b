"""uvicorn's HTTP protocol with a bound on the request head, refusals in our envelope, and whole answers.

An ASGI answer is two messages, and uvicorn looks at each header of it with two regular
expressions. The dispatcher's answers are whole and their headers its own, so they can be written
at once: that makes a third of a look-up's time (docs/decisions/0006). This knows the inside of
uvicorn's protocol, whose version is therefore pinned.
"""

from collections.abc import Iterable
from functools import partial

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from leadlight.errors import LeadlightError
from leadlight.http.dispatch import WRITE_WHOLE, request_id
from leadlight.http.errors import STATUS, BadRequest, HeadersTooLarge, error_body


def bounded_protocol(max_header_bytes: int) -> type[HttpToolsProtocol]:
    """The protocol class with its limit; uvicorn takes a class and makes the instances."""

    class BoundedProtocol(HttpToolsProtocol):
        _head_bytes = 0

        def data_received(self, data: bytes) -> None:
            if len(data) > max_header_bytes and not self._head_ends_within(data):
                self._refuse(HeadersTooLarge(max_header_bytes))
                return
            super().data_received(data)
            if self._is_in_head():
                self._head_bytes += len(data)
                if self._head_bytes > max_header_bytes:
                    self._refuse(HeadersTooLarge(max_header_bytes))
            else:
                self._head_bytes = 0

        def on_headers_complete(self) -> None:
            super().on_headers_complete()
            self.scope[WRITE_WHOLE] = partial(_write_whole, self.cycle)  # type: ignore[literal-required]  # a key of our own

        def send_400_response(self, msg: str) -> None:
            self._refuse(BadRequest(msg))

        def _is_in_head(self) -> bool:
            """Whether a head has begun and not ended: uvicorn adds the method at its end."""
            scope = self.scope
            return scope is not None and "method" not in scope

        def _head_ends_within(self, data: bytes) -> bool:
            """A large packet may be a body, or a small head with a large body behind it."""
            if self.scope is not None and not self._is_in_head() and not self.cycle.response_complete:
                return True
            end = data.find(b"\r\n\r\n")
            return 0 <= end <= max_header_bytes - self._head_bytes

        def _refuse(self, error: LeadlightError) -> None:
            id_ = request_id(None)
            body = error_body(error, id_.decode())
            head = (
                b"content-type: application/json\r\nx-request-id: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(STATUS_LINE[STATUS[error.code]] + head % (id_, len(body)) + body)
            self.transport.close()

    return BoundedProtocol


def _write_whole(cycle: RequestResponseCycle, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
    """Writes an answer at once; False when that can't be done now and it has to be sent as ASGI does."""
    if cycle.disconnected or cycle.response_started or cycle.flow.write_paused:
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
