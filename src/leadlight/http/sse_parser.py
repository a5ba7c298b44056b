"""Reads Server-Sent Events (WHATWG HTML §9.2.5, §9.2.6): bytes go in as they come, events come out."""

import codecs
import re

import msgspec

_LINE_END = re.compile(r"\r\n|\n|\r")
_MILLISECONDS = re.compile(r"[0-9]{1,9}")  # the standard has no bound; this one is eleven days


class ServerEvent(msgspec.Struct, frozen=True):
    """`last_id`: what to come back with (Last-Event-ID) to be told what followed."""

    type: str
    data: str
    last_id: str


class SseParser:
    """Of one connection. `last_id`: of the connection before it, if there was one."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry_milliseconds: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._ended_in_cr = False
        self._line: list[str] = []
        self._id = last_id
        self._type = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that a chunk completes, wherever it was cut off."""
        text = self._decoder.decode(chunk)
        if self._ended_in_cr and text.startswith("\n"):
            self._ended_in_cr = False
            text = text[1:]
        if not text:
            return []
        self._ended_in_cr = text.endswith("\r")
        events: list[ServerEvent] = []
        first, *others = _LINE_END.split(text)
        self._line.append(first)
        for other in others:
            event = self._take("".join(self._line))
            if event is not None:
                events.append(event)
            self._line = [other]
        return events

    def _take(self, line: str) -> ServerEvent | None:
        """The event that a line ends, if it is the empty one behind an event."""
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")  # of a comment the name is empty
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and _MILLISECONDS.fullmatch(value):
            self.retry_milliseconds = int(value)
        return None

    def _dispatch(self) -> ServerEvent | None:
        type_, data = self._type, self._data
        self._type, self._data = "", []
        self.last_id = self._id
        # A lone empty `data` is an event too: it has put a line end into the standard's buffer.
        return ServerEvent(type_ or "message", "\n".join(data), self.last_id) if data else None
