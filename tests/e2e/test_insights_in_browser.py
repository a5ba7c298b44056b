"""Insights in a real browser: charts that tell something, ranges that live in the address, on a desk and on a phone."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from leadlight.clock import DAY, HOUR, MINUTE
from tests.conftest import Client, MovableClock, Server
from tests.e2e.pages import OpenPage, come_in, needs_chromium, opened_pages, shoot

pytestmark = [pytest.mark.slow, pytest.mark.engine("sqlite"), needs_chromium]

PHONE = {"width": 390, "height": 844}
SOURCES = ("website", "website", "google-ads", "facebook", "webinar", "trade fair", "website", "partner", "referral")
CAMPAIGNS = ("spring-sale", "newsletter", "retargeting-2026", None)
WAITS = (2 * MINUTE, 20 * MINUTE, 3 * HOUR, 9 * HOUR, 2 * DAY)


@pytest.fixture
async def open_page() -> AsyncIterator[OpenPage]:
    async with opened_pages() as open_:
        yield open_


@pytest.fixture
def lived(api: Client, clock: MovableClock) -> Client:
    """Some weeks of leads, of whom many are contacted, fewer qualified, and some converted or lost."""
    now = clock.now
    for day in range(40):
        clock.now = now - (40 - day) * DAY
        count = 3 + (day * 7) % 5 + (4 if day % 7 < 5 else 0)
        rows = [
            {
                "name": f"Lead {day} {number}",
                "email": f"{day}.{number}@example.com",
                "source": SOURCES[(day * number + number) % len(SOURCES)],
                "metadata": {"utm_campaign": CAMPAIGNS[(day + number) % 4]},
            }
            for number in range(count)
        ]
        made = api.post("/api/v1/leads/batch", {"leads": rows}).json()["data"]["results"]
        for number, each in enumerate(made[: count * 3 // 4]):
            clock.now += WAITS[(day + number) % 5] // 4
            stages = ("contacted", "qualified", "converted" if number % 2 else "lost")[: 1 + number % 4]
            for status in stages:
                api.patch(f"/api/v1/leads/{each['id']}", {"status": status})
    clock.now = now
    return api


async def test_insights_are_looked_at_by_range(open_page: OpenPage, server: Server, lived: Client) -> None:
    page = await open_page()
    await come_in(page, server, lived.workspace_id)
    await page.get_by_role("link", name="Insights").click()

    await expect(page.get_by_role("heading", name="Insights")).to_be_visible()
    await expect(page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "page")
    await expect(page.get_by_role("img", name="Leads over time")).to_be_visible()
    await shoot(page, "insights")

    await page.get_by_role("link", name="7 days", exact=True).click()
    await expect(page).to_have_url(re.compile(r"/insights\?days=7$"))
    await page.locator("#over-time ~ details summary").click()
    await expect(page.get_by_role("region", name="Leads over time, in numbers").locator("tbody tr")).to_have_count(7)
    await shoot(page, "insights-numbers")

    await page.get_by_label("From", exact=True).fill("2025-12-08")
    await page.get_by_label("To", exact=True).fill("2025-12-10")
    await page.get_by_role("button", name="Show").click()
    await expect(page).to_have_url(re.compile(r"\?from=2025-12-08&to=2025-12-10$"))
    await page.get_by_role("link", name="Rate").first.click()
    await expect(page.locator("[aria-sort=descending]").first).to_have_text("Rate")
    await expect(page.get_by_label("From", exact=True)).to_have_value("2025-12-08")

    await page.get_by_label("From", exact=True).fill("2025-12-20")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_text("must not be later than to")).to_be_visible()
    await expect(page.get_by_label("From", exact=True)).to_have_value("2025-12-20")
    await shoot(page, "insights-refused")


async def test_insights_are_read_on_a_phone(open_page: OpenPage, server: Server, lived: Client) -> None:
    page = await open_page(viewport=PHONE, java_script_enabled=False)
    await come_in(page, server, lived.workspace_id)
    await page.goto(f"{server.url}/w/{lived.workspace_id}/insights?days=90")
    await shoot(page, "insights-phone")

    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]

    await page.goto(f"{server.url}/w/{lived.workspace_id}/insights?from=2020-01-01&to=2020-01-31")
    await expect(page.get_by_text("No leads were created in these days")).to_be_visible()
    await shoot(page, "insights-empty")
