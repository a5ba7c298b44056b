"""Metadata: JSON that belongs to the client. It is checked, merged (RFC 7396), filled and compared, but the
text of its values is never rewritten: numbers keep their digits, keys their order.
"""

import json
from collections.abc import Container
from decimal import Decimal
from typing import Any

import msgspec

from leadlight.errors import Invalid

MAX_BYTES = 65_536
EMPTY = msgspec.Raw(b"{}")

NULL = msgspec.Raw(b"null")
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def metadata_rule(given: msgspec.Raw) -> msgspec.Raw:
    """The compact form of a JSON object; null stands for an empty one. Raises Invalid."""
    text = msgspec.json.format(bytes(given), indent=-1)
    if text == b"null":
        return EMPTY
    if not text.startswith(b"{"):
        raise Invalid("invalid_type", "must be a JSON object")
    check_size(text)
    return msgspec.Raw(text)


def patch_rule(given: msgspec.Raw) -> msgspec.Raw | None:
    """A merge patch in compact form; None for null, which empties the metadata. Raises Invalid."""
    return None if bytes(given).strip() == b"null" else metadata_rule(given)


def check_size(text: bytes) -> None:
    if len(text) > MAX_BYTES:
        raise Invalid("too_large", f"must not be larger than {MAX_BYTES} bytes of JSON")


def merge(target: msgspec.Raw, patch: msgspec.Raw) -> msgspec.Raw:
    """RFC 7396 on texts: null removes a key, objects merge, everything else replaces."""
    if not _is_object(patch):
        return patch
    merged = _decode_object(target) if _is_object(target) else {}
    for key, value in _decode_object(patch).items():
        if bytes(value) == b"null":
            merged.pop(key, None)
        elif _is_object(value):
            merged[key] = merge(merged.get(key, EMPTY), value)
        else:
            merged[key] = value
    return msgspec.Raw(msgspec.json.encode(merged))


def fill(target: msgspec.Raw, other: msgspec.Raw, *, first: Container[str] = ()) -> msgspec.Raw:
    """An object with what it lacks of another one added, level by level; null is as good as nothing.

    `first`: the keys, of the top level, where it is the other way round: the other's value is filled with its own.
    """
    filled = _decode_object(target)
    for key, value in _decode_object(other).items():
        mine = filled.get(key, NULL)
        filled[key] = _fill_value(value, mine) if key in first else _fill_value(mine, value)
    return msgspec.Raw(msgspec.json.encode(filled))


def has_key(metadata: msgspec.Raw, key: str) -> bool:
    return key in _decode_object(metadata)


def replace_keys(target: msgspec.Raw, given: msgspec.Raw) -> msgspec.Raw:
    """An object with the values that another one has at its keys, whatever they are."""
    return msgspec.Raw(msgspec.json.encode(_decode_object(target) | _decode_object(given)))


def differences(before: msgspec.Raw, after: msgspec.Raw) -> tuple[msgspec.Raw, msgspec.Raw] | None:
    """The top-level keys that differ, with their old and their new values; None when none does.

    A key that stands on one side alone was added or removed. The order of keys is no difference,
    and neither is the spelling of a number that stays the same number.
    """
    if bytes(before) == bytes(after):
        return None
    old, new = _decode_object(before), _decode_object(after)
    changed = [key for key in {**old, **new} if not _same(old.get(key), new.get(key))]
    if not changed:
        return None
    return _pick(old, changed), _pick(new, changed)


def _fill_value(value: msgspec.Raw, other: msgspec.Raw) -> msgspec.Raw:
    if bytes(value) == b"null":
        return other
    return fill(value, other) if _is_object(value) and _is_object(other) else value


def _same(one: msgspec.Raw | None, other: msgspec.Raw | None) -> bool:
    if one is None or other is None:
        return one is other
    return bytes(one) == bytes(other) or _meaning(one) == _meaning(other)


def _meaning(value: msgspec.Raw) -> Any:
    """Comparable values: exact numbers, and boxed, for Python holds 1 for equal to true."""
    return json.loads(bytes(value), parse_int=_boxed, parse_float=_boxed)


def _boxed(digits: str) -> tuple[Decimal]:
    return (Decimal(digits),)


def _pick(values: dict[str, msgspec.Raw], keys: list[str]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode({key: values[key] for key in keys if key in values}))


def _is_object(value: msgspec.Raw) -> bool:
    return bytes(value)[:1] == b"{"
