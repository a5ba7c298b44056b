"""What is kept of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.clock import from_iso
from leadlight.webhooks.answer import as_text, retry_after_seconds

NOW = from_iso("2026-01-15T10:30:00.500Z")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", ""),
        (b"all is well", "all is well"),
        ("sch\u00f6n \u2603".encode(), "sch\u00f6n \u2603"),
        (b"a\0b", "a\ufffdb"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"half \xc3", "half \ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (b"x" * 1023 + b"\xc3", "x" * 1023),
    ],
)
def test_keeps_an_answer_as_text(body: bytes, text: str) -> None:
    assert as_text(body) == text


@given(st.binary(max_size=1024))
def test_a_store_can_hold_any_answer(body: bytes) -> None:
    text = as_text(body)

    assert "\0" not in text
    assert len(text.encode()) <= 3 * 1024


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("86401", 86_400),
        ("9" * 18, 86_400),
        ("Thu, 15 Jan 2026 10:31:00 GMT", 60),
        ("Thursday, 15-Jan-26 10:31:00 GMT", 60),
        ("Thu, 15 Jan 2026 10:31:00 -0000", 60),
        ("Thu, 15 Jan 2026 09:00:00 GMT", 0),
        ("Fri, 15 Jan 2027 10:30:00 GMT", 86_400),
    ],
)
def test_understands_how_long_to_wait(header: str, seconds: int) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@pytest.mark.parametrize(
    "header",
    ["", "soon", "-1", "1.5", "9" * 5000, "\u0661", "Thu, 99 Jan 2026 10:31:00 GMT", "1 Jan 99999999999999999999 0:0"],
)
def test_ignores_what_is_no_time_to_wait(header: str) -> None:
    assert retry_after_seconds(header, NOW) is None


@given(st.text() | st.from_regex(r"\A\w{3}, \d+ (Jan|Dec) \d{1,9} \d+:\d+:\d+ (GMT|[+-]\d{1,9})\Z"))
def test_any_header_is_at_most_a_day(header: str) -> None:
    assert (retry_after_seconds(header, NOW) or 0) in range(86_401)
