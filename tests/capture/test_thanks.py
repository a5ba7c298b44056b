"""Pages for visitors: thanks, or each problem beside its field, with nothing in them that runs or loads."""

import base64
import hashlib
import re

from leadlight.capture.thanks import Page, problem_page, refusal_page, thank_you_page
from leadlight.errors import Problem

HOSTILE = Problem("<img src=x onerror=alert(1)>", 'must not be "></dd><script>alert(1)</script>', "x")


def style_of(page: Page) -> str:
    found = re.search(r"<style>(.*)</style>", page.html, re.DOTALL)
    assert found
    return found[1]


def test_thanks() -> None:
    page = thank_you_page()

    assert "<h1>Thank you</h1>" in page.html
    assert '<html lang="en">' in page.html
    assert "<dl>" not in page.html


def test_lists_each_problem_beside_its_field() -> None:
    page = problem_page([Problem("email", "is required", "required"), Problem("", "and 3 more problems", "more")])

    assert re.findall(r"<dt>(.*)</dt>\n<dd>(.*)</dd>", page.html) == [
        ("email", "is required"),
        ("The form", "and 3 more problems"),
    ]


def test_escapes_what_a_stranger_sent() -> None:
    html = problem_page([HOSTILE]).html + refusal_page(HOSTILE.message).html

    assert "<img" not in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_lets_nothing_run_and_nothing_load_but_its_own_style() -> None:
    page = thank_you_page()
    digest = base64.b64encode(hashlib.sha256(style_of(page).encode()).digest()).decode()

    assert page.policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert not re.search(r"\b(src|href|style|on\w+)=", page.html)
