"""The metadata of a lead, put together from columns."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from leadlight.errors import Invalid
from leadlight.imports.cells import metadata_value
from leadlight.imports.values import json_value, object_value
from leadlight.leads.metadata import check_size

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class MetadataColumn(NamedTuple):
    """`key`: None where the keys of an object are taken. `is_escaped`: the cells are those of our own export."""

    column: str
    key: str | None
    is_escaped: bool


def add_entry(entries: dict[str, object], column: MetadataColumn, value: object) -> None:
    """Adds a value that is there to the metadata. Raises Invalid."""
    key = "metadata" if column.key is None else column.key
    if isinstance(value, str):
        if column.is_escaped:
            entries[key] = metadata_value(value)
        elif not value.isspace():
            entries[key] = value
        return
    inner = object_value(value) if column.key is None else None
    if inner is not None:
        for name, item in inner.items():
            entries.setdefault(name, item)
        return
    raw = json_value(value)
    if raw is not None:
        entries[key] = raw


def encode_entries(entries: Mapping[str, object]) -> Raw | UnsetType:
    """The metadata of a lead. Raises Invalid."""
    if not entries:
        return UNSET
    try:
        text = msgspec.json.encode(entries)
    except UnicodeEncodeError:
        raise Invalid("invalid_character", "must not contain half of a surrogate pair") from None
    if b"\\u0000" in text and _NUL.search(text):
        raise Invalid("invalid_character", "must not contain a NUL character")
    check_size(text)
    return Raw(text)
