"""Uploads: a multipart body (RFC 7578) as texts and one file, which is read as it comes and never held whole."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, MutableMapping
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from leadlight.errors import InvalidInput, Problem
from leadlight.http.errors import BadRequest, PayloadTooLarge, UnsupportedMediaType

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

FILE = "file"
_HOW_TO = "Send multipart/form-data with a boundary, and in it the part `file` last"
_BROKE_OFF = "The body broke off before its end: send it again"
_MAX_TEXT_BYTES = 256 << 10
_MAX_BEFORE_FILE = 2 << 20
_MAX_NAME = 255
_MAX_PROBLEMS = 20
_IDLE_SECONDS = 60.0
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f]")

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what a client did wrong, the client is told


class Upload:
    """`texts`: the parts that are no file. They come before it: what follows it is refused.

    `problems`: what is wrong with those parts, for whoever reads them to tell with what is wrong inside of them.
    `file_name`: as its sender calls it, without folders; it may be empty.
    """

    def __init__(
        self,
        receive: Receive,
        content_type: bytes,
        *,
        names: Collection[str],
        limit: int,
        announced: bytes = b"",
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        """`names`: of the texts that are known. `limit`: of the file, in bytes. `announced`: the Content-Length.

        `idle_seconds`: how long a client may send nothing. Raises UnsupportedMediaType, PayloadTooLarge.
        """
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise UnsupportedMediaType(content_type.decode("latin-1"), _HOW_TO)
        if announced.isdigit() and int(announced[:19]) > limit + _MAX_BEFORE_FILE:
            raise PayloadTooLarge(limit)
        self._receive = receive
        self._names = names
        self._limit = limit
        self._idle_seconds = idle_seconds
        self.texts: dict[str, str] = {}
        self.file_name = ""
        self.body_ended = False
        self.problems: list[Problem] = []
        self._part: str | None = None
        self._is_file = self._form_ended = False
        self._header = self._value = b""
        self._disposition = b""
        self._text = bytearray()
        self._pieces: list[bytes] = []
        self._size = self._before_file = 0
        try:
            self._parser = MultipartParser(options[b"boundary"], self._callbacks())
        except FormParserError as error:
            raise BadRequest(f"The body's boundary can't be used: {error}") from None

    async def begin(self) -> None:
        """Reads up to the file. Raises BadRequest, and InvalidInput when too much stands before it."""
        while not (self._is_file or self._form_ended) and not self.body_ended:
            await self._feed()
        if self.body_ended and not self._form_ended:
            raise BadRequest(_BROKE_OFF)
        if not self._is_file:
            self.problems.append(Problem(FILE, "is required: the file, as the last part", "required"))

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file's content. Raises BadRequest when it breaks off, PayloadTooLarge, InvalidInput for all problems."""
        while True:
            if self.problems:
                raise InvalidInput(self.problems)
            pieces, self._pieces = self._pieces, []
            for piece in pieces:
                yield piece
            if self.body_ended:
                break
            await self._feed()
        if not self._form_ended:
            raise BadRequest(_BROKE_OFF)

    async def _feed(self) -> None:
        try:
            async with asyncio.timeout(self._idle_seconds):
                message = await self._receive()
        except TimeoutError:
            raise BadRequest(f"Nothing came for {self._idle_seconds:g} seconds: send it again") from None
        if message["type"] == "http.disconnect":
            self.body_ended = True
            raise BadRequest(_BROKE_OFF)
        self.body_ended = not message.get("more_body", False)
        body = message.get("body", b"")
        if not self._is_file:
            self._before_file += len(body)
        try:
            self._parser.write(body)
        except FormParserError as error:
            raise BadRequest(f"The body is not multipart/form-data as it should be: {error}") from None
        if not self._is_file and self._before_file > _MAX_BEFORE_FILE:
            too_late = f"must begin within the first {_MAX_BEFORE_FILE} bytes of the body"
            raise InvalidInput([*self.problems, Problem(FILE, too_late, "too_large")])

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_content,
            "on_part_data": self._content,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._disposition = b""
        self._text.clear()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _begin_content(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        self._part = None  # until it is known to be wanted
        if self._is_file:
            self._note(name, "stands behind the file, which has to be the last part", "order")
        elif name == FILE:
            self._part, self._is_file = name, True
            self.file_name = _file_name(options.get(b"filename", b"").decode("utf-8", "replace"))
        elif name in self.texts:
            self._note(name, "stands twice", "duplicate")
        elif name in self._names:
            self._part = name
        else:
            known = ", ".join((*self._names, FILE))
            self._note(name, f"unknown field; known are {known}", "unknown_field")

    def _content(self, data: bytes, start: int, end: int) -> None:
        if self._part == FILE:
            self._size += end - start
            if self._size > self._limit:
                raise PayloadTooLarge(self._limit)
            self._pieces.append(data[start:end])
        elif self._part is not None and len(self._text) <= _MAX_TEXT_BYTES:
            self._text += data[start:end]

    def _end_part(self) -> None:
        name, self._part = self._part, None
        if name is None or name == FILE:
            return
        self.texts[name] = ""
        if len(self._text) > _MAX_TEXT_BYTES:
            self._note(name, f"must not be longer than {_MAX_TEXT_BYTES} bytes", "too_long")
            return
        try:
            self.texts[name] = self._text.decode("utf-8")
        except UnicodeDecodeError:
            self._note(name, "must be UTF-8", "invalid_encoding")

    def _end(self) -> None:
        self._form_ended = True

    def _note(self, name: str, message: str, code: str) -> None:
        self.problems.append(Problem(name or "(a part without a name)", message, code))
        if len(self.problems) >= _MAX_PROBLEMS:
            raise InvalidInput(self.problems)


def _file_name(given: str) -> str:
    return _NOT_IN_NAMES.sub("", re.split(r"[\\/]", given)[-1])[-_MAX_NAME:]
