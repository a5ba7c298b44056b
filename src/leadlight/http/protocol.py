"""uvicorn's HTTP protocol with a bound on the request head, and its own refusals in our envelope."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from leadlight.errors import LeadlightError
from leadlight.http.dispatch import request_id
from leadlight.http.errors import STATUS, BadRequest, HeadersTooLarge, error_body


def bounded_protocol(max_header_bytes: int) -> type[HttpToolsProtocol]:
    """The protocol class with its limit; uvicorn takes a class and makes the instances."""

    class BoundedProtocol(HttpToolsProtocol):
        _head_bytes = 0
        _in_head = True

        def data_received(self, data: bytes) -> None:
            if self._in_head:
                self._head_bytes += len(data)
                if self._head_bytes > max_header_bytes and not self._head_ends_within(data):
                    self._refuse(HeadersTooLarge(max_header_bytes))
                    return
            super().data_received(data)

        def on_message_begin(self) -> None:
            self._in_head = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head = False
            self._head_bytes = 0
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._in_head = True
            super().on_message_complete()

        def send_400_response(self, msg: str) -> None:
            self._refuse(BadRequest(msg))

        def _head_ends_within(self, data: bytes) -> bool:
            """A first packet may hold a small head and a large body."""
            end = data.find(b"\r\n\r\n")
            return end >= 0 and self._head_bytes - len(data) + end <= max_header_bytes

        def _refuse(self, error: LeadlightError) -> None:
            id_ = request_id(None)
            body = error_body(error, id_.decode())
            head: list[Any] = [
                STATUS_LINE[STATUS[error.code]],
                b"content-type: application/json\r\nx-request-id: " + id_,
                b"\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body),
            ]
            self.transport.write(b"".join([*head, body]))
            self.transport.close()

    return BoundedProtocol
