"""When something was, as people and programs write it into files: only what can mean one moment alone is taken."""

import re
from datetime import date

from leadlight.clock import DAY, from_iso
from leadlight.errors import Invalid

_TIME = (
    r"(?:,?[T ](?P<hour>\d\d?)(?P<minutes>:\d\d(?::\d\d(?:[.,]\d+)?)?)"
    r"(?: ?(?P<half>[AP])\.?M\.?)?(?: ?(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?"
)
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d){_TIME}", re.ASCII)
_YEAR_LAST = re.compile(rf"(?P<one>\d\d?)(?P<by>[./-])(?P<two>\d\d?)(?P=by)(?P<year>\d{{4}}){_TIME}", re.ASCII)

_MONTHS = 12
_HALF_OF_A_DAY = 12  # hours
_UTC = ("UTC", "GMT")
_HOW_TO = "must be a date or time such as 2024-03-31 or 2024-03-31T14:05:00Z"


def moment_of(value: object, *, now: int | None) -> int:
    """Milliseconds since 1970 of a text, or of a date out of a spreadsheet; without an offset it is UTC.

    Beside ISO 8601 it takes 31.03.2024 (nobody writes the month first with dots) and 31/03/2024 or 3/31/2024, where
    one number can only be the day. `now`: None for what may lie ahead. Raises Invalid, also for what was before 1970 or
    lies more than a day ahead of `now`.
    """
    iso = _iso_of(value.strip()) if isinstance(value, str) else _iso_of_cell(value)
    try:
        moment = from_iso(iso)
    except (ValueError, OverflowError):
        raise Invalid("invalid_time", _HOW_TO) from None
    if moment < 0:
        raise Invalid("out_of_range", "must not be before 1970")
    if now is not None and moment > now + DAY:
        raise Invalid("out_of_range", "must not lie in the future")
    return moment


def _iso_of_cell(value: object) -> str:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    raise Invalid("invalid_time", _HOW_TO)


def _iso_of(text: str) -> str:
    found = _YEAR_FIRST.fullmatch(text.upper())
    if found is not None:
        return f"{found['year']}-{found['month']}-{found['day']}{_time_of(found)}"
    found = _YEAR_LAST.fullmatch(text.upper())
    if found is None:
        raise Invalid("invalid_time", _HOW_TO)
    day, month = _day_and_month(int(found["one"]), int(found["two"]), dotted=found["by"] == ".")
    return f"{found['year']}-{month:02}-{day:02}{_time_of(found)}"


def _day_and_month(one: int, two: int, *, dotted: bool) -> tuple[int, int]:
    if dotted or one > _MONTHS or one == two:
        return one, two
    if two > _MONTHS:
        return two, one
    raise Invalid("invalid_time", "can be read as two different days; write it as in 2024-03-31")


def _time_of(found: re.Match[str]) -> str:
    if found["hour"] is None:
        return ""
    hour, half = int(found["hour"]), found["half"]
    if half is not None:
        if not 1 <= hour <= _HALF_OF_A_DAY:
            raise Invalid("invalid_time", _HOW_TO)
        hour = hour % _HALF_OF_A_DAY + (_HALF_OF_A_DAY if half == "P" else 0)
    zone = found["zone"] or ""
    return f"T{hour:02}{found['minutes']}{'Z' if zone in _UTC else zone}"
