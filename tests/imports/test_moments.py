"""When something was: what can mean one moment alone."""

from datetime import UTC, date, datetime, time

import pytest

from leadlight.clock import to_iso
from leadlight.errors import Invalid
from leadlight.imports.moments import moment_of

NOW = 1_767_225_600_000  # 2026-01-01


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-31", "2024-03-31T00:00:00.000Z"),
        (" 2024-03-31 ", "2024-03-31T00:00:00.000Z"),
        ("2024-03-31 14:05:00", "2024-03-31T14:05:00.000Z"),
        ("2024-03-31 14:05", "2024-03-31T14:05:00.000Z"),
        ("2024-03-31T14:05:00Z", "2024-03-31T14:05:00.000Z"),
        ("2024-03-31t14:05:00z", "2024-03-31T14:05:00.000Z"),
        ("2024-03-31T14:05:00.123Z", "2024-03-31T14:05:00.123Z"),
        ("2024-03-31 14:05:00.123456+02:00", "2024-03-31T12:05:00.123Z"),
        ("2024-03-31T14:05:00.5+0200", "2024-03-31T12:05:00.500Z"),
        ("2024-03-31 14:05:00 -03", "2024-03-31T17:05:00.000Z"),
        ("2024-03-31 14:05:00 UTC", "2024-03-31T14:05:00.000Z"),
        ("2024-03-31 2:30 PM", "2024-03-31T14:30:00.000Z"),
        ("31/03/2024", "2024-03-31T00:00:00.000Z"),
        ("3/31/2024", "2024-03-31T00:00:00.000Z"),
        ("31-03-2024", "2024-03-31T00:00:00.000Z"),
        ("05/05/2024", "2024-05-05T00:00:00.000Z"),
        ("3/15/2024 2:30 PM", "2024-03-15T14:30:00.000Z"),
        ("3/15/2024, 12:05:09 a.m.", "2024-03-15T00:05:09.000Z"),
        ("04.03.2024", "2024-03-04T00:00:00.000Z"),
        ("4.3.2024 9:05", "2024-03-04T09:05:00.000Z"),
        (date(2024, 3, 31), "2024-03-31T00:00:00.000Z"),
        (datetime(2024, 3, 31, 14, 5), "2024-03-31T14:05:00.000Z"),  # noqa: DTZ001  (a spreadsheet knows no zones)
        (datetime(2024, 3, 31, 14, 5, tzinfo=UTC), "2024-03-31T14:05:00.000Z"),
        ("2026-01-01T23:59:59Z", "2026-01-01T23:59:59.000Z"),
        ("1970-01-01", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_a_moment_is_taken_that_can_be_no_other(written: object, meant: str) -> None:
    assert to_iso(moment_of(written, now=NOW)) == meant


@pytest.mark.parametrize("written", ["03/04/2024", "4-3-2024", "12/11/2024 14:00"])
def test_a_day_that_might_be_another_is_not_guessed(written: str) -> None:
    with pytest.raises(Invalid, match="can be read as two different days"):
        moment_of(written, now=NOW)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2024",
        "20240331",
        "2024-13-01",
        "2024-02-30",
        "2024-W13",
        "31/13/2024",
        "03.31.2024",
        "31/03/24",
        "31/03-2024",
        "2024-03-31Z",
        "2024-03-31 25:00",
        "2024-03-31 14:05 PM",
        "2024-03-31 0:05 AM",
        "0000-01-01",
        "٢٠٢٤-03-31",
        "1711893900",
        45382,
        45382.5,
        True,
        None,
        time(14, 5),
    ],
)
def test_what_is_no_moment_is_refused_with_an_example(written: object) -> None:
    with pytest.raises(Invalid, match="such as 2024-03-31 or 2024-03-31T14:05:00Z"):
        moment_of(written, now=NOW)


@pytest.mark.parametrize("written", ["2026-01-02T00:00:00.001Z", "9999-12-31", "9999-12-31 23:00-02:00"])
def test_what_lies_in_the_future_is_refused(written: str) -> None:
    with pytest.raises(Invalid):
        moment_of(written, now=NOW)


@pytest.mark.parametrize("written", ["1969-12-31", "0001-01-01", "1900-01-01"])
def test_what_stands_for_no_date_at_all_is_refused(written: str) -> None:
    with pytest.raises(Invalid, match="must not be before 1970"):
        moment_of(written, now=NOW)
