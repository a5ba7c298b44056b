"""Webhooks in the dashboard, in a real browser: one is made, tried out, watched, mended and removed."""

import re
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from playwright.async_api import Page, expect

from tests.conftest import Client, Server
from tests.e2e.pages import OpenPage, come_in, needs_chromium, opened_pages, shoot
from tests.webhooks.receiver import Receiver, answer, in_turn

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
async def open_page() -> AsyncIterator[OpenPage]:
    async with opened_pages() as open_:
        yield open_


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """May send to this machine."""
    return start_server(webhook_allow_private=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


async def test_a_webhook_is_made_tried_out_and_removed(
    open_page: OpenPage, server: Server, api: Client, receiver: Receiver
) -> None:
    page = await open_page()
    await make(page, server, api, receiver.url)
    await expect(page.get_by_role("textbox", name="The secret of")).to_have_value(re.compile("^whsec_"))
    await shoot(page, "webhook-made")

    await page.get_by_role("link", name="Open it, and send a test").click()
    await shoot(page, "webhook-untried")
    await page.get_by_role("button", name="Send a test").click()

    await expect(page.get_by_role("status")).to_contain_text("It has arrived.")  # as the page finds out by itself
    await expect(page.get_by_label("Body", exact=True)).to_contain_text('"type": "webhook.test"')
    await shoot(page, "delivery")
    assert receiver.requests[0].headers["webhook-signature"] in await page.locator("pre").first.inner_text()

    await page.get_by_role("link", name="Webhook", exact=True).click()
    await page.locator("summary", has_text="New secret").click()
    await page.get_by_role("button", name="Make a new secret").click()
    await expect(page.get_by_role("textbox", name="The new secret")).to_have_value(re.compile("^whsec_"))

    await page.locator("summary", has_text="Delete").click()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("status")).to_contain_text("The webhook was deleted")
    await expect(page.get_by_text(receiver.url)).to_have_count(0)


async def test_what_failed_is_found_understood_and_sent_again(
    open_page: OpenPage, server: Server, api: Client, receiver: Receiver
) -> None:
    receiver.react = in_turn(answer(500, b"<h1>Internal error</h1>"), answer())
    page = await open_page()
    await make(page, server, api, receiver.url)
    await page.get_by_role("link", name="Open it, and send a test").click()
    await expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    api.create()
    receiver.wait_for(1)
    await page.reload()
    await expect(page.locator("#watched")).to_contain_text("Failing")
    await shoot(page, "webhook-failing")

    await page.get_by_role("navigation", name="Status").get_by_role("link", name="Pending").click()
    await expect(page).to_have_url(re.compile(r"\?status=pending$"))
    await page.get_by_role("link", name="lead.created").click()
    attempt = page.get_by_role("listitem").filter(has_text="Refused: answered 500")
    await expect(attempt).to_contain_text("Something went wrong in the receiver.")
    await shoot(page, "delivery-failed")
    await page.get_by_role("button", name="Send now").click()

    await expect(page.get_by_role("status")).to_contain_text("It has arrived.")
    await expect(page.get_by_role("listitem").filter(has_text="Answered 200")).to_be_visible()
    await shoot(page, "delivery-again")


async def test_the_past_is_sent_again(open_page: OpenPage, server: Server, api: Client, receiver: Receiver) -> None:
    api.create()
    page = await open_page()
    await make(page, server, api, receiver.url)
    server.clock.advance(seconds=60)
    await page.get_by_role("link", name="Open it, and send a test").click()
    await expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()

    await page.locator("summary", has_text="Send a part of the past again").click()
    await page.get_by_label("From").fill("2026-01-15T00:00")
    await shoot(page, "webhook-replay")
    await page.get_by_role("button", name="Send again").click()

    await expect(page.get_by_role("status")).to_contain_text("are sent again")
    await expect(page.get_by_role("link", name="lead.created")).to_be_visible()
    assert len(receiver.wait_for(1)) == 1


async def test_it_fits_a_phone(open_page: OpenPage, server: Server, api: Client, receiver: Receiver) -> None:
    page = await open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await make(page, server, api, f"{receiver.url}/{'long' * 60}")
    await shoot(page, "phone-webhooks")
    widths = [await width(page)]

    await page.get_by_role("link", name="Open it, and send a test").tap()
    await expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    api.create(metadata={"note": "long" * 100})
    receiver.wait_for(1)
    await page.reload()
    await shoot(page, "phone-webhook")
    widths.append(await width(page))

    await page.get_by_role("link", name="lead.created").tap()
    await expect(page.get_by_role("status")).to_be_visible()
    await shoot(page, "phone-delivery")
    widths.append(await width(page))

    assert widths == [390, 390, 390]


async def test_it_is_done_without_scripts(open_page: OpenPage, server: Server, api: Client, receiver: Receiver) -> None:
    page = await open_page(java_script_enabled=False)
    await make(page, server, api, receiver.url)
    await page.get_by_role("link", name="Open it, and send a test").click()
    await page.get_by_role("button", name="Send a test").click()
    receiver.wait_for(1)

    while await page.get_by_text("It has arrived.").count() == 0:
        await page.reload()
    await expect(page.get_by_role("listitem").filter(has_text="Answered 200")).to_be_visible()


async def make(page: Page, server: Server, api: Client, url: str) -> None:
    """Ends where the secret is shown."""
    await come_in(page, server, api.workspace_id)
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="Webhooks").click()
    await shoot(page, "webhooks-none")
    await page.get_by_label("URL").fill(url)
    await page.get_by_label("lead.*").check()
    await page.get_by_label("Description").fill("Billing")
    await page.get_by_role("button", name="Create").click()


async def width(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))
