"""What a visitor's browser is shown after a form: thanks, or what was wrong with it, field by field."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import jinja2

from leadlight.errors import Problem


class Page(NamedTuple):
    """`policy`: the header Content-Security-Policy, which lets nothing run or load but the page's own style."""

    html: str
    policy: str


def thank_you_page() -> Page:
    return _page("Thank you", problems=(), message="We have received your message and will be in touch.")


def problem_page(problems: Sequence[Problem]) -> Page:
    """Each problem beside the name of its field."""
    message = "Please go back, mend what is listed here, and send the form again. What you typed should still be there."
    return _page("This form could not be sent", problems=problems, message=message)


def refusal_page(message: str) -> Page:
    """For what no field is to blame for: too many forms at once, a website that may not send them."""
    return _page("This form could not be sent", problems=(), message=message)


def _page(title: str, *, problems: Sequence[Problem], message: str) -> Page:
    template, style, style_hash = _resources()
    html = template.render(title=title, problems=problems, message=message, style=style)
    policy = f"default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; form-action 'none'"
    return Page(html, f"{policy}; frame-ancestors 'none'")


@cache
def _resources() -> tuple[jinja2.Template, str, str]:
    folder = files("leadlight.capture").joinpath("templates")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    style = folder.joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.from_string(folder.joinpath("page.html").read_text(encoding="utf-8")), style, digest
