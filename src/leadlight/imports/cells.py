"""How values stand in the cells of our CSV and XLSX exports: not to be run, and to come back as they were.

Files that were written stay around for years, so what a cell says may never come to mean something else.
"""

import json
import re
from typing import Any

import msgspec

MAX_DEPTH = 31
"""Levels of nesting in one value of the metadata (contract §3 counts the metadata itself)."""

_MAX_DIGITS = 308
# What spreadsheets take for the beginning of a formula (OWASP, CSV injection), and our own mark.
_RUN = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001  (full width: some spreadsheets take them for the same)
_MARKED = ("'", *_RUN)
_PHONE = re.compile(r"\+[0-9][0-9 ()./-]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = frozenset({"true", "false", "null"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def to_cell(text: str) -> str:
    """The text with a ' in front where a spreadsheet would run it; a phone number stays as it is."""
    if text.startswith(_MARKED) and not _PHONE.fullmatch(text):
        return "'" + text
    return text


def from_cell(cell: str) -> str:
    """The text that `to_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell.startswith(_MARKED, 1) else cell


def metadata_cell(raw: msgspec.Raw) -> str:
    """The cell of a value of the metadata: a string as it is, everything else as JSON.

    A string stands as JSON too where the bare one would be taken for something else (42, true, {…}, nothing at all)
    or might not come back whole (outer spaces, control characters).
    """
    compact = msgspec.json.format(bytes(raw), indent=-1)
    if not compact.startswith(b'"'):
        return compact.decode()
    text = msgspec.json.decode(compact, type=str)
    bare = text != "" and text == text.strip() and not _CONTROL.search(text) and not is_json(text)
    return to_cell(text) if bare else compact.decode()


def metadata_value(cell: str) -> msgspec.Raw:
    """The value that `metadata_cell` was given."""
    text = from_cell(cell)
    if is_json(text):
        return msgspec.Raw(msgspec.json.format(text.encode(), indent=-1))
    return msgspec.Raw(msgspec.json.encode(text))


def is_json(text: str) -> bool:
    """Whether a text is JSON, with no space around it, that a lead's metadata can carry."""
    if text.startswith(("{", "[", '"')):
        return text == text.rstrip() and json_fault(text) is None
    return text in _WORDS or (_NUMBER.fullmatch(text) is not None and json_fault(text) is None)


def json_fault(text: str) -> str | None:
    """Why a text can't be a value of the metadata, in words that follow "must"; None when it can."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError:
        return "be JSON"
    except _Refused as refused:
        return str(refused)
    except RecursionError:
        return _NOT_DEEPER
    if "\\u" in text and _has_half_a_pair(value):
        return "not hold half of a surrogate pair"
    return _NOT_DEEPER if _is_too_deep(value) else None


class _Refused(Exception):
    """JSON that no reader can be relied on to carry."""


_NOT_DEEPER = f"not nest deeper than {MAX_DEPTH} levels"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("not hold a name twice in the same object")
    return found


def _float(text: str) -> float:
    number = float(text)
    if number - number != 0.0:
        raise _Refused("not hold a number too large for JSON readers to carry")
    return number


def _int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise _Refused("not hold a number too large for JSON readers to carry")
    return int(text)


def _constant(name: str) -> Any:
    raise _Refused(f"be JSON, where {name} is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_constant)


def _has_half_a_pair(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = [inner for item in containers for inner in (item.values() if isinstance(item, dict) else item)]
    return True
