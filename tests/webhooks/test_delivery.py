"""When the next attempt is due, and what a stored delivery says of its event."""

from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.settings import Settings
from leadlight.webhooks.delivery import Delivery, DeliveryStatus, RetrySchedule
from tests.conftest import START

SCHEDULE = RetrySchedule.of([0, 5, 300.5])


def never() -> float:
    """The least that chance can add."""
    return 0.0


def almost() -> float:
    """Nearly the most."""
    return 0.999999


def a_delivery(**fields: Any) -> Delivery:
    ids = {"workspace_id": "ws_1", "id": "dlv_1", "webhook_id": "wh_1", "event_id": "evt_1", "event_type": "x"}
    state = {"status": DeliveryStatus.PENDING, "attempts": 0, "failures": 0, "due_at": None, "created_at": START}
    return Delivery(**ids | state | fields)


def test_delays_are_given_in_seconds_and_kept_in_milliseconds() -> None:
    assert SCHEDULE.delays == (0, 5_000, 300_500)


@pytest.mark.parametrize(("failures", "due"), [(1, 5_000), (2, 300_500), (3, None), (4, None)])
def test_each_failure_moves_on_in_the_schedule_until_its_end(failures: int, due: int | None) -> None:
    next_due = SCHEDULE.next_due(failures, START, never)

    assert next_due == (None if due is None else START + due)


def test_a_tenth_is_added_at_the_most() -> None:
    assert SCHEDULE.next_due(1, 0, lambda: 0.5) == 5_250
    assert SCHEDULE.next_due(1, 0, almost) == 5_499


@given(st.floats(0, 1, exclude_max=True), st.sampled_from([1, 2]))
def test_is_never_early_and_never_more_than_a_tenth_late(chance: float, failures: int) -> None:
    due = SCHEDULE.next_due(failures, START, lambda: chance)

    assert due is not None
    planned = SCHEDULE.delays[failures]
    assert planned <= due - START <= planned * 1.1


@pytest.mark.parametrize(
    ("retry_after", "due"), [(None, 5_000), (0, 5_000), (4, 5_000), (6, 6_000), (86_400, 86_400_000)]
)
def test_waits_as_long_as_the_endpoint_asks_and_never_less_than_planned(retry_after: int | None, due: int) -> None:
    assert SCHEDULE.next_due(1, START, never, retry_after=retry_after) == START + due


def test_a_request_for_patience_adds_no_attempt() -> None:
    assert SCHEDULE.next_due(3, START, never, retry_after=60) is None


def test_a_schedule_of_one_attempt_ends_with_its_first_failure() -> None:
    assert RetrySchedule.of([0]).next_due(1, START, never) is None


def test_the_schedule_unless_said_otherwise_goes_on_for_three_days() -> None:
    schedule = RetrySchedule.of(Settings().retry_delays)
    hours = [delay / 3_600_000 for delay in accumulate(schedule.delays)]

    assert schedule.delays[:4] == (0, 5_000, 300_000, 1_800_000)
    assert (len(hours), round(hours[-1], 2)) == (10, 75.58)


@pytest.mark.parametrize(
    ("position", "lead_id", "is_gone"), [(7, "lead_1", False), (None, "lead_1", True), (None, None, False)]
)
def test_is_gone_when_it_was_of_a_lead_and_has_no_place_in_the_feed(
    position: int | None, lead_id: str | None, is_gone: bool
) -> None:
    assert a_delivery(position=position, lead_id=lead_id).is_gone is is_gone
