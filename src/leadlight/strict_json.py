"""JSON read strictly: what another store or a JavaScript client can't carry is refused here, not found out later.

Strict means: UTF-8, no name twice in an object, numbers that a double can hold, no NUL, no lone surrogate, and nesting
that is bounded.
"""

import json
import re
from collections import Counter
from typing import Any, ClassVar

from leadlight.errors import InvalidInput, LeadlightError, Problem

MAX_DEPTH = 32
"""Levels of nesting below a field of the body (contract §3)."""

_MAX_DIGITS = 308
_WORDS = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')


class InvalidJson(LeadlightError):
    code: ClassVar[str] = "INVALID_JSON"
    summary: ClassVar[str] = "The body is not JSON"


def check_json(body: bytes) -> list[Problem]:
    """What JSON that parses still must not contain. Raises InvalidJson, saying where, when it does not parse."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson(f"The body is not UTF-8 (byte {error.start})", position=error.start) from None
    try:
        _parse(text, _QUICK)
        suspicious = "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH
    except _Suspicious:
        suspicious = True
    return _find_problems(text) if suspicious else []


def _parse(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise _not_json(error.msg, text, error.pos) from None
    except _NoNumber as error:
        at = next(match.start() for match in _WORDS.finditer(text) if match[0][0] != '"')
        raise _not_json(f"{error} is no number", text, at) from None
    except RecursionError:
        raise InvalidInput([_too_deep("body")]) from None


def _not_json(why: str, text: str, position: int) -> InvalidJson:
    line, column = text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)
    sentence = f"The body is not JSON: {why} (line {line}, column {column})"
    return InvalidJson(sentence, line=line, column=column, position=position)


class _Suspicious(Exception):
    """The quick reading met something that the slow one has to look at."""


class _Repeated(dict[str, Any]):
    """An object in which a name stands twice."""

    names: tuple[str, ...] = ()


def _quick_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Suspicious
    return found


def _quick_float(text: str) -> float:
    number = float(text)
    if number - number != 0.0:
        raise _Suspicious
    return number


def _quick_int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise _Suspicious
    return int(text)


class _NoNumber(Exception):
    """NaN and its kin, which Python would take for numbers."""


def _refuse_constant(name: str) -> Any:
    raise _NoNumber(name)


_QUICK = json.JSONDecoder(
    object_pairs_hook=_quick_object,
    parse_float=_quick_float,
    parse_int=_quick_int,
    parse_constant=_refuse_constant,
)


def _slow_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = _Repeated(found)
    times = Counter(name for name, _ in pairs)
    repeated.names = tuple(name for name, count in times.items() if count > 1)
    return repeated


def _slow_int(text: str) -> float:
    return float("inf") if len(text) > _MAX_DIGITS else float(text)


_SLOW = json.JSONDecoder(object_pairs_hook=_slow_object, parse_int=_slow_int, parse_constant=_refuse_constant)


def _find_problems(text: str) -> list[Problem]:
    problems: list[Problem] = []
    _walk(_parse(text, _SLOW), "", 0, problems)
    return problems


def _walk(value: Any, path: str, depth: int, problems: list[Problem]) -> None:
    where = path or "body"
    if isinstance(value, dict | list) and depth > MAX_DEPTH:
        problems.append(_too_deep(where))
    elif isinstance(value, dict):
        if isinstance(value, _Repeated):
            problems += [
                Problem(_join(path, name), "stands twice in the same object", "duplicate") for name in value.names
            ]
        for name, item in value.items():
            _check_text(name, where, problems)
            _walk(item, _join(path, name), depth + 1, problems)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _walk(item, f"{path}[{index}]", depth + 1, problems)
    elif isinstance(value, str):
        _check_text(value, where, problems)
    elif isinstance(value, float) and value - value != 0.0:
        problems.append(Problem(where, "is a number too large for JSON readers to carry", "out_of_range"))


def _check_text(text: str, where: str, problems: list[Problem]) -> None:
    if "\0" in text:
        problems.append(Problem(where, "must not contain a NUL character", "invalid_character"))
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        problems.append(Problem(where, "must not contain half of a surrogate pair", "invalid_character"))


def _join(path: str, name: str) -> str:
    printable = name.encode("utf-8", "replace").decode("utf-8")  # a name may itself be what is wrong
    return f"{path}.{printable}" if path else printable


def _too_deep(where: str) -> Problem:
    return Problem(where, f"must not nest deeper than {MAX_DEPTH} levels", "too_deep")
