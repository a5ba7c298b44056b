"""Bots: who fills in what people don't see, who is too quick, who makes up a start; and who is believed."""

from typing import Any

import pytest
from msgspec import Raw

from leadlight.capture.bots import new_signing_key, start_token, suspicion
from leadlight.capture.form import FormSettings
from tests.capture.drafts import form
from tests.conftest import START

KEY = "30313233343536373839616263646566" * 2
TOKEN = start_token(KEY, START)


def suspected(fields: dict[str, Any], later: int = 60_000, **settings: Any) -> str | None:
    return suspicion(form(fields), FormSettings(**settings), signing_key=KEY, received_at=START + later)


def test_a_key_is_32_random_bytes() -> None:
    assert new_signing_key(lambda size: b"0123456789abcdef" * (size // 16)) == KEY
    assert new_signing_key() != new_signing_key()


def test_a_token_says_when_and_never_otherwise() -> None:
    assert TOKEN == "1768473000000.ba4d42242ffa8d9c6586ac0efc511ef2275855115edafbc489d4c7b089909231"


@pytest.mark.parametrize("value", ["https://spam.example", ["a"], Raw(b"1"), True])
def test_who_fills_in_the_honeypot_is_a_bot(value: Any) -> None:
    assert suspected({"homepage_url": value}) == "a bot: it filled in homepage_url, which people don't see"
    assert suspected({"fax": value}, honeypot="fax") == "a bot: it filled in fax, which people don't see"


@pytest.mark.parametrize("fields", [{}, {"homepage_url": ""}, {"homepage_url": " "}, {"homepage_url": None}])
def test_who_leaves_it_empty_may_be_a_person(fields: dict[str, Any]) -> None:
    assert suspected(fields) is None


def test_a_form_may_have_no_honeypot() -> None:
    assert suspected({"homepage_url": "https://example.com"}, honeypot=None) is None


@pytest.mark.parametrize(
    ("later", "is_bot"), [(0, True), (1999, True), (2000, False), (86_400_000, False), (-5000, True)]
)
def test_who_takes_less_than_the_time_is_a_bot(later: int, is_bot: bool) -> None:
    reason = "a bot: it took less than 2 seconds to fill in the form" if is_bot else None

    assert suspected({"_started": TOKEN}, later) == reason


def test_a_form_says_how_long_it_takes() -> None:
    assert suspected({"_started": TOKEN}, 9_999, minimum_fill_seconds=10) is not None
    assert suspected({"_started": TOKEN}, 10_000, minimum_fill_seconds=10) is None
    assert suspected({"_started": TOKEN}, 0, minimum_fill_seconds=0) is None


@pytest.mark.parametrize(
    "token",
    [
        TOKEN[:-1] + "0",
        "1" + TOKEN[1:].replace("7", "6", 1),
        start_token("another key", START),
        "1768473000000",
        "1768473000000.",
        ".ab",
        "nonsense",
        "٣" + TOKEN,
        "9" * 100_000,
        ["a", "b"],
        Raw(b"1768473000000"),
        {"a": "b"},
    ],
)
def test_who_makes_up_the_time_is_a_bot(token: Any) -> None:
    assert suspected({"_started": token}) == "a bot: it made up _started"


@pytest.mark.parametrize("token", [None, "", " "])
def test_who_runs_no_script_is_believed(token: str | None) -> None:
    assert suspected({"_started": token}, 0) is None
