"""Campaigns and pages: found under many names, in queries and addresses, and never a reason to lose a lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.capture.attribution import key_of, of_context
from leadlight.capture.submission import Context


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("utm_source", "utm_source"),
        ("utmSource", "utm_source"),
        ("UTM Campaign", "utm_campaign"),
        ("gclid", "gclid"),
        ("fbclid", "fbclid"),
        ("msclkid", "msclkid"),
        ("Referer", "referrer"),
        ("landing-page-url", "landing_page"),
        ("source", None),
        ("page", None),
        ("", None),
        ("utm_source" * 1000, None),
    ],
)
def test_knows_them_by_many_names(name: str, key: str | None) -> None:
    assert key_of(name) == key


def test_the_first_that_tells_of_a_key_is_believed() -> None:
    context = Context(query="utm_source=form", referrer="https://example.com/?utm_source=page&fbclid=f#utm_term=no")

    assert of_context(context, "https://example.com/?utm_source=landed&gclid=g") == {
        "utm_source": "form",
        "gclid": "g",
        "fbclid": "f",
        "referrer": "https://example.com/?utm_source=page&fbclid=f#utm_term=no",
        "landing_page": "https://example.com/?utm_source=page&fbclid=f#utm_term=no",
    }


@pytest.mark.parametrize("query", ["", "utm_source", "utm_source=", "utm_source=+", "utm=x", "referrer=x", "a=%00"])
def test_a_query_may_tell_nothing(query: str) -> None:
    assert of_context(Context(query=query), None) == {}


def test_what_is_too_long_is_cut_and_what_is_no_text_is_replaced() -> None:
    found = of_context(Context(query="utm_source=" + "x" * 5000 + "&utm_term=a%00b%FF"), None)

    assert found == {"utm_source": "x" * 2000, "utm_term": "ab\ufffd"}


@given(st.text(), st.text(), st.none() | st.text())
def test_whatever_is_sent_is_text_that_a_store_can_hold(query: str, referrer: str, landing_page: str | None) -> None:
    for value in of_context(Context(f"utm_source={query}", referrer), landing_page).values():
        assert "\0" not in value.encode().decode()
        assert 0 < len(value) <= 2000
