"""`leadlight insights`: the figures as tables, and as JSON for programs."""

import pytest

from tests.cli.remote import Remote
from tests.conftest import Client

pytestmark = pytest.mark.engine("sqlite")

RANGE = ("--from", "2026-01-01", "--to", "2026-01-31")


@pytest.fixture
def remote(api: Client) -> Remote:
    """Three leads, of which one comes from a hostile source, and one goes all the way."""
    hostile = "[red]web\x1b[2J"
    ids = [api.create(source=source, metadata={"utm_campaign": hostile})["id"] for source in (hostile, "fair", None)]
    for status in ("contacted", "converted", "lost"):
        api.patch(f"/api/v1/leads/{ids[1]}", {"status": status})
    return Remote(api.url, api.key)


def rows(told: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in told.splitlines() if line.startswith("│")]


def test_a_funnel_is_shown(remote: Remote) -> None:
    assert rows(remote.text("insights", "funnel", *RANGE)) == [
        ["new", "3", "100.0%", ""],
        ["contacted", "1", "33.3%", "33.3%"],
        ["qualified", "1", "33.3%", "100.0%"],
        ["converted", "1", "33.3%", "100.0%"],
        ["lost", "1", "33.3%", ""],
        ["follow_up", "0", "0.0%", ""],
    ]


def test_arrivals_are_shown_by_source(remote: Remote) -> None:
    told = remote.text("insights", "arrivals", *RANGE, "--bucket", "month", "--top", "2")

    assert rows(told) == [["2026-01-01", "3", "1", "1", "1"]]
    assert "[red]web\N{REPLACEMENT CHARACTER}[2J" in told
    assert "(none)" in told


def test_the_first_contact_is_shown(remote: Remote) -> None:
    told = remote.text("insights", "first-contact", *RANGE)

    assert "median      0:00:00 " in told
    assert rows(told)[0] == ["0:00:00", "0:05:00", "1", "100.0%"]
    assert rows(told)[-1] == ["30 days, 0:00:00", "", "0", "0.0%"]


def test_what_sources_and_campaigns_bring_is_shown(remote: Remote) -> None:
    assert rows(remote.text("insights", "sources", *RANGE, "--limit", "1")) == [["fair", "1", "1", "100.0%"]]
    assert rows(remote.text("insights", "campaigns", *RANGE))[0][1:] == ["3", "1", "33.3%"]


@pytest.mark.parametrize(
    ("command", "path"),
    [("funnel", "funnel"), ("arrivals", "leads-over-time"), ("first-contact", "first-contact")],
)
def test_programs_get_what_the_api_answers(remote: Remote, api: Client, command: str, path: str) -> None:
    answer = api.get(f"/api/v1/insights/{path}?from=2026-01-01&to=2026-01-31").json()["data"]

    assert remote.json("insights", command, *RANGE) == answer


def test_programs_get_what_sources_and_campaigns_bring(remote: Remote) -> None:
    assert remote.json("insights", "sources", "--sort", "-rate")[0] == {
        "source": "fair",
        "leads": 1,
        "converted": 1,
        "rate": 1.0,
    }
    assert [each["leads"] for each in remote.json("insights", "campaigns")] == [3]


def test_a_bad_range_is_told(remote: Remote) -> None:
    told = remote.refusal("insights", "funnel", "--from", "2026-02-01", "--to", "2026-01-01")

    assert told == "Validation failed: from: must not be later than to, which is 2026-01-01"
