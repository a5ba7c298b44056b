"""Times on the wire: to ISO 8601 and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.clock import from_iso, system_clock, to_iso


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_705_314_600_000, "2024-01-15T10:30:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_has_milliseconds_and_z(milliseconds: int, text: str) -> None:
    assert to_iso(milliseconds) == text
    assert from_iso(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2024-01-15", 1_705_276_800_000),
        ("2024-01-15T10:30", 1_705_314_600_000),
        ("2024-01-15T10:30:00", 1_705_314_600_000),
        ("2024-01-15T10:30:00Z", 1_705_314_600_000),
        ("2024-01-15T12:30:00+02:00", 1_705_314_600_000),
        ("2024-01-15T00:00:00-10:30", 1_705_314_600_000),
        ("20240115T103000Z", 1_705_314_600_000),
        ("2024-01-15T10:30:00.1239Z", 1_705_314_600_123),
        ("1969-12-31T23:59:59.9999Z", -1),
    ],
)
def test_reads_iso_8601_and_takes_utc_for_granted(text: str, milliseconds: int) -> None:
    assert from_iso(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2024-13-01",
        "2024-02-30",
        "2024-01-15T25:00",
        "10:30",
        "1705314600",
        "2024-01-15T10:30+25:00",
    ],
)
def test_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_iso(text)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01"])
def test_refuses_what_lies_outside_of_the_calendar(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        from_iso(text)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_time_survives_the_round_trip(milliseconds: int) -> None:
    assert from_iso(to_iso(milliseconds)) == milliseconds


def test_the_systems_clock_gives_milliseconds_of_this_century() -> None:
    assert from_iso("2025-01-01") < system_clock() < from_iso("2100-01-01")
