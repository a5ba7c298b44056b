"""The page of insights: the days that its address asks for, its charts, and their numbers as tables."""

import re
from html import unescape

import pytest

from tests.conftest import Client
from tests.dashboard.person import Person, inputs

HOSTILE = "</title></svg><script>alert(1)</script>\"'>{{ 7*7 }} \u202egnp"


def table(page: str, section: str) -> list[list[str]]:
    """The texts in the last table of a section, without its head."""
    part = page.partition(f'aria-labelledby="{section}"')[2].partition("</section>")[0].rpartition("<tbody>")[2]
    lines = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    return [
        [unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", line)] for line in lines
    ]


@pytest.fixture
def lived(api: Client) -> Client:
    spring = {"utm_campaign": "spring"}
    ids = [api.create(f"Lead {number}", source="web", metadata=spring)["id"] for number in range(3)]
    api.create(source=None)
    for status in ("contacted", "converted", "lost"):
        api.patch(f"/api/v1/leads/{ids[0]}", {"status": status})
    api.patch(f"/api/v1/leads/{ids[1]}", {"status": "contacted"})
    return api


@pytest.mark.usefixtures("lived")
def test_the_numbers_are_those_of_the_api(viewer: Person) -> None:
    page = viewer.get(f"{viewer.home}/insights").text

    assert table(page, "funnel") == [
        ["New", "4", "100.0%", ""],
        ["Contacted", "2", "50.0%", "50.0%"],
        ["Qualified", "1", "25.0%", "50.0%"],
        ["Converted", "1", "25.0%", "100.0%"],
    ]
    assert table(page, "over-time")[-1] == ["15 Jan 2026", "4", "3", "1"]
    assert len(table(page, "over-time")) == 30
    assert table(page, "first-contact")[0] == ["Under 5 min", "2", "100.0%"]
    assert table(page, "sources") == [["web", "3", "1", "33.3%"], ["No source", "1", "0", "0.0%"]]
    assert table(page, "campaigns") == [["spring", "3", "1", "33.3%"]]


@pytest.mark.usefixtures("lived")
def test_each_chart_tells_what_it_shows(viewer: Person) -> None:
    page = viewer.get(f"{viewer.home}/insights").text

    charts = re.findall(r'<svg[^>]*role="img" aria-labelledby="(.*?)" aria-describedby="(.*?)">', page)
    assert len(charts) == 5
    for name, told in charts:
        assert re.search(rf'<title id="{name}">[A-Z]', page)
        assert re.search(rf'<desc id="{told}">.+\.</desc>', page)
    assert "From left to right: new 4 (100.0%), contacted 2 (50.0%), qualified 1 (25.0%), converted 1 (25.0%)." in page
    assert "<title>15 Jan 2026: 4, web 3, No source 1</title>" in page
    assert "style=" not in page


@pytest.mark.parametrize(
    ("query", "first", "last", "preset"),
    [
        ("", "2025-12-17", "2026-01-15", "30"),
        ("?days=7", "2026-01-09", "2026-01-15", "7"),
        ("?days=365&sort=-rate", "2025-01-16", "2026-01-15", "365"),
        ("?days=8", "2026-01-08", "2026-01-15", None),
        ("?from=2026-01-01&to=2026-01-20&days=7", "2026-01-01", "2026-01-20", None),
        ("?to=2026-01-31", "2026-01-02", "2026-01-31", None),
    ],
)
@pytest.mark.usefixtures("lived")
def test_the_range_lives_in_the_address(viewer: Person, query: str, first: str, last: str, preset: str | None) -> None:
    page = viewer.get(f"{viewer.home}/insights{query}").text

    assert (inputs(page)["from"], inputs(page)["to"]) == (first, last)
    current = re.search(r'insights\?days=(\d+)" aria-current="page"', page)
    assert (current and current[1]) == preset
    assert table(page, "sources")[0][0] == "web"


def test_the_order_goes_with_the_range(lived: Client, viewer: Person) -> None:
    lived.create(source="fair", status="converted")

    page = viewer.get(f"{viewer.home}/insights?from=2026-01-01&to=2026-01-31&sort=-rate").text

    assert [row[0] for row in table(page, "sources")] == ["fair", "web", "No source"]
    assert f'href="{viewer.home}/insights?from=2026-01-01&amp;to=2026-01-31&amp;sort=-leads"' in page
    assert page.count('aria-sort="descending"') == 2


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("from=2026-02-01&to=2026-01-01", ["must not be later than to, which is 2026-01-01"]),
        ("from=soon&to=never", ["must be a date, such as 2024-01-15"]),
        ("days=0", ["days: must be a whole number from 1 to 36525"]),
        ("sort=name&since=1", ["sort: must be one of", "since: unknown parameter"]),
    ],
)
@pytest.mark.usefixtures("lived")
def test_what_can_not_be_shown_is_told(viewer: Person, query: str, told: list[str]) -> None:
    answer = viewer.get(f"{viewer.home}/insights?{query}")

    assert answer.status_code == 400
    assert [text for text in told if text not in answer.text] == []
    assert "<svg" not in answer.text


def test_what_was_typed_is_shown_again(viewer: Person) -> None:
    page = viewer.get(f"{viewer.home}/insights?from=%22%3E%3Cscript%3E&to=2026-01-01").text

    assert inputs(page)["from"] == '"><script>'
    assert "<script>" not in page


def test_days_without_leads_say_so(api: Client, viewer: Person) -> None:
    api.create()

    page = viewer.get(f"{viewer.home}/insights?from=2020-01-01&to=2020-01-31").text

    assert "No leads were created in these days" in page
    assert "From 1 Jan 2020 to 31 Jan 2020" in page
    assert "<svg" not in page


def test_leads_that_nobody_has_touched_are_shown(api: Client, viewer: Person) -> None:
    api.create()

    page = viewer.get(f"{viewer.home}/insights").text

    assert "None of these leads has left the status New yet." in page
    assert "No lead of these days names a campaign" in page
    assert "<dd>\N{EN DASH}</dd>" in page


@pytest.mark.parametrize(("query", "parts"), [("days=90", 90), ("days=365", 53), ("days=3650", 121)])
@pytest.mark.usefixtures("lived")
def test_long_ranges_have_longer_parts(viewer: Person, query: str, parts: int) -> None:
    page = viewer.get(f"{viewer.home}/insights?{query}").text

    assert len(table(page, "over-time")) == parts


def test_hostile_names_run_nowhere(api: Client, viewer: Person) -> None:
    api.create(source=HOSTILE, metadata={"utm_campaign": HOSTILE + "x" * 5_000}, status="converted")

    page = viewer.get(f"{viewer.home}/insights").text

    assert "<script>alert" not in page
    assert page.count("</svg>") == 4
    assert "{{ 7*7 }}" in page
    assert len(page) < 40_000


@pytest.mark.usefixtures("lived")
def test_another_workspace_has_its_own_numbers(viewer: Person, stranger: Client) -> None:
    stranger.create(source="theirs")

    assert "theirs" not in viewer.get(f"{viewer.home}/insights").text
