"""Time as a value that is passed in, so that tests can hold it still."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], int]
"""Answers the time now, in milliseconds since 1970-01-01 UTC."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (UTC by definition; aware times format slower)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def system_clock() -> int:
    return time.time_ns() // 1_000_000


def to_iso(milliseconds: int) -> str:
    """The wire form of a time: ISO 8601, UTC, milliseconds and `Z` (contract §3)."""
    return (_EPOCH + timedelta(0, 0, 0, milliseconds)).isoformat("T", "milliseconds") + "Z"


def to_iso_or_none(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else to_iso(milliseconds)


def from_iso(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 date or time; without an offset it is UTC.

    Raises ValueError when the text is no such time, or OverflowError when it is beyond the calendar.
    """
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return (moment - _EPOCH_UTC) // _MILLISECOND


LAST_MOMENT = from_iso("9999-12-31T23:59:59.999Z")
"""Of the calendar: what is later can't be written."""
