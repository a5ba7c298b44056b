"""How figures follow from sums."""

from datetime import date

import pytest

from leadlight.insights.figures import WAITING_BOUNDS, Series, Waited, first_contact, over_time, rate
from leadlight.insights.span import Span, Step
from leadlight.leads.progress import bucket_of

WEEK = Span(date(1970, 1, 5), date(1970, 1, 11))


@pytest.mark.parametrize(("part", "whole", "expected"), [(0, 0, None), (0, 3, 0.0), (1, 3, 0.3333), (3, 3, 1.0)])
def test_a_rate_of_nothing_is_none(part: int, whole: int, expected: float | None) -> None:
    assert rate(part, whole) == expected


def test_leads_are_counted_by_part_and_source() -> None:
    found = over_time(
        WEEK, Step.DAY, [("web", 5), ("", 2)], [(4, "web", 4), (10, "web", 1), (5, "", 2), (4, None, 1), (10, None, 2)]
    )

    assert found.series == [Series("web", 5, [4, 0, 0, 0, 0, 0, 1]), Series(None, 2, [0, 2, 0, 0, 0, 0, 0])]
    assert found.others == Series(None, 3, [1, 0, 0, 0, 0, 0, 2])
    assert (found.leads, found.counts) == (10, [5, 2, 0, 0, 0, 0, 3])


def test_of_no_leads_there_are_empty_parts() -> None:
    found = over_time(WEEK, Step.WEEK, [], [])

    assert (found.leads, found.counts, found.series) == (0, [0], [])


@pytest.mark.parametrize(
    ("times", "median", "p90"),
    [
        ([], None, None),
        ([(60, 1, 61)], 61, 61),
        ([(60, 2, 130), (3600, 2, 7300)], 65, 3650),
        ([(0, 89, 890), (60, 1, 61), (120, 10, 1210)], 10, 61),
    ],
)
def test_median_and_p90_are_those_of_the_nearest_rank(
    times: list[tuple[int, int, int]], median: int | None, p90: int | None
) -> None:
    found = first_contact(100, times)

    assert (found.median_seconds, found.p90_seconds) == (median, p90)


def test_waiting_times_are_told_by_parts_that_people_think_in() -> None:
    found = first_contact(9, [(240, 2, 500), (300, 1, 300), (86_400, 3, 259_200), (31_104_000, 1, 40_000_000)])

    assert (found.leads, found.contacted) == (9, 7)
    assert [each for each in found.distribution if each.leads] == [
        Waited(0, 300, 2),
        Waited(300, 1_800, 1),
        Waited(86_400, 259_200, 3),
        Waited(2_592_000, None, 1),
    ]


def test_each_part_begins_with_a_step_that_is_told_apart() -> None:
    assert [bucket_of(seconds) for seconds in WAITING_BOUNDS] == list(WAITING_BOUNDS)
