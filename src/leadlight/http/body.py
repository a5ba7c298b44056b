"""Request bodies: JSON read strictly, then field by field, with every problem named at once."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from leadlight.clock import from_iso
from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.strict_json import check_json

_WHOLE = re.compile(rb"(-?\d+)\.0+")

FieldRule = Callable[[Any], Any]
"""Takes a decoded value, gives the one to keep, or raises Invalid; InvalidInput, where parts of it are wrong."""


def time_rule(text: str | None) -> int | None:
    """Milliseconds since 1970 of a time on the wire."""
    try:
        return None if text is None else from_iso(text)
    except (ValueError, OverflowError):
        raise Invalid("invalid_time", "must be an ISO 8601 date or time") from None


class _Field(NamedTuple):
    attribute: str
    decoder: msgspec.json.Decoder[Any]
    rule: FieldRule | None
    required: bool


class BodyDecoder:
    """Decodes bodies to a Struct; its `rules` (a class variable) hold the rules of its attributes.

    `apart` (another one) names a field whose content is not looked at: whoever takes it in pieces decodes each.
    """

    def __init__(self, target: type[msgspec.Struct]) -> None:
        self._target = target
        self._apart: str | None = getattr(target, "apart", None)
        rules: Mapping[str, FieldRule] = getattr(target, "rules", {})
        self._fields = {
            field.encode_name: _Field(
                field.name, msgspec.json.Decoder(field.type), rules.get(field.name), field.required
            )
            for field in msgspec.structs.fields(target)
        }
        self._object = msgspec.json.Decoder(dict[str, msgspec.Raw])

    def decode(self, body: bytes) -> Any:
        """Raises InvalidJson, or InvalidInput with all the problems."""
        problems, given = self._open(body)
        spoilt = {problem.field.partition(".")[0] for problem in problems}
        values: dict[str, Any] = {}
        for name, raw in given.items():
            field = self._fields.get(name)
            if field is None:
                known = ", ".join(self._fields)
                problems.append(Problem(name, f"unknown field; known are {known}", "unknown_field"))
            elif name not in spoilt:
                try:
                    value = _decode(field.decoder, raw)
                    values[field.attribute] = field.rule(value) if field.rule else value
                except msgspec.ValidationError as error:
                    problems.append(Problem(name, _words(error), "invalid_type"))
                except Invalid as invalid:
                    problems.append(invalid.of(name))
                except InvalidInput as error:
                    problems += [Problem(f"{name}.{each.field}", each.message, each.code) for each in error.problems]
        problems += [
            Problem(name, "is required", "required")
            for name, field in self._fields.items()
            if field.required and name not in given
        ]
        if problems:
            raise InvalidInput(problems)
        return self._target(**values)

    def _open(self, body: bytes) -> tuple[list[Problem], dict[str, msgspec.Raw]]:
        problems = check_json(body) if self._apart is None else []
        try:
            given = self._object.decode(body)
        except msgspec.ValidationError:
            raise InvalidInput([*problems, Problem("body", "must be a JSON object", "invalid_type")]) from None
        except (msgspec.DecodeError, RecursionError):
            # It is no JSON, or a name has half a surrogate pair; check_json says what and where.
            raise InvalidInput(problems or check_json(body)) from None
        if self._apart is not None:
            problems = check_json(msgspec.json.encode({name: given[name] for name in given if name != self._apart}))
        return problems, given


def _decode(decoder: msgspec.json.Decoder[Any], raw: msgspec.Raw) -> Any:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        whole = _WHOLE.fullmatch(bytes(raw))  # JSON has one kind of number: 5.0 is the integer 5
        if whole is None:
            raise
        return decoder.decode(whole[1])


def _words(error: msgspec.ValidationError) -> str:
    """msgspec's sentence in the tone of our own."""
    sentence = str(error).partition(" - at ")[0].replace("`", "").replace("Expected", "expected")
    return sentence.replace("Invalid enum value", "not one of the known values:")
