"""What is counted of a lead: its past, how long it waited, and the campaign that its metadata names."""

import msgspec
import pytest
from msgspec import Raw

from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.progress import (
    LAST_BUCKET,
    Tally,
    bucket_of,
    campaign_of,
    day_of,
    marks_of_change,
    seconds_to_contact,
    tally,
)


def lead(status: str = "new", *, reached: int = 0, created_at: int = 0, contacted_at: int | None = None) -> Lead:
    now = Lead("lead_1", "ws_1", "Ada", "a@b.co", None, None, LeadStatus(status), Raw(b"{}"), created_at, 0, 1)
    return msgspec.structs.replace(now, reached=reached, contacted_at=contacted_at)


@pytest.mark.parametrize(
    ("status", "reached", "expected"),
    [
        ("new", 0, (1, 0, 0, 0, 0, 0)),
        ("contacted", 1, (1, 1, 0, 0, 0, 0)),
        ("converted", 0, (1, 1, 1, 1, 0, 0)),  # whoever is that far was in the stages before
        ("lost", 1, (1, 0, 0, 0, 1, 0)),  # which is no stage
        ("lost", 1 | 4, (1, 1, 1, 0, 1, 0)),
        ("new", 8 | 32, (1, 1, 1, 1, 0, 1)),  # what was once is not forgotten
    ],
)
def test_a_lead_counts_for_each_stage_that_it_ever_reached(status: str, reached: int, expected: tuple[int]) -> None:
    assert tally(lead(status, reached=reached)) == Tally(*expected)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (lead(), {"reached": 1, "contacted_at": 50}),
        (lead(reached=1, contacted_at=7), {"reached": 1, "contacted_at": 7}),  # the first time counts
        (lead("contacted"), {"reached": 2, "contacted_at": None}),  # who contacted it before it came here, nobody knows
    ],
)
def test_a_change_of_the_status_leaves_its_marks(before: Lead, expected: dict[str, int | None]) -> None:
    assert marks_of_change(before, 50) == expected


@pytest.mark.parametrize(("created_at", "day"), [(0, 0), (86_399_999, 0), (86_400_000, 1), (-1, -1)])
def test_days_are_those_of_utc(created_at: int, day: int) -> None:
    assert day_of(lead(created_at=created_at)) == day


@pytest.mark.parametrize(
    ("created_at", "contacted_at", "seconds"), [(0, None, None), (0, 59_999, 59), (5_000, 5_000, 0), (9_000, 1_000, 0)]
)
def test_waiting_is_counted_in_whole_seconds(created_at: int, contacted_at: int | None, seconds: int | None) -> None:
    assert seconds_to_contact(lead("lost", created_at=created_at, contacted_at=contacted_at)) == seconds


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        (0, 0),
        (59, 0),
        (60, 60),
        (899, 840),
        (900, 900),
        (3_599, 3_300),
        (3_600, 3_600),
        (86_399, 82_800),
        (86_400, 86_400),
        (2_592_000, 2_592_000),
        (31_103_999, 28_512_000),
        (31_104_000, LAST_BUCKET),
        (10**9, LAST_BUCKET),
    ],
)
def test_waiting_times_fall_into_steps_that_grow(seconds: int, bucket: int) -> None:
    assert bucket_of(seconds) == bucket


@pytest.mark.parametrize(
    ("metadata", "campaign"),
    [
        ("{}", ""),
        ('{"utm_campaign":"spring"}', "spring"),
        ('{"a":{"utm_campaign":"inner"},"utm_campaign":" spring sale "}', "spring sale"),
        ('{"a":{"utm_campaign":"inner"}}', ""),
        ('{"utm_\\u0063ampaign":"[a]\\n"}', "[a]\n"),
        ('{"utm_campaign":20260100000000000000001}', "20260100000000000000001"),
        ('{"utm_campaign":-1.50}', "-1.50"),
        ('{"utm_campaign":"   "}', ""),
        ('{"utm_campaign":null}', ""),
        ('{"utm_campaign":true}', ""),
        ('{"utm_campaign":["a"]}', ""),
        ('{"utm_campaign":{"a":1}}', ""),
        ('{"utm_campaign":"' + "ä" * 300 + '"}', "ä" * 200),
    ],
)
def test_a_campaign_is_a_text_or_a_number(metadata: str, campaign: str) -> None:
    assert campaign_of(Raw(metadata.encode())) == campaign
