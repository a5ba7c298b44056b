"""The pages of forms in a real browser: from an empty workspace to a lead that a visitor of a website typed."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Page, Request, expect

from tests.capture.forms import TheForm
from tests.conftest import Client, MovableClock, Server
from tests.e2e.pages import OpenPage, come_in, needs_chromium, opened_pages, shoot
from tests.e2e.website import Website

pytestmark = [pytest.mark.slow, pytest.mark.engine("sqlite"), needs_chromium]


@pytest.fixture
async def open_page() -> AsyncIterator[OpenPage]:
    async with opened_pages() as open_:
        yield open_


@pytest.fixture
def website(clock: MovableClock) -> Iterator[Website]:
    website = Website(clock)
    yield website
    website.close()


async def open_forms(page: Page, server: Server, workspace_id: str) -> None:
    await come_in(page, server, workspace_id)
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="Forms").click()


async def ask_for(page: Page, row: int, field: str, target: str, key: str = "") -> None:
    await page.get_by_label(f"Field {row}", exact=True).fill(field)
    await page.get_by_label(f"Field {row} becomes").select_option(target)
    if key:
        await page.get_by_label(f"Key of the metadata for field {row}").fill(key)


async def test_a_form_is_made_pasted_and_sent_by_a_visitor(
    open_page: OpenPage, server: Server, api: Client, website: Website, clock: MovableClock
) -> None:
    page = await open_page(permissions=["clipboard-read", "clipboard-write"])
    await open_forms(page, server, api.workspace_id)
    await expect(page.get_by_role("heading", name="No forms yet")).to_be_visible()
    await shoot(page, "forms-none")

    await page.get_by_role("link", name="New form").click()
    await page.get_by_label("Name", exact=True).first.fill("Contact")
    await page.get_by_label("Allowed origins").fill(website.origin)
    await ask_for(page, 1, "vorname", "firstName")
    await ask_for(page, 2, "firma", "metadata", "company")
    await ask_for(page, 3, "frage", "metadata", "question")
    await page.get_by_role("button", name="Another field").click()
    await ask_for(page, 4, "post", "email")
    preview = page.frame_locator("iframe")
    await expect(preview.locator("label")).to_have_text(
        ["First name", "Company (optional)", "Question (optional)", "Email"]
    )
    await shoot(page, "forms-new")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("status")).to_contain_text("The form is made.")
    await shoot(page, "forms-one")

    await page.get_by_role("button", name="Copy").first.click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    website.page = "<!doctype html><title>Contact</title>" + await page.evaluate("navigator.clipboard.readText()")
    visitor = await open_page()
    await visitor.goto(f"{website.origin}/contact?utm_source=newsletter")
    await visitor.get_by_label("First name").fill("Zoë")
    await visitor.get_by_label("Company").fill("Parkside")
    await visitor.get_by_label("Email").fill("zoe@example.com")
    clock.advance(seconds=5)
    await visitor.get_by_role("button", name="Send").click()
    await expect(visitor.get_by_role("heading", name="Thank you")).to_be_visible()

    await page.get_by_role("link", name="What came in").click()
    await expect(page.locator("tbody tr")).to_contain_text(["Zoë · Parkside"])
    await shoot(page, "forms-came-in")
    await page.locator("tbody th a").click()
    await expect(page.get_by_text("vorname=Zo%C3%AB")).to_be_visible()
    await shoot(page, "forms-submission")
    await page.get_by_role("link", name="a lead", exact=True).click()
    await expect(page.get_by_role("heading", name="Zoë")).to_be_visible()
    await expect(page.get_by_text("newsletter").first).to_be_visible()


async def test_the_preview_sends_nothing(open_page: OpenPage, server: Server, api: Client, admin: Client) -> None:
    form = TheForm(admin, allowedOrigins=["*"])
    page = await open_page()
    await open_forms(page, server, api.workspace_id)
    await page.get_by_role("link", name="Contact").click()
    await page.wait_for_load_state("networkidle")
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    preview = page.frame_locator("iframe")
    await preview.get_by_label("Name").fill("Ada Park")
    await preview.get_by_label("Email").fill("ada@example.com")
    await preview.get_by_role("button", name="Send").click()
    await preview.get_by_label("Email").press("Enter")
    await page.wait_for_timeout(300)

    await expect(preview.get_by_label("Name")).to_have_value("Ada Park")
    assert (asked, form.submissions()) == ([], [])


async def test_a_secret_is_set_and_a_form_deleted(
    open_page: OpenPage, server: Server, api: Client, admin: Client
) -> None:
    form = TheForm(admin, allowedOrigins=["*"])
    page = await open_page()
    await open_forms(page, server, api.workspace_id)
    await page.get_by_role("link", name="Contact").click()
    await page.locator("summary", has_text="Google Ads").click()
    await page.get_by_label("Key: not set").fill("a-key-of-google")
    await page.get_by_role("button", name="Save").last.click()

    await expect(page.locator("summary", has_text="Google Ads")).to_contain_text("On")
    await page.locator("summary", has_text="Google Ads").click()
    await expect(page.get_by_role("textbox", name="Address")).to_have_value(f"{form.url}/google-ads")
    await expect(page.get_by_label("Key: set, never shown again")).to_have_value("")
    await shoot(page, "forms-platform")

    await page.locator("summary", has_text="Delete").click()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("heading", name="No forms yet")).to_be_visible()


async def test_it_is_used_without_scripts(open_page: OpenPage, server: Server, api: Client, admin: Client) -> None:
    page = await open_page(java_script_enabled=False)
    await open_forms(page, server, api.workspace_id)
    await page.get_by_role("link", name="New form").click()
    await page.get_by_label("Name", exact=True).first.fill("Contact")
    await ask_for(page, 1, "post", "email")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.frame_locator("iframe").locator("label")).to_have_text(["Name", "Email"])
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("status")).to_contain_text("The form is made.")

    [made] = admin.get("/api/v1/forms").json()["data"]["forms"]
    admin.post(f"/capture/{made['id']}", {"name": "Ada Park", "mail an": "ada@example.com"})
    await page.get_by_role("link", name="What came in").click()
    await page.get_by_role("link", name="Failed").click()
    await page.locator("tbody th a").click()
    await expect(page.get_by_text("post: is required")).to_be_visible()
    await shoot(page, "forms-failed")
    admin.put(f"/api/v1/forms/{made['id']}", {"fieldMap": {"mail an": "email"}})
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("status")).to_contain_text("is a lead now")


async def test_it_fits_a_phone(open_page: OpenPage, server: Server, api: Client, admin: Client) -> None:
    form = TheForm(
        admin, name="A form with a name " * 9, allowedOrigins=["https://a-long-name-of-a-website.example.com"]
    )
    form.post(json={"name": "Ada Park", "message": "x" * 300, "y" * 500: "z"})
    [submission] = form.submissions()
    page = await open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await come_in(page, server, api.workspace_id)
    widths = {}

    settings = f"{server.url}/w/{api.workspace_id}/settings"
    for name in (
        "forms",
        "forms/new",
        f"forms/{form.id}",
        f"forms/{form.id}/submissions",
        f"submissions/{submission['id']}",
    ):
        await page.goto(f"{settings}/{name}")
        await shoot(page, "phone-" + re.sub(r"_\w+", "", name).replace("/", "-"))
        widths[name] = await page.evaluate("document.documentElement.scrollWidth")

    assert set(widths.values()) == {390}, widths
