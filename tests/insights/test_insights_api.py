"""`GET /api/v1/insights/…`: the figures of leads that lived a little, and what is refused."""

from typing import Any

import pytest

from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server, problems_of

PATHS = ("funnel", "leads-over-time", "first-contact", "sources", "campaigns")
MINUTE, HOUR = 60, 3_600


def told(api: Client, path: str, query: str = "from=2026-01-01&to=2026-01-31") -> Any:
    response = api.get(f"/api/v1/insights/{path}?{query}")
    assert response.status_code == 200, response.text
    return response.json()["data"]


@pytest.fixture
def lived(api: Client, clock: MovableClock) -> Client:
    """Six leads of two days: two of `web`, two of the campaign, one that goes all the way, one that is lost."""
    spring = {"utm_campaign": "spring"}
    ids = [api.create(f"Lead {number}", source="web", metadata=spring)["id"] for number in range(2)]
    ids += [api.create(f"Lead {number}", source=source)["id"] for number, source in enumerate(("fair", None, "ads"))]
    clock.advance(seconds=4 * MINUTE)
    api.patch(f"/api/v1/leads/{ids[0]}", {"status": "contacted"})
    clock.advance(seconds=2 * HOUR)
    for status in ("qualified", "converted", "follow_up"):
        api.patch(f"/api/v1/leads/{ids[0]}", {"status": status})
    api.patch(f"/api/v1/leads/{ids[1]}", {"status": "lost"})
    clock.advance(seconds=24 * HOUR)
    api.create("Lead 5", source="web", status="qualified")
    return api


def test_a_funnel_says_how_far_leads_have_come(lived: Client) -> None:
    assert told(lived, "funnel") == {
        "from": "2026-01-01",
        "to": "2026-01-31",
        "leads": 6,
        "stages": [
            {"status": "new", "leads": 6, "share": 1.0, "rate": None},
            {"status": "contacted", "leads": 2, "share": 0.3333, "rate": 0.3333},
            {"status": "qualified", "leads": 2, "share": 0.3333, "rate": 1.0},
            {"status": "converted", "leads": 1, "share": 0.1667, "rate": 0.5},
        ],
        "lost": {"leads": 1, "share": 0.1667},
        "followUp": {"leads": 1, "share": 0.1667},
    }


def test_a_range_holds_the_leads_that_were_created_in_it(lived: Client) -> None:
    assert [told(lived, "funnel", f"from={day}&to={day}")["leads"] for day in ("2026-01-15", "2026-01-16")] == [5, 1]
    assert told(lived, "funnel", "to=2025-12-31")["stages"][1] == {
        "status": "contacted",
        "leads": 0,
        "share": None,
        "rate": None,
    }


def test_the_last_thirty_days_are_told_if_nothing_is_said(lived: Client) -> None:
    found = told(lived, "funnel", "")

    assert (found["from"], found["to"], found["leads"]) == ("2025-12-18", "2026-01-16", 6)


def test_leads_over_time_are_told_by_source(lived: Client) -> None:
    assert told(lived, "leads-over-time", "from=2026-01-14&to=2026-01-16&top=2") == {
        "from": "2026-01-14",
        "to": "2026-01-16",
        "bucket": "day",
        "leads": 6,
        "buckets": [
            {"from": "2026-01-14", "to": "2026-01-14", "leads": 0},
            {"from": "2026-01-15", "to": "2026-01-15", "leads": 5},
            {"from": "2026-01-16", "to": "2026-01-16", "leads": 1},
        ],
        "sources": [
            {"source": "web", "leads": 3, "counts": [0, 2, 1]},
            {"source": None, "leads": 1, "counts": [0, 1, 0]},
        ],
        "others": {"leads": 2, "counts": [0, 2, 0]},
    }


def test_leads_over_time_are_told_by_the_bucket_that_is_asked_for(lived: Client) -> None:
    found = told(lived, "leads-over-time", "from=2026-01-10&to=2026-02-03&bucket=month")

    assert found["buckets"] == [
        {"from": "2026-01-10", "to": "2026-01-31", "leads": 6},
        {"from": "2026-02-01", "to": "2026-02-03", "leads": 0},
    ]


def test_the_first_contact_is_the_first_change_away_from_new(lived: Client) -> None:
    found = told(lived, "first-contact")

    assert (found["leads"], found["contacted"]) == (6, 2)
    assert (found["medianSeconds"], found["p90Seconds"]) == (4 * MINUTE, 2 * HOUR + 4 * MINUTE)
    shares = {(each["fromSeconds"], each["toSeconds"]): each["share"] for each in found["distribution"]}
    assert {bounds: share for bounds, share in shares.items() if share} == {(0, 300): 0.5, (3_600, 14_400): 0.5}


