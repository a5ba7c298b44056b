"""The query string: declared parameters with their rules, decoded with every problem named at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from keyword import iskeyword
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

from leadlight.clock import from_iso
from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.ids import IdKind

E = TypeVar("E", bound=Enum)

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)  # Python knows more ways to write one


@dataclass(frozen=True, slots=True)
class Rule:
    """Turns a parameter's text into its value, or raises Invalid; `schema` is JSON Schema of the text."""

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """`name` as on the wire; one that ends in a dot takes any key behind it (`metadata.<key>`)."""

    name: str
    rule: Rule
    description: str
    attribute: str = field(init=False)

    def __post_init__(self) -> None:
        snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in self.name)
        object.__setattr__(self, "attribute", f"{snake}_" if iskeyword(snake) else snake.rstrip("."))


class QueryDecoder:
    """Decodes query strings to a Struct whose attributes are the parameters' names."""

    def __init__(self, target: type[msgspec.Struct] | None, parameters: tuple[Parameter, ...]) -> None:
        self._target = target
        self._named = {parameter.name: parameter for parameter in parameters if not parameter.name.endswith(".")}
        self._prefixed = [parameter for parameter in parameters if parameter.name.endswith(".")]

    def decode(self, query_string: bytes) -> Any:
        """The decoded query, or None for an operation without one. Raises InvalidInput."""
        if not query_string:
            return self._target() if self._target else None
        problems: list[Problem] = []
        values: dict[str, Any] = {}
        seen: set[str] = set()
        for pair in query_string.split(b"&"):
            if not pair:
                continue
            raw_name, _, raw_value = pair.partition(b"=")
            try:
                name, text = _text(raw_name), _text(raw_value)
            except Invalid as invalid:
                problems.append(invalid.of(raw_name.decode("ascii", "replace")))
                continue
            try:
                if name in seen:
                    raise Invalid("duplicate", "given more than once")
                seen.add(name)
                self._take(name, text, values)
            except Invalid as invalid:
                problems.append(invalid.of(name))
        if problems:
            raise InvalidInput(problems)
        return self._target(**values) if self._target else None

    def _take(self, name: str, text: str, values: dict[str, Any]) -> None:
        parameter = self._named.get(name)
        if parameter is not None:
            values[parameter.attribute] = parameter.rule.parse(text)
            return
        for parameter in self._prefixed:
            if name.startswith(parameter.name):
                key = _key(name[len(parameter.name) :])
                values.setdefault(parameter.attribute, {})[key] = parameter.rule.parse(text)
                return
        known = sorted([*self._named, *(f"{parameter.name}<key>" for parameter in self._prefixed)])
        hint = "known are " + ", ".join(known) if known else "this operation takes none"
        raise Invalid("unknown_parameter", f"unknown parameter; {hint}")


def integer(low: int, high: int, *, default: int | None = None) -> Rule:
    def parse(text: str) -> int:
        if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20 and low <= int(text) <= high:
            return int(text)
        raise Invalid("out_of_range", f"must be a whole number from {low} to {high}")

    schema: dict[str, Any] = {"type": "integer", "minimum": low, "maximum": high}
    return Rule(parse, schema | ({} if default is None else {"default": default}))


def boolean() -> Rule:
    def parse(text: str) -> bool:
        if text not in ("true", "false"):
            raise Invalid("invalid_choice", "must be true or false")
        return text == "true"

    return Rule(parse, {"type": "boolean"})


def text(max_length: int, *, min_length: int = 0) -> Rule:
    def parse(value: str) -> str:
        if not min_length <= len(value) <= max_length:
            raise Invalid("too_long" if value else "blank", f"must have {min_length} to {max_length} characters")
        return value

    return Rule(parse, {"type": "string", "minLength": min_length, "maxLength": max_length, "pattern": "^[^\\x00]*$"})


def texts(max_length: int, *, max_items: int = 100) -> Rule:
    """Several texts by comma."""
    one = text(max_length, min_length=1)

    def parse(value: str) -> tuple[str, ...]:
        parts = value.split(",")
        if len(parts) > max_items:
            raise Invalid("too_many", f"at most {max_items} can be asked for at once")
        return tuple(one.parse(part.strip()) for part in parts)

    schema = {"type": "array", "items": one.schema, "minItems": 1, "maxItems": max_items}
    return Rule(parse, schema, style="form")


def choice(kind: type[E], *, default: E | None = None) -> Rule:
    def parse(value: str) -> E:
        try:
            return kind(value)
        except ValueError:
            raise Invalid("invalid_choice", f"must be one of {', '.join(names)}") from None

    names = [str(member.value) for member in kind]
    schema: dict[str, Any] = {"type": "string", "enum": names}
    return Rule(parse, schema | ({} if default is None else {"default": default.value}))


def choices(kind: type[E]) -> Rule:
    """Several of an enum's values by comma."""
    one = choice(kind)

    def parse(value: str) -> tuple[E, ...]:
        return tuple(dict.fromkeys(one.parse(part.strip()) for part in value.split(",")))

    return Rule(parse, {"type": "array", "items": one.schema, "minItems": 1}, style="form")


def timestamp() -> Rule:
    def parse(value: str) -> int:
        try:
            return from_iso(value.replace(" ", "+"))  # an offset's plus that was not percent-encoded
        except (ValueError, OverflowError):
            message = "must be an ISO 8601 date or time, such as 2024-01-15 or 2024-01-15T10:30:00.000Z"
            raise Invalid("invalid_time", message) from None

    return Rule(parse, {"type": "string", "format": "date-time"})


def day() -> Rule:
    def parse(value: str) -> date:
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise Invalid("invalid_time", "must be a date, such as 2024-01-15")

    return Rule(parse, {"type": "string", "format": "date"})


def id_cursor(kind: IdKind) -> Rule:
    """The id behind which a list goes on, as handed out in `nextCursor`."""

    def parse(value: str) -> str:
        if not kind.accepts(value):
            raise Invalid("invalid_cursor", "must be a nextCursor from an earlier answer")
        return value

    return Rule(parse, {"type": "string", "pattern": f"^{kind.pattern.pattern}$"})


def cursor_position() -> Rule:
    """A place in a feed, as handed out in `nextCursor`."""

    def parse(value: str) -> int:
        if value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
        raise Invalid("invalid_cursor", "must be a nextCursor from an earlier answer")

    return Rule(parse, {"type": "string", "pattern": "^[0-9]{1,18}$"})


def _text(raw: bytes) -> str:
    try:
        value = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("invalid_encoding", "must be percent-encoded UTF-8") from None
    if "\0" in value:
        raise Invalid("invalid_character", "must not contain a NUL character")
    return value


def _key(key: str) -> str:
    if not 1 <= len(key) <= 255 or '"' in key or "\\" in key:
        raise Invalid("invalid_key", "the key must have 1 to 255 characters, without quotes and backslashes")
    return key
