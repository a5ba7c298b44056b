"""What a handler is called with besides its caller: query, body and headers, as typed values."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from leadlight.errors import InvalidInput, Problem
from leadlight.http.idempotency import idempotency_key
from leadlight.http.operation import Operation
from leadlight.http.sse import last_event_id

_ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"|\*')


def decode_all(
    operation: Operation, headers: dict[bytes, bytes], *, path_id: str, query_string: bytes, body: bytes
) -> tuple[list[Any], dict[str, Any]]:
    """Query, body and headers of an operation; what is wrong with any of them is told at once.

    `path_id`: the id in the path, '' if it has none; the same body for another one is another request.
    """
    given: list[Any] = []
    named: dict[str, Any] = {}
    problems: list[Problem] = []
    with _collecting(problems):
        query = operation.query_decoder.decode(query_string)
        given += [query] if operation.query is not None else []
    with _collecting(problems):
        given += [operation.body_decoder.decode(body)] if operation.body_decoder is not None else []
    with _collecting(problems):
        if operation.if_match:
            named["if_match"] = _if_match(headers)
        if operation.idempotent:
            asked = f"{operation.id} {path_id}".rstrip()
            named["idempotency"] = idempotency_key(headers.get(b"idempotency-key"), asked, query_string, body)
        if operation.streams:
            named["last_event_id"] = last_event_id(headers.get(b"last-event-id"))
    if problems:
        raise InvalidInput(problems)
    return given, named


@contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        problems += error.problems


def is_known(etag: str, headers: dict[bytes, bytes]) -> bool:
    """Whether the client has this state already (If-None-Match, RFC 9110 §13.1.2)."""
    if b"if-none-match" not in headers:
        return False
    known = [tag.removeprefix("W/") for tag in _entity_tags(headers[b"if-none-match"])]
    return etag in known or "*" in known


def _if_match(headers: dict[bytes, bytes]) -> tuple[str, ...] | None:
    """The entity tags of If-Match (RFC 9110 §13.1.1), None without the header; `*` stands for any."""
    header = headers.get(b"if-match")
    return None if header is None else _entity_tags(header)


def _entity_tags(header: bytes) -> tuple[str, ...]:
    return tuple(_ENTITY_TAG.findall(header.decode("latin-1")))
