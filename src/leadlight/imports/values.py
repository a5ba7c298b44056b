"""What the values of a row are: the texts of CSV, and the numbers, dates and JSON of spreadsheets and JSON lines."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import msgspec
from msgspec import Raw

from leadlight.errors import Invalid
from leadlight.imports.cells import json_fault

_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode


def text_of(value: object) -> str | None:
    """The text of a value without spaces around it, a number in digits; None for one that is empty. Raises Invalid."""
    if isinstance(value, Raw):
        value = json.loads(_checked(_json_text(value)), parse_float=Decimal)
    if isinstance(value, str):
        text = value.strip()
        check_text(text)
        return text or None
    if value is None:
        return None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _checked(_json_text(int(value) if isinstance(value, float) and value.is_integer() else value))
    raise Invalid("invalid_type", "must be a text")


def check_text(text: str) -> None:
    """Raises Invalid for what no store and no JSON can carry."""
    if "\0" in text:
        raise Invalid("invalid_character", "must not contain a NUL character")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid("invalid_character", "must not contain half of a surrogate pair")


def json_value(value: object) -> Raw | None:
    """A value as JSON of the type that it has, a date as text; None for one that is empty. Raises Invalid."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    compact = msgspec.json.format(_checked(_json_text(value)).encode(), indent=-1)
    return None if compact == b"null" else Raw(compact)


def object_value(value: object) -> dict[str, Raw] | None:
    """The values of a JSON object by their keys; None for a value that is none. Raises Invalid."""
    raw = None if isinstance(value, str) else json_value(value)
    return _decode_object(raw) if raw is not None and bytes(raw).startswith(b"{") else None


def _json_text(value: object) -> str:
    if isinstance(value, Raw):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime) and value.time() == time.min and value.tzinfo is None:
        return json.dumps(value.date().isoformat())  # how a spreadsheet holds a day
    if isinstance(value, date | time):
        return json.dumps(value.isoformat())
    if isinstance(value, timedelta):
        return json.dumps(str(value))
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise Invalid("invalid_type", "must be a value that JSON can carry") from None


def _checked(text: str) -> str:
    fault = json_fault(text)
    if fault is not None:
        raise Invalid("invalid_json", f"must {fault}")
    check_text(text)
    return text
