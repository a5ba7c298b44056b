"""Pages by number and by cursor: the opaque cursor, and the pagination object of a list."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.errors import Invalid

T = TypeVar("T", bound=msgspec.Struct)


def encode_cursor(place: msgspec.Struct) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def decode_cursor(text: str, kind: type[T]) -> T:
    """The place that a cursor stands for. Raises Invalid for a text that is no cursor of ours."""
    try:
        return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (ValueError, msgspec.DecodeError):
        raise Invalid("invalid_cursor", "must be a nextCursor from an earlier answer") from None


class Pagination(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`page`, `total`, `totalPages`, `hasPrev` belong to pages by number; `total` can be asked for with a cursor."""

    limit: int
    has_next: bool
    page: int | UnsetType = UNSET
    total: int | UnsetType = UNSET
    total_pages: int | UnsetType = UNSET
    has_prev: bool | UnsetType = UNSET
    next_cursor: str | None | UnsetType = UNSET
