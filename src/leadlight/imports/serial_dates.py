"""Dates as workbooks keep them: days since an epoch, the time of day as their fraction (ECMA-376 §18.17.4)."""

from datetime import datetime, timedelta

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  (a workbook knows no time zones)
_MAC_EPOCH = datetime(1904, 1, 1)  # noqa: DTZ001
_DAY = 86_400_000


def from_serial(serial: float, *, counts_from_1904: bool) -> str | None:
    """ISO 8601: a date, a date with a time, or, for less than a day, a time. None for what no date can say."""
    if serial < 0:
        return None
    days, milliseconds = divmod(round(serial * _DAY), _DAY)
    if 0 < days < 60 and not counts_from_1904:
        days += 1  # before the 29th of February 1900, which workbooks count and which never was
    try:
        moment = (_MAC_EPOCH if counts_from_1904 else _EPOCH) + timedelta(days=days, milliseconds=milliseconds)
    except OverflowError:
        return None
    precision = "milliseconds" if moment.microsecond else "seconds"
    if serial < 1:
        return moment.time().isoformat(precision)
    return moment.isoformat(timespec=precision) if milliseconds else moment.date().isoformat()
