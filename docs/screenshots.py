"""Takes the pictures of the dashboard that the documentation shows: `python -m docs.screenshots`; needs Chromium."""

import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import msgspec
from playwright.async_api import async_playwright

from leadlight.app import Services
from leadlight.clock import DAY, HOUR, MINUTE, system_clock
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.lead import LeadStatus
from leadlight.people.role import Role
from leadlight.principal import Principal, Scope
from leadlight.store.opening import open_database
from leadlight.workspaces.service import KeySpec

IMAGES = Path(__file__).parent / "images"
_PORT = 8_099
_ADDRESS = f"http://127.0.0.1:{_PORT}"
_EMAIL, _PASSWORD = "bea@parkside.example", "only for the pictures"
_FIRST = (
    "Ada",
    "Amir",
    "Bea",
    "Chen",
    "Dana",
    "Elif",
    "Femi",
    "Grace",
    "Hana",
    "Igor",
    "Jonas",
    "Kofi",
    "Lena",
    "Mina",
)
_LAST = ("Adler", "Bauer", "Costa", "Diaz", "Fischer", "Garcia", "Hopper", "Ito", "Kaya", "Lange", "Okafor", "Park")
_COMPANIES = ("Parkside", "Birch & Co", "Nordlicht", "Delta Works", "Atelier Rosa", "Hafen IT", "Quince", "Tall Oaks")
_SOURCES = ("website", "website", "website", "google_ads", "google_ads", "trade fair", "partner", "newsletter")
_CAMPAIGNS = ("spring-2026", "retargeting", "webinar")
_PATHS = ((), (LeadStatus.CONTACTED,), (LeadStatus.CONTACTED, LeadStatus.LOST))
_FURTHER = (LeadStatus.CONTACTED, LeadStatus.QUALIFIED)
_PICTURES = {
    "leads": "/leads?status=new,contacted&columns=email,status,source,metadata.company,createdAt",
    "board": "/board",
    "insights": "/insights",
}
_LEADS = 420
_DAYS = 60


class _Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> int:
        return self.now


async def _fill(folder: Path) -> str:
    """Makes a store with leads of two months, each with what became of it; the address of its workspace."""
    choose, clock, today = random.Random(7), _Clock(), system_clock()
    database = await open_database(folder)
    services = Services(database, clock)
    workspace = await services.workspaces.create_workspace("Parkside")
    key = await services.workspaces.create_key(workspace.id, KeySpec("website", (Scope.LEADS_WRITE,)))
    caller = await services.workspaces.find_principal(key.secret)
    assert caller is not None
    await services.people.create_user(workspace.id, _EMAIL, "Bea Lee", _PASSWORD, Role.OWNER)
    for number in range(_LEADS):
        clock.now = today - _DAYS * DAY + number * (_DAYS * DAY // _LEADS) + choose.randrange(HOUR)
        await _tell(services, caller, clock, choose)
    await services.sender.close()
    await database.close()
    return f"{_ADDRESS}/w/{workspace.id}"


async def _tell(services: Services, caller: Principal, clock: _Clock, choose: random.Random) -> None:
    """A lead, and what became of it until today."""
    first, last = choose.choice(_FIRST), choose.choice(_LAST)
    source, company = choose.choice(_SOURCES), choose.choice(_COMPANIES)
    metadata = {"company": company, "seats": choose.randrange(1, 60)}
    if source in ("google_ads", "newsletter"):
        metadata["utm_campaign"] = choose.choice(_CAMPAIGNS)
    email = f"{first}.{last}@{company.split()[0].lower()}.example".lower()
    draft = LeadDraft(f"{first} {last}", email, source=source, metadata=msgspec.Raw(msgspec.json.encode(metadata)))
    lead = (await services.leads.create_lead(caller, draft)).lead
    path = choose.choice((*_PATHS, _FURTHER, _FURTHER, (*_FURTHER, LeadStatus.CONVERTED)))
    for status in path:
        clock.now += choose.randrange(5 * MINUTE, 30 * HOUR)
        if clock.now > system_clock():
            return
        await services.leads.update_lead(caller, lead.id, LeadPatch(status=status))


async def _take(program: str, home: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page = await context.new_page()
        await page.goto(f"{_ADDRESS}/sign-in")
        await page.get_by_label("Email").fill(_EMAIL)
        await page.get_by_label("Password").fill(_PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/leads")
        for name, path in _PICTURES.items():
            await page.goto(home + path)
            await page.screenshot(path=IMAGES / f"{name}.png")
        await browser.close()


def _wait_until_it_serves() -> None:
    while True:
        with suppress(OSError), urllib.request.urlopen(f"{_ADDRESS}/health/live"):
            return
        time.sleep(0.1)


def main() -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("Chromium is not installed")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = asyncio.run(_fill(Path(folder)))
        command = [sys.executable, "-m", "leadlight", "serve", "--data", folder, "--port", str(_PORT)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            _wait_until_it_serves()
            asyncio.run(_take(program, home))
            server.terminate()


if __name__ == "__main__":
    main()
