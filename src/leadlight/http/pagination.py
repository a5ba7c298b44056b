"""Pages by number and by cursor: the opaque cursor, and the pagination object of a list."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.errors import Invalid

T = TypeVar("T", bound=msgspec.Struct)


class HasId(Protocol):
    @property
    def id(self) -> str: ...


Identified = TypeVar("Identified", bound=HasId)


def encode_cursor(place: msgspec.Struct) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def decode_cursor(text: str, kind: type[T]) -> T:
    """The place that a cursor stands for. Raises Invalid for a text that is no cursor of ours."""
    try:
        return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (ValueError, msgspec.DecodeError):
        raise Invalid("invalid_cursor", "must be a nextCursor from an earlier answer") from None


class CursorPagination(msgspec.Struct, frozen=True, rename="camel"):
    """Of a list that is read by cursor alone."""

    limit: int
    has_next: bool
    next_cursor: str | None


def cut(found: Sequence[Identified], limit: int) -> tuple[Sequence[Identified], CursorPagination]:
    """A page of what was found with one more than its limit; the cursor is the id of the last."""
    page = found[:limit]
    has_next = len(found) > limit
    return page, CursorPagination(limit, has_next, page[-1].id if has_next else None)


class Pagination(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`page`, `total`, `totalPages`, `hasPrev` belong to pages by number; `total` can be asked for with a cursor."""

    limit: int
    has_next: bool
    page: int | UnsetType = UNSET
    total: int | UnsetType = UNSET
    total_pages: int | UnsetType = UNSET
    has_prev: bool | UnsetType = UNSET
    next_cursor: str | None | UnsetType = UNSET
