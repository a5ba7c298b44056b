"""Ranges of days: what is meant where little is said, what is refused, and the parts they have."""

from datetime import date

import pytest

from leadlight.errors import InvalidInput
from leadlight.insights.span import Span, Step, number_of, span_of

TODAY = date(2026, 1, 15)
LAST = date(9999, 12, 31)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, ("2025-12-17", "2026-01-15")),
        ("2026-01-01", None, ("2026-01-01", "2026-01-15")),
        (None, "2025-03-31", ("2025-03-02", "2025-03-31")),
        ("2026-01-15", "2026-01-15", ("2026-01-15", "2026-01-15")),
        ("2026-02-01", None, ("2026-02-01", "2026-02-01")),  # it has not come yet, and is empty
        (None, "0001-01-05", ("0001-01-01", "0001-01-05")),
    ],
)
def test_a_range_is_thirty_days_up_to_today_if_not_said(
    first: str | None, last: str | None, expected: tuple[str, str]
) -> None:
    asked = span_of(first and day(first), last and day(last), today=TODAY)  # type: ignore[arg-type]

    assert (str(asked.first), str(asked.last)) == expected


@pytest.mark.parametrize(
    ("first", "last", "step", "fields"),
    [
        ("2026-01-16", "2026-01-15", None, ["from"]),
        ("1900-01-01", "2026-01-15", None, ["from"]),
        ("2020-01-01", "2026-01-15", Step.DAY, ["bucket"]),
        ("0001-01-01", "9999-12-31", Step.WEEK, ["from", "bucket"]),
    ],
)
def test_what_can_not_be_is_refused_with_all_that_is_wrong(
    first: str, last: str, step: Step | None, fields: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        span_of(day(first), day(last), today=TODAY, step=step)

    assert [problem.field for problem in refused.value.problems] == fields


@pytest.mark.parametrize(
    ("first", "last", "step"),
    [
        ("2026-01-15", "2026-01-15", Step.DAY),
        ("2026-01-01", "2026-04-02", Step.DAY),
        ("2026-01-01", "2026-04-03", Step.WEEK),
        ("2024-01-01", "2025-12-31", Step.WEEK),
        ("2024-01-01", "2026-01-01", Step.MONTH),
    ],
)
def test_a_range_has_the_step_that_suits_it(first: str, last: str, step: Step) -> None:
    assert Span(day(first), day(last)).usual_step is step


@pytest.mark.parametrize(
    ("first", "last", "step", "parts"),
    [
        ("2026-01-30", "2026-02-01", Step.DAY, ["01-30 01-30", "01-31 01-31", "02-01 02-01"]),
        ("2026-01-08", "2026-01-20", Step.WEEK, ["01-08 01-11", "01-12 01-18", "01-19 01-20"]),
        ("2026-11-20", "2027-02-28", Step.MONTH, ["11-20 11-30", "12-01 12-31", "01-01 01-31", "02-01 02-28"]),
    ],
)
def test_a_range_falls_into_parts(first: str, last: str, step: Step, parts: list[str]) -> None:
    found = Span(day(first), day(last)).parts(step)

    assert [f"{part.first:%m-%d} {part.last:%m-%d}" for part in found] == parts


@pytest.mark.parametrize("step", list(Step))
def test_the_end_of_the_calendar_is_the_end_of_a_part(step: Step) -> None:
    *_, last = Span(date(9999, 11, 30), LAST).parts(step)

    assert last.last == LAST


def test_days_are_numbered_from_1970_on() -> None:
    assert [number_of(day(text)) for text in ("1969-12-31", "1970-01-01", "2026-01-15")] == [-1, 0, 20_468]
