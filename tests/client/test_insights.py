"""Insights through both clients, on a real server."""

from datetime import date

import pytest

from leadlight.client import Leadlight, ValidationFailed
from tests.conftest import Client

pytestmark = pytest.mark.engine("sqlite")

MONTH = (date(2026, 1, 1), "2026-01-31")


@pytest.fixture
def lived(api: Client) -> None:
    ids = [api.create(source=source, metadata={"utm_campaign": "spring"})["id"] for source in ("web", "web", None)]
    for status in ("contacted", "converted", "lost"):
        api.patch(f"/api/v1/leads/{ids[0]}", {"status": status})


@pytest.mark.usefixtures("lived")
def test_a_funnel_is_read(client: Leadlight) -> None:
    found = client.insights.funnel(*MONTH)

    assert (found.first, found.last, found.leads) == (date(2026, 1, 1), date(2026, 1, 31), 3)
    assert [(stage.status, stage.leads) for stage in found.stages] == [
        ("new", 3),
        ("contacted", 1),
        ("qualified", 1),
        ("converted", 1),
    ]
    assert (found.stages[0].rate, found.stages[1].rate) == (None, 0.3333)
    assert (found.lost.leads, found.lost.share, found.follow_up.leads) == (1, 0.3333, 0)


@pytest.mark.usefixtures("lived")
def test_leads_over_time_are_read(client: Leadlight) -> None:
    found = client.insights.leads_over_time(*MONTH, bucket="month", top=1)

    assert (found.bucket, found.leads) == ("month", 3)
    assert [(bucket.first, bucket.last, bucket.leads) for bucket in found.buckets] == [
        (date(2026, 1, 1), date(2026, 1, 31), 3)
    ]
    assert [(each.source, each.counts) for each in found.sources] == [("web", [2])]
    assert (found.others.leads, found.others.counts) == (1, [1])


@pytest.mark.usefixtures("lived")
def test_the_first_contact_is_read(client: Leadlight) -> None:
    found = client.insights.first_contact(*MONTH)

    assert (found.leads, found.contacted, found.median_seconds, found.p90_seconds) == (3, 1, 0, 0)
    assert (found.distribution[0].leads, found.distribution[-1].to_seconds) == (1, None)


@pytest.mark.usefixtures("lived")
def test_yields_are_read(client: Leadlight) -> None:
    sources = client.insights.sources(*MONTH, sort="-rate", limit=5)
    campaigns = client.insights.campaigns(*MONTH)

    assert [(each.source, each.leads, each.converted, each.rate) for each in sources] == [
        ("web", 2, 1, 0.5),
        (None, 1, 0, 0.0),
    ]
    assert [(each.campaign, each.leads, each.converted, each.rate) for each in campaigns] == [("spring", 3, 1, 0.3333)]


def test_a_range_that_can_not_be_is_told(client: Leadlight) -> None:
    with pytest.raises(ValidationFailed) as refused:
        client.insights.leads_over_time("yesterday", bucket="year")

    assert {problem.field for problem in refused.value.problems} == {"from", "bucket"}
