"""The form of `leadlight forms snippet` on a page of another website, filled in and sent in a real browser."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadlight.capture.form import FormSettings
from leadlight.capture.snippet import render_snippet
from tests.capture.forms import TheForm
from tests.conftest import Client, MovableClock
from tests.e2e.website import Website

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FILL_IN = """
<img src="/never-quite" alt="">
<script type="module">
  const form = document.querySelector("form");
  while (!form.elements._started) await new Promise((later) => setTimeout(later, 10));
  await fetch("/five-seconds-later", { method: "POST" });
  for (const [name, value] of Object.entries(%s)) form.elements[name].value = value;
  form.requestSubmit();
</script>
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.engine("sqlite"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture
def website(clock: MovableClock) -> Iterator[Website]:
    website = Website(clock)
    yield website
    website.close()


def browse(url: str, profile: Path) -> str:
    """What the page has become once all of it has loaded: so the one behind it."""
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={profile}",
        "--timeout=20000",
    ]
    command = [str(CHROMIUM), *options, "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


def show(website: Website, form: TheForm, admin: Client, fields: dict[str, str]) -> None:
    snippet = render_snippet(form.id, FormSettings(), base_url=admin.url)
    website.page = f"<!doctype html><title>Contact</title>{snippet}{FILL_IN % json.dumps(fields)}"


def test_what_a_visitor_types_is_a_lead_with_its_campaign(website: Website, admin: Client, tmp_path: Path) -> None:
    form = TheForm(admin, allowedOrigins=[website.origin])
    show(website, form, admin, {"name": "Zoë Müller", "email": "zoe@example.com", "message": "<b>Hi</b>"})

    shown = browse(f"{website.origin}/contact?utm_source=newsletter&gclid=G1#top", tmp_path)

    assert "<h1>Thank you</h1>" in shown
    lead = form.lead()
    assert (lead["name"], lead["email"]) == ("Zoë Müller", "zoe@example.com")
    assert lead["metadata"] == {
        "message": "<b>Hi</b>",
        "landing_page": f"{website.origin}/contact?utm_source=newsletter&gclid=G1",
        "utm_source": "newsletter",
        "gclid": "G1",
    }


def test_what_is_wrong_is_shown_as_text(website: Website, admin: Client, tmp_path: Path) -> None:
    form = TheForm(admin, allowedOrigins=[website.origin])
    show(website, form, admin, {"name": "Ada", "email": "ada@example"})

    shown = browse(website.origin, tmp_path)

    assert "<h1>This form could not be sent</h1>" in shown
    assert "<dt>email</dt>" in shown


def test_a_page_of_another_website_can_not_send_it(website: Website, admin: Client, tmp_path: Path) -> None:
    form = TheForm(admin, allowedOrigins=["https://example.com"])
    show(website, form, admin, {"name": "Ada", "email": "ada@example.com"})

    shown = browse(website.origin, tmp_path)

    assert "This website may not send this form" in shown
    assert form.submissions() == []
