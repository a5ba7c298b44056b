"""The dashboard in Chromium, for tests that look at its pages."""

import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, async_playwright, expect

from tests.conftest import Server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(sys.prefix) / "axe-core" / "package" / "axe.min.js"
SCREENSHOTS = Path(__file__).parents[2] / ".screenshots"
SCHEMES = ("light", "dark")
PASSWORD = "correct horse battery"

OpenPage = Callable[..., Awaitable[Page]]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not there: `make .venv/axe-core` fetches it by npm"
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def opened_pages() -> AsyncIterator[OpenPage]:
    """Opens pages, in which nothing may be refused by the policy or fail in a script."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Policy" in message.text:
            complaints.append(message.text)

    async with chromium() as browser:

        async def open_(**options: Any) -> Page:
            context = await browser.new_context(**options)
            page = await context.new_page()
            page.set_default_timeout(15_000)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", note)
            return page

        yield open_
    assert complaints == []


async def come_in(page: Page, server: Server, workspace_id: str, email: str = "bea@example.com") -> None:
    """By the link that makes the owner."""
    link = server.do(server.services.people.make_owner_link(workspace_id))
    await page.goto(f"{server.url}/welcome/{link.token}")
    await shoot(page, "welcome")
    await page.get_by_label("Your name").fill("Bea Lee")
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("heading", name="Leads", exact=True)).to_be_visible()


async def shoot(page: Page, name: str) -> None:
    """For people to look at, in both colour schemes; git ignores the folder."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        with suppress(Error):  # a picture that a busy machine does not take in time says nothing of the page
            await page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}.png", full_page=True)
