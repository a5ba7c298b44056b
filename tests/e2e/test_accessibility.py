"""Each page of the dashboard as axe-core judges it, light and dark."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page

from tests.capture.forms import TheForm
from tests.conftest import Client, Server
from tests.e2e.pages import AXE, SCHEMES, come_in, needs_axe, needs_chromium, opened_pages
from tests.webhooks.endpoints import create_webhook, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.engine("sqlite"), needs_chromium, needs_axe]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


NOBODY = "http://127.0.0.1:9099/hook"
"""Where nothing listens, so that an attempt fails."""


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """May send to this machine."""
    return start_server(webhook_allow_private=True)


class Judge:
    """Looks at pages, and keeps what it finds."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._axe = AXE.read_text(encoding="utf-8")
        self.found: list[tuple[str, str, str, str]] = []

    async def look(self, name: str) -> None:
        for scheme in SCHEMES:
            await self._page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await self._page.evaluate(self._axe)
            result: dict[str, Any] = await self._page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
            for violation in result["violations"]:
                html = violation["nodes"][0]["html"]
                self.found.append((name, scheme, violation["id"], html))


async def test_nothing_is_in_anybodys_way(server: Server, api: Client, admin: Client) -> None:
    webhook = create_webhook(admin, NOBODY, events=["lead.created"])
    lead = api.create(
        metadata={"company": "Parkside", "note": "two\nlines", "utm_campaign": "spring"},
        followUpAt="2026-01-15",
        followUpNote="Call",
    )
    [delivery] = wait_for(admin, webhook, "pending")
    api.post(f"/api/v1/leads/{lead['id']}/notes", {"text": "Call her\n" + "x" * 2_000})
    TheForm(admin).post(json={"name": "A. Park", "email": lead["email"]})
    twin = next(each for each in api.get("/api/v1/leads").json()["data"]["leads"] if each["id"] != lead["id"])
    for status in ("contacted", "converted", "new"):
        api.patch(f"/api/v1/leads/{lead['id']}", {"status": status})
    home = f"{server.url}/w/{api.workspace_id}"
    async with opened_pages() as open_page:
        page = await open_page()
        judge = Judge(page)
        for name in ("sign-in", "welcome/unknown"):
            await page.goto(f"{server.url}/{name}")
            await judge.look(name)

        await come_in(page, server, api.workspace_id)
        for name in (
            "leads",
            "leads?status=new,lost&search=ada",
            "leads?search=nobody",
            "leads?status=none",
            f"leads/{lead['id']}?in=",
            f"leads/{twin['id']}",
            f"leads/{lead['id']}/merge/{twin['id']}",
            "duplicates",
            "duplicates?minScore=100",
            "leads/new",
            "today",
            "board",
            "insights?days=365",
            "insights?from=2020-01-01&to=2020-01-31",
            "insights?from=x&to=2020-01-31&days=0",
            "account",
            "settings/people",
            "settings/keys",
            "settings/webhooks",
            f"settings/webhooks/{webhook['id']}",
            f"settings/webhooks/{webhook['id']}/deliveries/{delivery['id']}",
            "settings/workspace",
            "settings/forms",
            "settings/forms/new",
        ):
            await page.goto(f"{home}/{name}")
            await judge.look(name)

        form = TheForm(admin, allowedOrigins=["*"], googleAdsKey="key-of-google")
        form.post(json={"name": "Ada Park"})
        form.post(json={"name": "Ada Park", "email": "ada@example.com"})
        names = [
            "forms",
            f"forms/{form.id}",
            f"forms/{form.id}/submissions",
            f"forms/{form.id}/submissions?status=ignored",
        ]
        for name in (*names, *(f"submissions/{each['id']}" for each in form.submissions())):
            await page.goto(f"{home}/settings/{name}")
            await judge.look(name)
            for part in await page.locator("main details > summary").all():
                await part.click()
                await judge.look(name)

        await page.goto(f"{home}/leads")
        for menu in ("Filter", "Columns", "Save view", "Export"):
            await page.locator("summary", has_text=menu).click()
            await judge.look(menu)
        await page.goto(f"{home}/settings/webhooks/{webhook['id']}")
        for details in await page.locator("main summary").all():
            await details.click()
        await judge.look("a webhook, unfolded")
        await page.get_by_role("button", name="Make a new secret").click()
        await judge.look("a secret")
        await page.goto(f"{home}/leads")
        await page.locator("body").press("?")
        await judge.look("help")

    assert judge.found == []


async def test_an_import_and_a_view_are_in_nobodys_way(start_server: Callable[..., Server]) -> None:
    server = start_server(background=False)  # each step waits for the test
    workspace_id = server.workspace()
    home = f"{server.url}/w/{workspace_id}"
    content = b"Full name,Mail,Plan\nAda,ada@example.com,gold\nBen,,tin\n"
    async with opened_pages() as open_page:
        page = await open_page()
        judge = Judge(page)
        await come_in(page, server, workspace_id)
        for name in ("imports", "imports/new"):
            await page.goto(f"{home}/{name}")
            await judge.look(name)
        await page.get_by_label("Choose a file").set_input_files({"name": "a.csv", "mimeType": "", "buffer": content})
        await page.get_by_role("button", name="Send").click()
        await page.wait_for_url("**/imports/imp_*")
        for step, button in (("looked at", "Try it"), ("tried", "Import"), ("imported", "")):
            await judge.look(f"{step}: under way")
            server.do(server.services.import_run().run(workspace_id, page.url.rpartition("/")[2], "test"))
            await page.reload()
            await judge.look(step)
            if button:
                await page.get_by_role("button", name=button, exact=True).click()
                await page.locator("[data-live]").wait_for()
        await page.goto(f"{home}/imports")
        await judge.look("a list of imports")

        for _ in range(2):  # the second one's name is taken
            await page.goto(f"{home}/leads?search=ada")
            await page.locator("summary", has_text="Save view").click()
            await page.get_by_label("Name", exact=True).fill("Adas")
            await page.get_by_role("button", name="Save", exact=True).click()
            await judge.look(page.url)
        await page.goto(f"{home}/leads?search=x")
        await page.get_by_role("link", name="Adas").click()
        await page.locator("summary", has_text="View").click()
        await judge.look("a view")

    assert judge.found == []
