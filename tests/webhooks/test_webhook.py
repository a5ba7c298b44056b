"""What a webhook can ask for, what it is signed with, how much it is sent at once, and when it is given up."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.errors import Invalid
from leadlight.events.event import CATALOG, EventType
from leadlight.webhooks.webhook import (
    SUBSCRIPTIONS,
    Webhook,
    description_rule,
    reason_to_disable,
    subscriptions_rule,
    wanted_types,
)
from tests.conftest import START

SECOND, DAY = 1_000, 86_400_000


def a_webhook(**fields: Any) -> Webhook:
    known = {"workspace_id": "ws_1", "id": "wh_1", "url": "https://example.com/", "events": ("*",), "secret": "new"}
    made = {"description": None, "created_at": START, "updated_at": START, "position": 0}
    return Webhook(**known | made | fields)


def problem(names: list[str]) -> tuple[str, str]:
    with pytest.raises(Invalid) as refusal:
        subscriptions_rule(names)
    return refusal.value.code, refusal.value.message


# What it asks for


def test_every_type_can_be_asked_for_by_itself_by_its_area_or_with_all_others() -> None:
    assert set(SUBSCRIPTIONS) == {*CATALOG, "lead.*", "webhook.test", "*"}


@pytest.mark.parametrize(
    ("subscriptions", "wanted"),
    [
        (["lead.deleted"], [EventType.LEAD_DELETED]),
        (["lead.updated", "lead.created"], [EventType.LEAD_CREATED, EventType.LEAD_UPDATED]),
        (["lead.created", "webhook.test"], [EventType.LEAD_CREATED]),
    ],
)
def test_wants_the_types_that_it_names(subscriptions: list[str], wanted: list[EventType]) -> None:
    assert list(wanted_types(subscriptions)) == wanted


@pytest.mark.parametrize("subscriptions", [["*"], ["*", "lead.created"], ["lead.*"], ["webhook.test", "lead.*"]])
def test_wants_all_there_are(subscriptions: list[str]) -> None:
    assert wanted_types(subscriptions) == tuple(EventType)
    assert a_webhook(events=tuple(subscriptions)).types() == tuple(EventType)


def test_one_for_tests_alone_wants_nothing_of_the_feed() -> None:
    assert wanted_types(["webhook.test"]) == ()


@given(st.lists(st.sampled_from(EventType)))
def test_wants_nothing_that_it_does_not_name(named: list[EventType]) -> None:
    assert set(wanted_types(named)) == set(named)


def test_keeps_each_name_once_in_the_order_given() -> None:
    assert subscriptions_rule(["lead.deleted", "*", "lead.deleted"]) == ("lead.deleted", "*")


@pytest.mark.parametrize("name", ["lead", "lead.", "lead.archived", "LEAD.CREATED", "lead.* ", "webhook.*", "", "**"])
def test_refuses_a_type_that_no_event_will_have(name: str) -> None:
    code, message = problem(["lead.created", name])

    assert code == "unknown_event_type"
    assert "known are lead.created, lead.updated, lead.status_changed, lead.deleted, lead.merged," in message
    assert message.endswith("lead.*, webhook.test, *")


def test_refuses_to_want_nothing() -> None:
    assert problem([]) == ("blank", "must name at least one event type; * stands for all")


def test_tells_of_unknown_types_in_few_words() -> None:
    _, message = problem(["x" * 1_000_000])

    assert len(message) < 300


@pytest.mark.parametrize("text", [None, "", " for Billing ", "é" * 500])
def test_keeps_a_description_as_it_is(text: str | None) -> None:
    assert description_rule(text) == text


def test_refuses_a_description_that_is_too_long() -> None:
    with pytest.raises(Invalid, match="must not be longer than 500 characters"):
        description_rule("d" * 501)


# What it is signed with


def test_is_signed_with_its_secret() -> None:
    assert a_webhook().secrets(START) == ("new",)


def test_is_signed_with_the_old_secret_too_until_its_time_is_over() -> None:
    rotated = a_webhook(previous_secret="old", previous_secret_until=START + DAY)

    assert rotated.secrets(START + DAY - 1) == ("new", "old")
    assert rotated.secrets(START + DAY) == ("new",)


def test_knows_what_signed_an_attempt_after_the_last_rotation_and_of_none_before() -> None:
    rotated = a_webhook(previous_secret="old", previous_secret_until=START + DAY)

    assert rotated.secrets_at(START - 1) == ()
    assert rotated.secrets_at(START) == ("new", "old")
    assert rotated.secrets_at(START + DAY) == ("new",)
    assert a_webhook().secrets_at(0) == ("new",)


# How much it is sent at once


@pytest.mark.parametrize(
    ("standing", "at_once"),
    [
        ({}, 1),
        ({"last_success_at": START}, 32),
        ({"last_success_at": START, "failing_since": START + 1}, 1),
        ({"failing_since": START, "last_failure_at": START}, 1),
    ],
)
def test_one_that_answers_well_is_sent_many_at_once_any_other_one(standing: dict[str, int], at_once: int) -> None:
    assert a_webhook(**standing).at_once == at_once


# When it is given up


@pytest.mark.parametrize("failing_since", [None, START])
def test_one_that_says_gone_is_disabled_at_once(failing_since: int | None) -> None:
    assert reason_to_disable(a_webhook(failing_since=failing_since), 410, START) == "It answered 410 Gone."


@pytest.mark.parametrize("answered", [None, 500, 404, 301, 429])
def test_any_other_failure_is_forgiven_for_five_days(answered: int | None) -> None:
    assert reason_to_disable(a_webhook(), answered, START) is None
    assert reason_to_disable(a_webhook(failing_since=START), answered, START + 5 * DAY - 1) is None


@pytest.mark.parametrize(("answered", "last"), [(500, "it answered 500"), (None, "it did not answer")])
def test_five_days_of_failures_disable_it_and_say_so(answered: int | None, last: str) -> None:
    reason = reason_to_disable(a_webhook(failing_since=START), answered, START + 5 * DAY)

    assert reason == f"Every attempt since 2026-01-15T10:30:00.000Z failed, for 5 days; at last {last}."
