"""The dashboard in a real browser: from the first link to leads that are found, changed and taken back."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conftest import Client, Server
from tests.e2e.pages import OpenPage, come_in, needs_chromium, opened_pages, shoot

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
async def open_page() -> AsyncIterator[OpenPage]:
    async with opened_pages() as open_:
        yield open_


@pytest.fixture
def filled(api: Client) -> Client:
    """Sixty leads, of whom four are called Hopper."""
    names = [f"Grace Hopper {number}" if number % 15 == 0 else f"Ada Park {number}" for number in range(60)]
    rows = [
        {"name": name, "email": f"{number}@example.com", "metadata": {"company": "Parkside"}}
        for number, name in enumerate(names)
    ]
    api.post("/api/v1/leads/batch", {"leads": rows})
    return api


async def test_leads_are_found_filtered_and_paged(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page()
    await come_in(page, server, filled.workspace_id)
    await shoot(page, "leads")
    await expect(page.locator("tbody tr")).to_have_count(50)

    await page.get_by_role("link", name="Next", exact=True).click()
    await expect(page.locator("tbody tr")).to_have_count(10)

    await page.keyboard.press("/")
    await page.keyboard.type("hopper")
    await expect(page.locator("tbody tr")).to_have_count(4)
    await expect(page).to_have_url(re.compile(r"\?search=hopper$"))

    [lead, *_] = filled.get("/api/v1/leads?search=hopper").json()["data"]["leads"]
    filled.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})
    await page.locator("summary", has_text="Filter").click()
    await page.get_by_label("Lost").check()
    await shoot(page, "filter")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"\?search=hopper&status=lost$"))

    await page.get_by_role("link", name="Status Lost").click()
    await expect(page.locator("tbody tr")).to_have_count(4)
    await page.get_by_role("link", name="Name", exact=True).click()
    await expect(page.locator("[aria-sort=ascending]")).to_have_text("Name")

    await page.locator("summary", has_text="Columns").click()
    await page.get_by_label("A key of the metadata").fill("company")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("tbody tr").first).to_contain_text("Parkside")
    await page.reload()
    await expect(page.locator("tbody tr").first).to_contain_text("Parkside")  # all of it lives in the address


async def test_many_are_changed_and_taken_back(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page()
    await come_in(page, server, filled.workspace_id)

    await page.get_by_label("Choose all on this page").check()
    await expect(page.get_by_text("50 chosen")).to_be_visible()
    await page.get_by_label("What to do with the chosen leads").select_option("qualified")
    await page.get_by_role("button", name="Do it").click()

    await expect(page.get_by_role("status")).to_contain_text("50 leads changed.")
    await expect(page.locator("tbody tr").first).to_contain_text("Qualified")
    await shoot(page, "changed")

    await page.get_by_role("button", name="Undo").click()

    await expect(page.get_by_role("status")).to_contain_text("Taken back: 50 restored.")
    await expect(page.locator("tbody tr").first).to_contain_text("New")


async def test_the_chosen_leads_are_had_as_a_file(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page()
    await come_in(page, server, filled.workspace_id)
    for box in await page.get_by_role("checkbox", name="Choose Ada").all():
        await box.check()
        if await page.get_by_text("2 chosen").is_visible():
            break

    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export as CSV").click()

    file = await (await download.value).path()
    assert len(file.read_text(encoding="utf-8-sig").splitlines()) == 3


async def test_a_lead_is_opened_and_edited_by_keyboard(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page()
    await come_in(page, server, filled.workspace_id)

    for key in ("j", "j", "Enter"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("heading", name="Ada Park 58")).to_be_visible()
    await page.keyboard.press("e")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("Ada Lovelace")
    await page.get_by_label("Status").select_option("contacted")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Save", exact=True).press("Enter")

    await expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has_text="Bea Lee changed")).to_contain_text("Ada Park 58")
    await shoot(page, "lead")

    await page.locator("body").press("j")
    await expect(page.get_by_role("heading", name="Ada Park 57")).to_be_visible()
    await page.locator("body").press("u")
    await expect(page.locator("tbody tr")).to_have_count(50)
    await page.locator("body").press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()


async def test_two_people_at_one_lead_lose_nothing(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page()
    await come_in(page, server, filled.workspace_id)
    await page.locator("tbody th a").first.click()
    await page.get_by_label("Name", exact=True).fill("Mine")
    lead_id = re.search(r"lead_\w+", page.url)
    assert lead_id is not None
    filled.patch(f"/api/v1/leads/{lead_id[0]}", {"name": "Theirs"})

    await page.get_by_role("button", name="Save", exact=True).click()

    await expect(page.get_by_role("alert")).to_contain_text("Somebody has changed this lead")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Mine")
    await expect(page.get_by_text("Meanwhile it was changed to “Theirs”")).to_be_visible()
    await shoot(page, "conflict")


async def test_a_follow_up_is_set_stands_in_today_and_is_done(
    open_page: OpenPage, server: Server, filled: Client
) -> None:
    page = await open_page()
    await come_in(page, server, filled.workspace_id)
    await page.locator("tbody th a").first.click()
    await page.get_by_label("Follow-up on").fill("2026-01-10")
    await page.get_by_label("Follow-up note").fill("Ask about the offer")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("listitem").filter(has_text="Bea Lee changed")).to_contain_text("2026-01-10")

    await page.get_by_role("link", name="Today").click()
    await expect(page.get_by_role("region", name="Overdue")).to_contain_text("Ask about the offer")
    await shoot(page, "today")
    await page.keyboard.press("j")
    await expect(page.get_by_role("link", name="Ada Park 59")).to_be_focused()
    await page.get_by_role("button", name="Tomorrow: Ada").click()
    await expect(page.get_by_role("region", name="The next seven days")).to_contain_text("Ask about the offer")
    await page.get_by_role("button", name="Done: Ada").click()

    await expect(page.get_by_role("heading", name="Nobody waits for you")).to_be_visible()


async def test_a_lost_connection_is_told_and_gets_over(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page()
    await come_in(page, server, filled.workspace_id)

    await page.context.set_offline(True)
    await page.get_by_label("Search names and emails").fill("hopper")
    await expect(page.get_by_role("alert")).to_contain_text("can't be reached")

    await page.context.set_offline(False)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_it_fits_a_phone(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await come_in(page, server, filled.workspace_id)
    await shoot(page, "phone-leads")
    widths = [await page.evaluate("document.documentElement.scrollWidth")]

    await page.locator("tbody th a").first.tap()
    await shoot(page, "phone-lead")
    widths.append(await page.evaluate("document.documentElement.scrollWidth"))

    assert widths == [390, 390]


async def test_it_is_read_and_edited_without_scripts(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page(java_script_enabled=False)
    await come_in(page, server, filled.workspace_id)

    await page.get_by_label("Search names and emails").fill("hopper")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("tbody tr")).to_have_count(4)
    await page.locator("tbody th a").first.click()
    await page.get_by_label("Phone").fill("+44 20 7946 0958")
    await page.get_by_role("button", name="Save", exact=True).click()

    await expect(page.get_by_role("listitem").filter(has_text="Bea Lee changed")).to_contain_text("+44 20 7946 0958")


async def test_a_card_is_dragged_and_others_see_it(open_page: OpenPage, server: Server, filled: Client) -> None:
    page, other = await open_page(), await open_page()
    await come_in(page, server, filled.workspace_id)
    await come_in(other, server, filled.workspace_id, "cay@example.com")
    for each in (page, other):
        await open_board(each)
        await expect(each.locator("[data-lane=new] .count")).to_have_text("60")
    name = await page.locator("[data-lane=new] [data-card] a").first.inner_text()

    await drag(page, page.locator("[data-lane=new] [data-card]").first, page.locator("[data-lane=contacted]"))

    await expect(page.locator("[data-lane=contacted] [data-card]")).to_contain_text(name)
    await expect(other.locator("[data-lane=contacted] [data-card]")).to_contain_text(name)
    await expect(other.locator("[data-lane=new] .count")).to_have_text("59")
    await shoot(page, "board")
    assert page.url.endswith("/board")  # a card that was dragged is not opened


async def test_a_card_is_moved_by_keyboard(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page()
    await come_in(page, server, filled.workspace_id)
    await open_board(page)
    card = page.locator("[data-lane=new] [data-card] a").first
    name = await card.inner_text()

    await card.focus()
    await page.keyboard.press("Shift+ArrowRight")
    await expect(page.locator("[data-lane=contacted] [data-card] a")).to_have_text(name)
    await expect(page.locator("[data-lane=contacted] [data-card] a")).to_be_focused()
    await page.keyboard.press("Shift+ArrowRight")

    await expect(page.locator("[data-lane=qualified] [data-card] a")).to_have_text(name)
    await expect(page.locator("[data-told]")).to_have_text(f"{name}: Qualified")


async def test_a_card_is_moved_by_touch(open_page: OpenPage, server: Server, filled: Client) -> None:
    page = await open_page(has_touch=True, viewport={"width": 1280, "height": 800})
    await come_in(page, server, filled.workspace_id)
    await open_board(page)
    card = page.locator("[data-lane=new] [data-card]").first
    name = await card.locator("a").inner_text()
    start, end = await middle(card), await middle(page.locator("[data-lane=lost] h2"))
    touches = await page.context.new_cdp_session(page)

    async def touch(kind: str, *points: dict[str, float]) -> None:
        await touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    await touch("touchStart", start)
    await page.wait_for_timeout(400)  # it is held, and not the page
    for step in range(1, 11):
        await touch("touchMove", {axis: start[axis] + (end[axis] - start[axis]) * step / 10 for axis in start})
    await touch("touchEnd")

    await expect(page.locator("[data-lane=lost] [data-card]")).to_contain_text(name)


async def open_board(page: Page) -> None:
    await page.get_by_role("link", name="Board").click()
    await expect(page.get_by_role("heading", name="Board")).to_be_visible()
    await page.wait_for_load_state()  # its scripts have run


async def drag(page: Page, card: Locator, lane: Locator) -> None:
    start, end = await middle(card), await middle(lane.locator("h2"))
    await page.mouse.move(start["x"], start["y"])
    await page.mouse.down()
    await page.mouse.move(end["x"], end["y"] + 60, steps=10)
    await page.mouse.up()


async def middle(of: Locator) -> dict[str, float]:
    box = None
    while box is None:  # the board may be put anew meanwhile
        box = await of.bounding_box()
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
