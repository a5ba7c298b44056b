"""A file in a real browser: dropped, assigned, tried, imported with a bar that moves, handed back in part, undone."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conftest import Client, Server
from tests.e2e.pages import OpenPage, come_in, needs_chromium, opened_pages, shoot
from tests.imports.uploads import leads

pytestmark = [pytest.mark.slow, needs_chromium]

ROWS, EVERY_BAD = 40_000, 1_000  # enough that the bar is asked for several times while they come in
BAD = ROWS // EVERY_BAD
MOVING = '[data-live] progress[value]:not([value="0.0000"])'


@pytest.fixture
async def open_page() -> AsyncIterator[OpenPage]:
    async with opened_pages() as open_:
        yield open_


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Forty thousand, of whom forty have no address."""
    path = tmp_path / "people.csv"
    rows = [
        f"Ada Park {number},{f'{number}@example.com' if number % EVERY_BAD else 'nowhere'},Parkside"
        for number in range(ROWS)
    ]
    path.write_text("\n".join(["Full name,E-Mail,Employer", *rows, ""]))
    return path


async def open_import(page: Page) -> None:
    await page.get_by_role("link", name="Import", exact=True).click()
    await page.get_by_role("link", name="Import a file").first.click()
    await expect(page.get_by_role("heading", name="Import a file")).to_be_visible()


async def choose(page: Page, path: Path) -> None:
    await page.get_by_label("Choose a file").set_input_files(path)
    await page.get_by_role("button", name="Send").click()


async def drop(page: Page, path: Path) -> None:
    """As a file from another window."""
    content = await asyncio.to_thread(path.read_text)
    held = await page.evaluate_handle(
        """([content, name]) => {
            const held = new DataTransfer();
            held.items.add(new File([content], name, { type: "text/csv" }));
            return held;
        }""",
        [content, path.name],
    )
    for kind in ("dragover", "drop"):
        await page.locator(".drop").dispatch_event(kind, {"dataTransfer": held})


def count(page: Page, name: str) -> Locator:
    return page.locator(".counts div").filter(has_text=name).locator("dd")


async def test_a_file_is_assigned_tried_imported_and_undone(
    open_page: OpenPage, server: Server, api: Client, people: Path
) -> None:
    page = await open_page(accept_downloads=True)
    await come_in(page, server, api.workspace_id)
    await open_import(page)
    await shoot(page, "import-new")
    await drop(page, people)

    await expect(page.get_by_label("Full name", exact=True)).to_have_value("name")
    await expect(page.get_by_label("E-Mail", exact=True)).to_have_value("email")
    await page.get_by_label("Key of the metadata for Employer").fill("company")
    await page.get_by_label("Source", exact=True).fill("fair")
    await shoot(page, "import-mapping")

    await page.get_by_role("button", name="Try it").click()
    await expect(page.get_by_role("heading", name="What the import would do")).to_be_visible(timeout=60_000)
    await expect(count(page, "Created")).to_have_text(f"{ROWS - BAD:,}")
    await expect(page.get_by_text("Line 2:")).to_be_visible()
    assert leads(api) == []
    await shoot(page, "import-tried")

    await page.get_by_role("button", name="Import", exact=True).click()
    shares = await watched(page)
    await expect(page.get_by_role("heading", name=re.compile("Imported"))).to_be_visible(timeout=120_000)
    assert len(shares) > 2, shares
    assert shares == sorted(shares)
    await expect(count(page, "Created")).to_have_text(f"{ROWS - BAD:,}")
    await shoot(page, "import-ended")
    assert leads(api, "source", "metadata")[0] == ("fair", {"company": "Parkside"})

    async with page.expect_download() as downloading:
        await page.get_by_role("link", name=f"Download all {BAD} as CSV").click()
    download = await downloading.value
    assert (await download.path()).read_text(encoding="utf-8-sig").count("nowhere,Parkside") == BAD

    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text(f"Taken back: {ROWS - BAD:,} restored.")).to_be_visible(timeout=240_000)
    assert leads(api) == []
    await page.get_by_role("link", name="Import", exact=True).click()
    await shoot(page, "imports")


