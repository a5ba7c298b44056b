"""The rules of a lead's fields, with no computer running."""

from typing import Any

import email_validator
import msgspec
import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadlight.errors import Invalid
from leadlight.leads.lead import (
    _PLAIN_EMAIL,
    MAX_EMAIL,
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


def accepted(email: str) -> bool:
    try:
        email_validator.validate_email(email, check_deliverability=False, strict=True)
    except email_validator.EmailNotValidError:
        return False
    return True


ATOMS = st.lists(st.text("abAZ09!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=22), min_size=1, max_size=3)
LABELS = st.lists(st.text("azAZ09-n", min_size=1, max_size=3) | st.text("a-9", min_size=60, max_size=65), max_size=3)


@given(ATOMS, LABELS, st.text("aZ9-", min_size=1, max_size=4))
def test_an_address_that_is_taken_quickly_would_be_taken_slowly_too(
    local: list[str], labels: list[str], top: str
) -> None:
    email = ".".join(local) + "@" + ".".join([*labels, top])

    assert len(email) > MAX_EMAIL or not _PLAIN_EMAIL.fullmatch(email) or accepted(email)


@given(st.text("a1.-@x\n é", max_size=12).map(lambda text: "a" + text + "@b.co" + text))
def test_a_text_that_is_no_address_is_not_taken_quickly(text: str) -> None:
    assert not _PLAIN_EMAIL.fullmatch(text) or accepted(text)


@pytest.mark.parametrize(
    ("email", "quick"),
    [
        ("ada@example.com", True),
        ("a!#$%&'*+/=?^_`{|}~-.b@a-b.c1.xyz", True),
        ("a" * 64 + "@example.com", True),
        ("a" * 65 + "@example.com", False),
        ("a@" + "b" * 63 + ".com", True),
        ("a@" + "b" * 64 + ".com", False),
        ("a@b." + "c" * 63, True),
        ("a@b." + "c" * 64, False),
        ("a@ab--c.com", False),
        ("a@xn--bcher-kva.example", False),
        ("a@b.xn--p1ai", False),
        ("a@b.c1", False),
        ("a@com", False),
        ("a@b.com\n", False),
        ("a@b.com.", False),
        ("\u0430@b.com", False),
    ],
)
def test_only_plain_addresses_are_taken_quickly(email: str, quick: bool) -> None:
    assert bool(_PLAIN_EMAIL.fullmatch(email)) is quick
    assert accepted(email) or not quick


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


def parsed(phone: str) -> str | None:
    try:
        return phonenumbers.format_number(phonenumbers.parse(phone, None), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return None


codes = st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)) | st.integers(0, 999)


@settings(max_examples=1_000)
@given(codes, st.text("0123456789", max_size=19))
@example(1, "12015550123")
@example(39, "0612345678")
@example(44, "02079460958")
@example(54, "91123456789")
@example(55, "0151133334444")
@example(800, "00000000")
@example(1, "2345678901234567")
@example(1, "23456789012345678")
@example(1, "234567890123456789")
@example(210, "5550123")
def test_a_number_in_digits_has_the_form_that_phonenumbers_gives_it(code: int, digits: str) -> None:
    assert to_e164(f"+{code}{digits}") == parsed(f"+{code}{digits}")


@settings(max_examples=1_000)
@given(
    codes,
    st.text("01234567890123456789 ().-", max_size=25),
    st.sampled_from(("", "x", " ext. 9", "#", ";", "/", "\u0663", "\n")),
)
@example(1, "201 555-0123", " ext. 9")
def test_so_has_one_with_signs_between_or_something_behind(code: int, typed: str, more: str) -> None:
    assert to_e164(f"+{code}{typed}{more}") == parsed(f"+{code}{typed}{more}")


def lead(updated_at: int, version: int) -> Lead:
    empty = msgspec.Raw(b"{}")
    return Lead("lead_1", "ws_1", "Ada", "a@b.co", None, None, LeadStatus.NEW, empty, 0, updated_at, version)


def test_an_etag_is_quoted_and_strong() -> None:
    assert lead(255, 3).etag == '"ff-3"'


def test_an_etag_differs_with_the_time_and_with_the_version() -> None:
    assert len({lead(1, 1).etag, lead(2, 1).etag, lead(1, 2).etag, lead(11, 1).etag, lead(1, 11).etag}) == 5
