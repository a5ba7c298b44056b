"""The call: a request as a plain value, and how its answer is read. Nothing is sent here."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from leadlight.client.errors import InvalidArgument, LeadlightError, UnexpectedAnswer, error_of
from leadlight.client.transfer import Sink, Upload

T = TypeVar("T")

TRANSFER_TIMEOUT_SECONDS = 300.0
"""A server may say nothing for so long while it takes or makes a file."""


class Answer(msgspec.Struct, frozen=True):
    """What came back. Names of headers in lower case; `written`: bytes that went into the call's sink, not `body`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    written: int = 0

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """The seconds that the header names, if it does."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isascii() and text.isdigit() else None

    def error(self) -> LeadlightError:
        return error_of(self.status, self.body, retry_after=self.retry_after)


class Pagination(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """`page`, `total`, `total_pages`: of pages by number."""

    limit: int
    has_next: bool
    next_cursor: str | None = None
    page: int | None = None
    total: int | None = None
    total_pages: int | None = None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list, and where it goes on."""

    items: Sequence[T]
    pagination: Pagination


class Call(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A request to one endpoint, and how its answer is read.

    `path`: behind `/api/v1`. `repeatable`: doing it twice is doing it once. `idempotent`: it becomes repeatable by an
    Idempotency-Key, which is the same in all tries. `cursor`: the parameter with which a list goes on.
    """

    method: str
    path: str
    decode: Callable[[Answer], T]
    params: Mapping[str, str] = {}
    content: bytes | None = None
    upload: Upload | None = None
    sink: Sink | None = None
    headers: Mapping[str, str] = {}
    repeatable: bool = True
    idempotent: bool = False
    timeout_seconds: float | None = None
    cursor: str = "after"

    def keyed(self, new_key: Callable[[], str]) -> "Call[T]":
        """The call with an Idempotency-Key, where it takes one."""
        if not self.idempotent:
            return self
        headers = {"Idempotency-Key": new_key(), **self.headers}
        return msgspec.structs.replace(self, headers=headers, repeatable=True)

    def read(self, answer: Answer) -> T:
        """Raises UnexpectedAnswer for one that does not fit."""
        try:
            return self.decode(answer)
        except msgspec.DecodeError as error:
            raise UnexpectedAnswer(f"the answer can't be read as one of Leadlight: {error}", answer.status) from None

    @contextmanager
    def body(self) -> Iterator[dict[str, Any]]:
        """The body as httpx takes it."""
        body = {} if self.content is None else {"content": self.content}
        with nullcontext(body) if self.upload is None else self.upload.opened() as opened:
            yield opened


def following(call: Call[Page[T]], page: Page[T]) -> Call[Page[T]] | None:
    """The call for what comes after a page; None when it was the last."""
    if not page.pagination.has_next or page.pagination.next_cursor is None:
        return None
    return msgspec.structs.replace(call, params={**call.params, call.cursor: page.pagination.next_cursor})


class _Success(msgspec.Struct, Generic[T], frozen=True):
    data: T


def data(kind: type[T]) -> Callable[[Answer], T]:
    """Reads the envelope's data."""
    decoder: msgspec.json.Decoder[_Success[T]] = msgspec.json.Decoder(_Success[kind])  # type: ignore[valid-type]
    return lambda answer: decoder.decode(answer.body).data


def page(name: str, kind: type[T]) -> Callable[[Answer], Page[T]]:
    """Reads a list. `name`: what the items stand under."""
    read_data, read_items = data(dict[str, msgspec.Raw]), msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]

    def read(answer: Answer) -> Page[T]:
        found = read_data(answer)
        try:
            items, pagination = found[name], found["pagination"]
        except KeyError as missing:
            raise msgspec.ValidationError(f"it has no {missing}") from None
        return Page(read_items.decode(items), msgspec.json.decode(pagination, type=Pagination))

    return read


def segment(text: str) -> str:
    """An id as a part of a path. Raises InvalidArgument for one that would lead elsewhere."""
    if not text.strip("."):
        raise InvalidArgument("an id is needed; this one is empty")
    return quote(text, safe="")


def headers(**given: str | None) -> dict[str, str]:
    """By names with underscores, without those that are None. Raises InvalidArgument for what is no header."""
    for text in given.values():
        if text is not None and not (text.isascii() and text.isprintable()):
            raise InvalidArgument("an idempotency key, or an etag, has to be printable ASCII characters")
    return {name.replace("_", "-"): text for name, text in given.items() if text is not None}


def body(value: object) -> bytes:
    """JSON of what a caller gave. Raises InvalidArgument for what is none, NaN included."""
    try:
        plain = msgspec.to_builtins(value)
        return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"this can't be sent as JSON: {error}") from None


def named(given: Mapping[str, Any]) -> dict[str, Any]:
    """By their names on the wire."""
    return {camel(name): value for name, value in given.items()}


def params(given: Mapping[str, Any]) -> dict[str, str]:
    """Query parameters by their names on the wire; those that are None are left out."""
    found: dict[str, str] = {}
    for name, value in given.items():
        if name == "metadata":
            found |= {f"metadata.{key}": _text(item) for key, item in (value or {}).items()}
        elif value is not None:
            found[camel(name)] = _text(value)
    return found


def conditions(given: Mapping[str, Any]) -> dict[str, Any]:
    """The same as JSON."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name == "metadata":
            found[name] = {key: _text(item) for key, item in value.items()}
        elif name in ("status", "source"):
            found[name] = [text.strip() for text in value.split(",")] if isinstance(value, str) else value
        else:
            found[camel(name)] = value
    return found


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return str(value)
    texts = [_text(item) for item in value]
    if any("," in text for text in texts):
        raise InvalidArgument("what is listed must not hold commas")
    return ",".join(texts)