async def watched(page: Page) -> list[float]:
    """The shares of the bar until it is gone, each that differs."""
    await page.locator(MOVING).wait_for()
    await shoot(page, "import-running")
    shares: list[float] = []
    while await page.locator("[data-live]").count():
        share = await page.evaluate("document.querySelector('[data-live] progress')?.value ?? null")
        if share is not None and share not in shares:
            shares.append(share)
        await page.wait_for_timeout(50)
    return shares


async def test_a_large_import_is_cancelled(open_page: OpenPage, server: Server, api: Client, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    rows = (f"Ada {number},{number}@example.com" for number in range(ROWS))
    path.write_text("\n".join(["name,email", *rows, ""]))
    page = await open_page()
    await come_in(page, server, api.workspace_id)
    await open_import(page)
    await choose(page, path)
    await page.get_by_role("button", name="Import", exact=True).click()
    await page.locator(MOVING).wait_for()

    await page.get_by_role("button", name="Cancel").click()

    await expect(page.get_by_role("heading", name=re.compile("Cancelled"))).to_be_visible(timeout=60_000)
    created = int((await count(page, "Created").inner_text()).replace(",", ""))
    assert 0 < created < ROWS


async def test_it_is_done_without_scripts(open_page: OpenPage, server: Server, api: Client, tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("Name,Mail address,Plan\nAda,ada@example.com,gold\nBen,,tin\n")
    page = await open_page(java_script_enabled=False)
    await come_in(page, server, api.workspace_id)
    await open_import(page)
    await choose(page, path)

    await page.get_by_label("Plan", exact=True).select_option("Leave out")
    await page.get_by_role("button", name="Try it").click()
    await expect(page.get_by_text("Line 3:")).to_be_visible()
    await page.get_by_role("button", name="Import", exact=True).click()

    await expect(page.get_by_role("heading", name=re.compile("Imported"))).to_be_visible()
    assert leads(api, "name", "metadata") == [("Ada", {})]


async def test_a_file_that_is_none_is_told_beside_the_field(
    open_page: OpenPage, server: Server, api: Client, tmp_path: Path
) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(b"%PDF-1.7")
    page = await open_page()
    await come_in(page, server, api.workspace_id)
    await open_import(page)

    await choose(page, path)

    await expect(page.locator("#file-problem")).to_contain_text("The file is a PDF document")
    await shoot(page, "import-refused")


async def test_a_view_is_saved_opened_and_exported(open_page: OpenPage, server: Server, api: Client) -> None:
    for name, status in (("Ada", "new"), ("Ben", "lost")):
        api.create(name, f"{name.lower()}@example.com", status=status)
    page = await open_page(accept_downloads=True)
    await come_in(page, server, api.workspace_id)
    await page.get_by_label("Search names and emails").fill("ben")
    await expect(page.locator("tbody tr")).to_have_count(1)

    await page.locator("summary", has_text="Save view").click()
    await page.get_by_label("Name", exact=True).fill("Bens")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("[aria-current=page]", has_text="Bens")).to_be_visible()
    await page.get_by_role("link", name="Leads", exact=True).click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.get_by_role("link", name="Bens").click()
    await expect(page.get_by_label("Search names and emails")).to_have_value("ben")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.locator("summary", has_text="View").click()
    await shoot(page, "view")

    await page.locator("summary", has_text="Export").click()
    await shoot(page, "export")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="CSV").click()
    lines = (await (await downloading.value).path()).read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["name", "Ben"]


async def test_it_fits_a_phone(open_page: OpenPage, server: Server, api: Client, people: Path) -> None:
    page = await open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await come_in(page, server, api.workspace_id)
    await open_import(page)
    await shoot(page, "phone-import-new")
    widths = [await page.evaluate("document.documentElement.scrollWidth")]
    await choose(page, people)

    await page.get_by_role("button", name="Try it").click()
    await expect(page.get_by_role("heading", name="What the import would do")).to_be_visible(timeout=60_000)
    await shoot(page, "phone-import-tried")
    widths.append(await page.evaluate("document.documentElement.scrollWidth"))

    await page.get_by_role("link", name="Leads", exact=True).click()
    await page.locator("summary", has_text="Export").click()
    await shoot(page, "phone-export")
    await page.locator("summary", has_text="Save view").click()
    widths.append(await page.evaluate("document.documentElement.scrollWidth"))

    assert widths == [390, 390, 390]
