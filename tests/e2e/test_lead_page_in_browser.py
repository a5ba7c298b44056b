"""A lead's page in a real browser: notes by keyboard, a merge that is looked at first and taken back."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.conftest import Client, Server
from tests.e2e.pages import OpenPage, come_in, needs_chromium, opened_pages, shoot

pytestmark = [pytest.mark.slow, needs_chromium]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def open_page() -> AsyncIterator[OpenPage]:
    async with opened_pages() as open_:
        yield open_


@pytest.fixture
def lead_id(api: Client, admin: Client) -> str:
    """Of a lead that came in by a form, and may be there twice."""
    form = admin.post("/api/v1/forms", {"name": "Contact", "onDuplicate": "create"}).json()["data"]
    sent = {"name": "Ada Park", "email": "ada@example.com", "company": "Parkside", "message": "Please call me. " * 20}
    api.post(f"/capture/{form['id']}", sent)
    api.create(
        "Ada B. Park",
        "ADA@example.com",
        phone="+44 20 7946 0958",
        source="fair",
        status="contacted",
        metadata={"company": "Acme & Sons of the very long Name", "hall": "B", "seats": 12},
    )
    [lead] = api.get("/api/v1/leads?source=form").json()["data"]["leads"]
    return str(lead["id"])


async def shoot_both(page: Page, name: str) -> None:
    """On a desk, and on a phone."""
    await page.set_viewport_size({"width": 1280, "height": 800})
    await shoot(page, name)
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await shoot(page, f"{name}-phone")
    await page.set_viewport_size({"width": 1280, "height": 800})


async def test_notes_are_written_changed_and_deleted(
    open_page: OpenPage, server: Server, api: Client, lead_id: str
) -> None:
    page = await open_page()
    await come_in(page, server, api.workspace_id)
    await page.goto(f"{server.url}/w/{api.workspace_id}/leads/{lead_id}")

    await page.keyboard.press("c")
    await page.keyboard.type("Wants a demo")
    await page.keyboard.press("Enter")
    await page.keyboard.type("on <b>Monday</b>")
    await page.keyboard.press("Control+Enter")
    note = page.locator(".note")
    await expect(note).to_contain_text("Bea Lee wrote")
    await expect(note.locator(".text")).to_have_text("Wants a demo\non <b>Monday</b>")
    await expect(page).to_have_url(re.compile(r"#note_"))

    await note.get_by_text("Edit", exact=True).click()
    await note.get_by_label("The note").fill("Wants two demos")
    await shoot_both(page, "lead-notes")
    await note.get_by_role("button", name="Save note").click()
    await expect(note.locator(".text")).to_have_text("Wants two demos")
    await expect(note).to_contain_text("changed by Bea Lee")
    await page.locator(".came summary").click()
    await expect(page.locator(".came dl")).to_contain_text("Please call me.")
    await shoot_both(page, "lead-beside")

    await note.get_by_text("Edit", exact=True).click()
    await note.get_by_role("button", name="Delete note").click()
    await expect(page.get_by_text("created this lead")).to_be_visible()
    await expect(note).to_have_count(0)


async def test_two_leads_become_one_and_two_again(
    open_page: OpenPage, server: Server, api: Client, lead_id: str
) -> None:
    page = await open_page()
    await come_in(page, server, api.workspace_id)
    await page.get_by_role("link", name="Duplicates").click()
    await expect(page.locator(".pair-of")).to_contain_text("100 of 100: same email, similar name")
    await shoot_both(page, "duplicates")
    await page.goto(f"{server.url}/w/{api.workspace_id}/leads/{lead_id}")
    await page.get_by_role("link", name="Compare with Ada B. Park").click()

    result = page.locator(".result")
    await expect(result.first).to_have_text("Ada Park")
    await shoot_both(page, "merge")
    await page.get_by_label("Ada B. Park").check()
    await expect(result.first).to_have_text("Ada B. Park")
    await expect(page.get_by_role("button", name="Show the result")).to_be_hidden()
    await page.get_by_role("button", name="Merge", exact=True).click()

    await expect(page.get_by_role("status")).to_contain_text("Merged: this lead stands for both.")
    await expect(page.get_by_role("heading", name="Ada B. Park")).to_be_visible()
    await shoot_both(page, "merged")
    await page.get_by_role("button", name="Undo").click()

    await expect(page.get_by_role("status")).to_contain_text("Taken back: these are two leads again")
    await expect(page.get_by_role("heading", name="Ada Park")).to_be_visible()
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 2


async def test_all_of_it_works_without_scripts(open_page: OpenPage, server: Server, api: Client, lead_id: str) -> None:
    page = await open_page(java_script_enabled=False)
    await come_in(page, server, api.workspace_id)
    await page.goto(f"{server.url}/w/{api.workspace_id}/leads/{lead_id}")

    await page.get_by_label("A new note").fill("Call her")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".note .text")).to_have_text("Call her")

    await page.get_by_role("link", name="Compare with Ada B. Park").click()
    await page.get_by_label("Ada B. Park").check()
    await page.get_by_role("button", name="Show the result").click()
    await expect(page.locator(".result").first).to_have_text("Ada B. Park")
    await page.get_by_role("button", name="Merge", exact=True).click()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("status")).to_contain_text("Taken back")
