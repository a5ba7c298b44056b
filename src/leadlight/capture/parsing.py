"""What browsers and programs send to a form: JSON, or a form as HTML has them, read into its fields.

Strict: text that a store or another client can't carry is refused, and every problem is named at once.
"""

import logging
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

from leadlight.capture.payload import decode, too_many_fields
from leadlight.capture.submission import MAX_BODY, MAX_FIELDS, Field, Submitted
from leadlight.errors import InvalidInput, Problem

_MAX_CONTENT_TYPE = 1_000
_MAX_URLENCODED = 262_144  # four times what metadata can hold; what is escaped takes long to read
_LONGEST_BOUNDARY = 70
_CHARSET = "_charset_"
"""A hidden field of this name is filled in by browsers with the encoding that they use (HTML, form submission)."""

_NOT_TEXT = 'is not text in {}; say accept-charset="utf-8" at the form'

_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",  # what browsers mean by it (Encoding standard, names and labels)
    "windows-1252": "cp1252",
    "iso-8859-2": "iso8859-2",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "iso-8859-15": "iso8859-15",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
}

# A stranger's broken body is told to the stranger; it is no news for the server's log.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

Pairs = list[tuple[bytes, bytes]]


class MediaType(StrEnum):
    JSON = "application/json"
    URLENCODED = "application/x-www-form-urlencoded"
    MULTIPART = "multipart/form-data"


def media_type(content_type: str) -> MediaType | None:
    """How a body of this type is read; None for a type that is not taken."""
    name = content_type.partition(";")[0].strip().lower()
    if name == "text/plain" or (name.startswith("application/") and name.endswith("+json")):
        return MediaType.JSON  # pages send JSON as plain text where they can't wait for CORS (sendBeacon)
    return next((kind for kind in MediaType if kind.value == name), None)


def read_form(body: bytes, content_type: str) -> Submitted:
    """Raises InvalidJson, InvalidInput."""
    if len(body) > MAX_BODY:
        raise _refused("body", f"must not be larger than {MAX_BODY} bytes", "too_large")
    kind = media_type(content_type)
    if kind is MediaType.JSON:
        return Submitted(tuple(_read_json(body)))
    if kind is MediaType.URLENCODED:
        return Submitted(tuple(_fields(_urlencoded(body), _parameter(content_type, b"charset"))))
    if kind is MediaType.MULTIPART:
        parts = _parts(body, _parameter(content_type, b"boundary"))
        return Submitted(tuple(_fields(parts.pairs, None)), notes=tuple(_left_out(name) for name in parts.files))
    raise _refused("Content-Type", f"must be one of {', '.join(MediaType)}", "unsupported_media_type")


def _read_json(body: bytes) -> list[Field]:
    given = decode(body, dict[str, msgspec.Raw])
    if len(given) > MAX_FIELDS:
        raise too_many_fields()
    return [Field(name, value) for name, raw in given.items() if (value := _json_value(raw)) is not None]


def _json_value(raw: msgspec.Raw) -> Any:
    """Texts as such; of all others the JSON text, so that numbers keep their digits."""
    text = bytes(raw)
    return msgspec.json.decode(text) if text[:1] in (b'"', b"n") else raw


def _urlencoded(body: bytes) -> Pairs:
    if len(body) > _MAX_URLENCODED:
        raise _refused("body", f"must not be larger than {_MAX_URLENCODED} bytes", "too_large")
    pairs = body.split(b"&")
    if len(pairs) > MAX_FIELDS:
        raise too_many_fields()
    return [
        (unquote_to_bytes(name.replace(b"+", b" ")), unquote_to_bytes(value.replace(b"+", b" ")))
        for name, _, value in (pair.partition(b"=") for pair in pairs if pair)
    ]


class _Parts:
    """Takes what the parser of multipart finds. Of files it keeps their fields' names alone."""

    def __init__(self) -> None:
        self.pairs: Pairs = []
        self.files: list[bytes] = []
        self.is_whole = False
        self._header = self._disposition = b""
        self._value, self._data = bytearray(), bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._take_header,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_part_data": self._take_data,
            "on_part_end": self._end,
            "on_end": self._end_all,
        }

    def _begin(self) -> None:
        if len(self.pairs) + len(self.files) >= MAX_FIELDS:
            raise too_many_fields()
        self._header = self._disposition = b""
        self._data = bytearray()

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header = b""
        self._value = bytearray()

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"")
        if b"filename" not in options:
            self.pairs.append((name, bytes(self._data)))
        elif self._data or options[b"filename"]:  # nothing was chosen, if both are empty
            self.files.append(name)

    def _end_all(self) -> None:
        self.is_whole = True


def _parts(body: bytes, boundary: bytes) -> _Parts:
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise _refused("Content-Type", "must name the boundary of the parts", "invalid_multipart")
    parts = _Parts()
    try:
        MultipartParser(boundary, parts.callbacks()).write(body)
    except FormParserError as error:
        raise _refused("body", f"is not well-formed multipart: {error}", "invalid_multipart") from None
    if not parts.is_whole:
        raise _refused("body", "ends before the last boundary of its parts", "invalid_multipart")
    return parts


def _fields(pairs: Pairs, charset: bytes | None) -> list[Field]:
    """Fields by name, in their order; one that is there several times, or is called `name[]`, has a list."""
    named = next((value for name, value in pairs if name == _CHARSET.encode()), b"") or charset or b"utf-8"
    encoding = _ENCODINGS.get(named.decode("ascii", "replace").strip(" \"'").lower())
    if encoding is None:
        raise _refused(_CHARSET, f"must be one of {', '.join(_ENCODINGS)}", "invalid_encoding")
    problems: list[Problem] = []
    values: dict[str, list[str]] = {}
    are_lists: set[str] = set()
    for raw_name, raw_value in pairs:
        name, value = _text(raw_name, encoding), _text(raw_value, encoding)
        if name is None or value is None:
            shown = raw_name.decode("ascii", "replace")
            problems.append(Problem(shown, _NOT_TEXT.format(encoding), "invalid_encoding"))
            continue
        problems += _problems_of(name, value)
        if name.endswith("[]"):
            name = name[:-2]
            are_lists.add(name)
        if name != _CHARSET:
            values.setdefault(name, []).append(value)
    if problems:
        raise InvalidInput(problems)
    return [Field(name, texts if len(texts) > 1 or name in are_lists else texts[0]) for name, texts in values.items()]


def _problems_of(name: str, value: str) -> Iterable[Problem]:
    if not name.strip():
        yield Problem("", "a field must have a name", "blank")
    if "\0" in name or "\0" in value:
        shown = name.replace("\0", "\N{REPLACEMENT CHARACTER}")
        yield Problem(shown, "must not contain a NUL character", "invalid_character")


def _text(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _left_out(name: bytes) -> str:
    return f"{name.decode('utf-8', 'replace')[:100]}: files are not taken"


def _parameter(content_type: str, name: bytes) -> bytes:
    header = content_type[:_MAX_CONTENT_TYPE].encode("latin-1", "replace")
    return parse_options_header(header)[1].get(name, b"")


def _refused(field: str, message: str, code: str) -> InvalidInput:
    return InvalidInput([Problem(field, message, code)])