def test_sources_and_campaigns_are_told_by_what_they_brought(lived: Client) -> None:
    assert told(lived, "sources")["sources"] == [
        {"source": "web", "leads": 3, "converted": 1, "rate": 0.3333},
        {"source": None, "leads": 1, "converted": 0, "rate": 0.0},
        {"source": "ads", "leads": 1, "converted": 0, "rate": 0.0},
        {"source": "fair", "leads": 1, "converted": 0, "rate": 0.0},
    ]
    assert told(lived, "campaigns") == {
        "from": "2026-01-01",
        "to": "2026-01-31",
        "campaigns": [{"campaign": "spring", "leads": 2, "converted": 1, "rate": 0.5}],
    }


@pytest.mark.parametrize(
    ("query", "sources"),
    [("sort=-leads", ["many", "few", "one"]), ("sort=-rate", ["one", "few", "many"]), ("limit=1", ["few"])],
)
def test_sources_are_ordered_and_cut_as_asked_for(api: Client, query: str, sources: list[str]) -> None:
    for source, new, converted in (("many", 5, 1), ("few", 2, 2), ("one", 0, 1)):
        for status, count in (("new", new), ("converted", converted)):
            for _ in range(count):
                api.create(source=source, status=status)

    assert [each["source"] for each in told(api, "sources", query)["sources"]] == sources


def test_what_was_undone_does_not_count(api: Client) -> None:
    ids = [api.create()["id"] for _ in range(3)]
    done = api.post("/api/v1/leads/batch-update", {"ids": ids, "set": {"status": "converted"}}).json()["data"]
    assert told(api, "funnel")["stages"][3]["leads"] == 3

    api.post(f"/api/v1/operations/{done['operationId']}/undo")

    assert [stage["leads"] for stage in told(api, "funnel")["stages"]] == [3, 0, 0, 0]
    assert told(api, "first-contact")["contacted"] == 0


def test_leads_that_come_back_bring_their_past_with_them(api: Client) -> None:
    ids = [api.create()["id"] for _ in range(2)]
    for status in ("contacted", "lost"):
        api.patch(f"/api/v1/leads/{ids[0]}", {"status": status})
    before = told(api, "funnel")
    done = api.post("/api/v1/leads/batch-delete", {"ids": ids, "confirm": 2}).json()["data"]
    assert told(api, "funnel")["leads"] == 0

    api.post(f"/api/v1/operations/{done['operationId']}/undo")

    assert told(api, "funnel") == before


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("from=2026-01-16&to=2026-01-15", {"from": "out_of_range"}),
        ("from=yesterday&to=2026-13-01", {"from": "invalid_time", "to": "invalid_time"}),
        ("from=2026-W01-1&to=20260101", {"from": "invalid_time", "to": "invalid_time"}),
        ("from=2026-01-01T10:00:00Z&since=1", {"from": "invalid_time", "since": "unknown_parameter"}),
        ("from=2026-01-01&from=2026-01-02", {"from": "duplicate"}),
        ("from=0001-01-01", {"from": "out_of_range"}),
    ],
)
def test_every_problem_of_a_range_is_named(api: Client, path: str, query: str, problems: dict[str, str]) -> None:
    assert problems_of(api.get(f"/api/v1/insights/{path}?{query}")) == problems


@pytest.mark.parametrize(
    ("path", "query", "problems"),
    [
        ("leads-over-time", "bucket=year&top=0", {"bucket": "invalid_choice", "top": "out_of_range"}),
        ("leads-over-time", "from=2020-01-01&bucket=day", {"bucket": "out_of_range"}),
        ("sources", "sort=leads&limit=101", {"sort": "invalid_choice", "limit": "out_of_range"}),
        ("funnel", "bucket=day", {"bucket": "unknown_parameter"}),
    ],
)
def test_every_other_problem_is_named(api: Client, path: str, query: str, problems: dict[str, str]) -> None:
    assert problems_of(api.get(f"/api/v1/insights/{path}?{query}")) == problems


@pytest.mark.parametrize("path", PATHS)
def test_insights_are_for_keys_that_may_read(server: Server, lived: Client, stranger: Client, path: str) -> None:
    blind = server.client(lived.workspace_id, Scope.WEBHOOKS_MANAGE)
    anonymous = Client(server.url, "", lived.workspace_id, "")

    assert blind.get(f"/api/v1/insights/{path}").status_code == 403
    assert anonymous.get(f"/api/v1/insights/{path}").status_code == 401
    assert "web" not in stranger.get(f"/api/v1/insights/{path}").text
    assert "spring" not in stranger.get(f"/api/v1/insights/{path}").text
