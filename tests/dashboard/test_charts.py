"""Charts: what stands where in a drawing."""

import pytest

from leadlight.dashboard.charts import Shape, columns, funnel, rows, ticks


@pytest.mark.parametrize(
    ("largest", "expected"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (11, [0, 5, 10, 15]),
        (100, [0, 50, 100]),
        (1_234_567, [0, 500_000, 1_000_000, 1_500_000]),
    ],
)
def test_ticks_are_round_and_few_and_reach_the_largest(largest: int, expected: list[int]) -> None:
    assert ticks(largest) == expected


def test_columns_are_stacked_from_the_first_series_on() -> None:
    chart, scale = columns("Leads", "told", [("c1", [2, 0]), ("c2", [1, 3])], ["Mon: 3", "Tue: 3"])

    assert scale == [0, 1, 2, 3]
    assert (chart.title, chart.description, chart.width, chart.height) == ("Leads", "told", 20, 100)
    assert chart.shapes[4:] == [
        Shape("c1", "M1 33.33h8v66.67h-8z"),
        Shape("c2", "M1 0h8v33.33h-8zM11 0h8v100h-8z"),
        Shape("over", "M0 0h10v100h-10z", "Mon: 3"),
        Shape("over", "M10 0h10v100h-10z", "Tue: 3"),
    ]
    assert [shape.path for shape in chart.shapes[:4]] == ["M0 100H20", "M0 66.67H20", "M0 33.33H20", "M0 0H20"]


def test_many_columns_stand_side_by_side() -> None:
    chart, _ = columns("Leads", "", [("c1", [1] * 46)], [""] * 46)

    assert chart.shapes[2].path.startswith("M0 0h10v100h-10zM10 0h10")


def test_rows_are_as_long_as_their_share_of_the_longest() -> None:
    chart = rows("Sources", "", [0.5, 0, 0.25], css="c3")

    assert (chart.width, chart.height) == (100, 84)
    assert chart.shapes == [Shape("c3", "M0 7h100v14h-100z"), Shape("c3", "M0 63h50v14h-50z")]


@pytest.mark.parametrize("values", [[], [0, 0]])
def test_of_nothing_there_are_no_rows(values: list[float]) -> None:
    assert rows("Sources", "", values, css="c3").shapes == []


def test_a_funnel_slopes_from_stage_to_stage() -> None:
    chart = funnel("Funnel", "", [("c1", 4), ("c3", 1)])

    assert chart.width == 200
    assert chart.shapes == [
        Shape("c1", "M0 0H64L100 37.5V62.5L64 100H0z"),
        Shape("c3", "M100 37.5H164L200 37.5V62.5L164 62.5H100z"),
    ]


def test_a_funnel_of_nothing_is_flat() -> None:
    chart = funnel("Funnel", "", [("c1", 0)])

    assert chart.shapes == [Shape("c1", "M0 50H64L100 50V50L64 50H0z")]
