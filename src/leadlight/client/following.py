"""Following what happens, from connection to connection: what to ask for, and when again. Nothing here sends."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import msgspec

from leadlight.client.calls import Answer, Call
from leadlight.client.errors import UnexpectedAnswer, Unreachable
from leadlight.client.exchange import Lost, Terms
from leadlight.http.sse_parser import ServerEvent, SseParser

T = TypeVar("T")

MEDIA_TYPE = "text/event-stream"
_SILENCE_SECONDS = 45.0  # three heartbeats
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 10.0
_HEADERS = {
    "Accept": MEDIA_TYPE,
    "Accept-Encoding": "identity",  # what compresses on the way may also collect before it passes on
}


class Connection(StrEnum):
    """What becomes of the connection: it is there, it was lost, it is there again."""

    BEGUN = "begun"
    LOST = "lost"
    BACK = "back"


class Stream(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A request whose answer goes on, and how each event in it is read.

    `patience_seconds`: for a server that is away once it was there; before, a client's own patience holds.
    """

    path: str
    decode: Callable[[ServerEvent], T]
    params: Mapping[str, str] = {}
    on_connection: Callable[[Connection], object] | None = None
    patience_seconds: float = 300.0


class Place(Generic[T]):
    """A place in a stream. Each connection begins with `call`; what it brings is taken, and its end is judged."""

    def __init__(self, stream: Stream[T], terms: Terms) -> None:
        self._stream = stream
        self._terms = terms
        self._parser = SseParser()
        self._state: Connection | None = None
        self._tries = 0
        self._since = terms.clock()  # of the first try, or of the loss
        self._pause = _FIRST_PAUSE_SECONDS

    def call(self) -> Call[Any]:
        """The next request: behind what was had already."""
        self._parser = SseParser(self._parser.last_id)
        came_back_with = {"Last-Event-ID": self._parser.last_id} if self._parser.last_id else {}
        return Call(
            method="GET",
            path=self._stream.path,
            decode=lambda _: None,
            params=self._stream.params,
            headers={**_HEADERS, **came_back_with},
            timeout_seconds=_SILENCE_SECONDS,
        )

    def take(self, piece: bytes) -> list[T]:
        """The events that a piece completes. Raises UnexpectedAnswer."""
        told = self._parser.feed(piece)
        if self._parser.last_id and self._state in (None, Connection.LOST):
            self._is_there(Connection.BEGUN if self._state is None else Connection.BACK)
        try:
            return [self._stream.decode(event) for event in told]
        except msgspec.DecodeError as error:
            message = f"the stream has what is no event of Leadlight: {error}"
            raise UnexpectedAnswer(message, HTTPStatus.OK) from None

    def pause(self, end: Answer | Lost) -> float:
        """Seconds to wait before the next connection. Raises the error when there is no going on."""
        error = end.error() if isinstance(end, Answer) else Unreachable(end.reason)
        if not _may_pass(end):
            raise error
        if self._state not in (None, Connection.LOST):
            self._tell(Connection.LOST)
            self._since = self._terms.clock()
        asked_for = end.retry_after if isinstance(end, Answer) else None
        pause = self._first_pause(asked_for) if self._state is None else self._next_pause(asked_for or 0.0)
        if pause is None:
            raise error
        return pause

    def _first_pause(self, retry_after: float | None) -> float | None:
        self._tries += 1
        terms = self._terms
        elapsed = terms.clock() - self._since
        return terms.retrying.pause(self._tries, elapsed_seconds=elapsed, random=terms.random, retry_after=retry_after)

    def _next_pause(self, retry_after: float) -> float | None:
        pause = retry_after + self._pause * (0.5 + self._terms.random() / 2)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        away = self._terms.clock() - self._since + pause
        return pause if away <= self._stream.patience_seconds else None

    def _is_there(self, state: Connection) -> None:
        asked_for = self._parser.retry_milliseconds
        self._pause = _FIRST_PAUSE_SECONDS if asked_for is None else min(asked_for / 1000, _LONGEST_PAUSE_SECONDS)
        self._tell(state)

    def _tell(self, state: Connection) -> None:
        self._state = state
        if self._stream.on_connection is not None:
            self._stream.on_connection(state)


def is_stream(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer is what was asked for. Names of headers in lower case."""
    return status == HTTPStatus.OK and headers.get("content-type", "").partition(";")[0].strip() == MEDIA_TYPE


def _may_pass(end: Answer | Lost) -> bool:
    """Whether the next connection may be better."""
    if isinstance(end, Lost):
        return not end.hopeless
    return end.status == HTTPStatus.TOO_MANY_REQUESTS or end.status >= HTTPStatus.INTERNAL_SERVER_ERROR
