"""The rules of a lead's fields, with no computer running."""

from typing import Any

import msgspec
import pytest

from leadlight.errors import Invalid
from leadlight.leads.lead import (
    Lead,
    LeadStatus,
    email_rule,
    fold,
    name_rule,
    phone_rule,
    source_rule,
    to_e164,
)


@pytest.mark.parametrize(
    ("rule", "given", "kept"),
    [
        (name_rule, " Ada \u2003", "Ada"),
        (name_rule, "n" * 255, "n" * 255),
        (name_rule, " " + "n" * 255 + " ", "n" * 255),
        (name_rule, "😀" * 255, "😀" * 255),
        (email_rule, " Ada.Park+x@Example.COM ", "Ada.Park+x@Example.COM"),
        (email_rule, "o'brien@example.com", "o'brien@example.com"),
        (email_rule, "a@b.co", "a@b.co"),
        (email_rule, "ada@localhost.test", "ada@localhost.test"),
        (email_rule, "jörg@bücher.example", "jörg@bücher.example"),
        (phone_rule, " +1 (555) 123-4567 ext. 9 ", "+1 (555) 123-4567 ext. 9"),
        (phone_rule, None, None),
        (source_rule, "Trade fair 2026 ", "Trade fair 2026"),
        (source_rule, None, None),
    ],
)
def test_keeps_what_is_good(rule: Any, given: str | None, kept: str | None) -> None:
    assert rule(given) == kept


@pytest.mark.parametrize(
    ("rule", "given", "code"),
    [
        (name_rule, "", "blank"),
        (name_rule, "\n", "blank"),
        (name_rule, "n" * 256, "too_long"),
        (email_rule, " ", "blank"),
        (email_rule, "a" * 243 + "@example.com", "too_long"),
        (email_rule, "ada.example.com", "invalid_email"),
        (email_rule, "ada@@example.com", "invalid_email"),
        (email_rule, "@example.com", "invalid_email"),
        (email_rule, ".ada@example.com", "invalid_email"),
        (email_rule, "ada..park@example.com", "invalid_email"),
        (email_rule, "ada@example..com", "invalid_email"),
        (email_rule, "ada@-example.com", "invalid_email"),
        (email_rule, "ada@[127.0.0.1]", "invalid_email"),
        (email_rule, "ada@example.com, bob@example.com", "invalid_email"),
        (email_rule, "ada@exam\nple.com", "invalid_email"),
        (phone_rule, "", "blank"),
        (phone_rule, "1" * 51, "too_long"),
        (source_rule, "s" * 101, "too_long"),
    ],
)
def test_refuses_what_is_not(rule: Any, given: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        rule(given)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("one", "other"),
    [("ADA@Example.com", "ada@eXAMPLE.com"), ("ÉCOLE", "école"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος")],
)
def test_case_is_no_difference_when_matching(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("+1-555-123-4567", "+15551234567"),
        (" +1 (555) 123 4567", "+15551234567"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+44 (0) 20 7946 0958", "+442079460958"),
        ("555-123-4567", None),
        ("0044 20 7946 0958", None),
        ("+", None),
        ("+abc", None),
        ("call me", None),
        (None, None),
    ],
)
def test_an_international_number_has_one_form(typed: str | None, normal: str | None) -> None:
    assert to_e164(typed) == normal


def lead(updated_at: int, version: int) -> Lead:
    empty = msgspec.Raw(b"{}")
    return Lead("lead_1", "ws_1", "Ada", "a@b.co", None, None, LeadStatus.NEW, empty, 0, updated_at, version)


def test_an_etag_is_quoted_and_strong() -> None:
    assert lead(255, 3).etag == '"ff-3"'


def test_an_etag_differs_with_the_time_and_with_the_version() -> None:
    assert len({lead(1, 1).etag, lead(2, 1).etag, lead(1, 2).etag, lead(11, 1).etag, lead(1, 11).etag}) == 5
