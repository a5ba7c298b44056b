"""What is measured of the dashboard: how long its pages take, one after another, and what they weigh."""

import asyncio
import http.client
import re
import shutil
import time
from statistics import median
from urllib.parse import urlencode

from playwright.async_api import async_playwright

from benchmarks.postgres_stores import PostgresStores
from benchmarks.rounds import Effort, Section, at_most
from benchmarks.servers import leadlight
from benchmarks.subscribed_stores import Place, opened, scratch_place
from leadlight.dashboard.assets import assets
from leadlight.people.role import Role

_EMAIL, _PASSWORD = "bench@example.com", "only for measuring"
_TIMES = 30
_TABLE = "the table"
_PAGES = {
    _TABLE: "",
    "by name": "?sort=name",
    "of one status": "?status=new",
    "a search": "?search=park",
    "a search that finds nothing": "?search=zzzz",
    "a search in two states": "?status=new,lost&search=ann",
    "since a day": "?createdAfter=2024-01-01",
}
_INSIGHTS = {"insights of 30 days": "?from=2024-06-01&to=2024-06-30", "insights of all days": "?from=2023-11-01"}
_OTHERS = ("board", "today", "duplicates", "imports", "leads/new")
_LEAD = "one lead"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FIRST_PAINT = """() => new Promise(resolve => {
    const told = entries => entries.length && resolve(entries[0].startTime);
    new PerformanceObserver(list => told(list.getEntriesByName("first-contentful-paint")))
        .observe({ type: "paint", buffered: true });
})"""


class _Browser:
    """Somebody who is signed in."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        fields = urlencode({"email": _EMAIL, "password": _PASSWORD})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/sign-in", fields, headers)
        answer = self._connection.getresponse()
        answer.read()
        self._cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def get(self, path: str) -> bytes:
        self._connection.request("GET", path, headers={"Cookie": self._cookie})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered {answer.status}")
        return body


def pages(effort: Effort, stores: PostgresStores | None = None) -> Section:
    section = Section(
        f"Pages of the dashboard on {effort.leads:,} leads",
        f"Each {_TIMES} times in a round, one after another, on one connection: from the request to the last byte of "
        f"the answer. The stylesheet and the scripts, which a browser keeps, are {_weight():.1f} KiB, of which scripts "
        f"are {_weight('.js'):.1f} KiB. First paint: p50 in Chromium, from the click on, in a browser that has kept "
        f"nothing; where Chromium is installed.",
        ("page", "p50 ms", "longest ms", "KiB", "first paint ms"),
    )
    with scratch_place(effort.leads, "pages", stores) as place:
        home = asyncio.run(_let_in(place))
        with leadlight(place.folder, options=place.options) as server:
            browser = _Browser(server.port)
            paths = {name: f"{home}/leads{query}" for name, query in _PAGES.items()}
            paths |= {name: f"{home}/insights{query}" for name, query in _INSIGHTS.items()}
            paths |= {name: f"{home}/{name}" for name in _OTHERS}
            found = re.search(rb'href="([^"]*/leads/lead_[^"]*)"', browser.get(paths[_TABLE]))
            assert found is not None
            paths[_LEAD] = found[1].decode().replace("&amp;", "&")
            times: dict[str, list[float]] = {name: [] for name in paths}
            for _ in range(effort.rounds):
                for name, path in paths.items():
                    times[name] += [_milliseconds(browser, path) for _ in range(_TIMES)]
            bodies = {name: browser.get(path) for name, path in paths.items()}
            paints = asyncio.run(_first_paints(server.port, paths, effort.rounds))
    for name, measured in times.items():
        section.rows.append(
            (
                name,
                f"{median(measured):.1f}",
                f"{max(measured):.1f}",
                f"{len(bodies[name]) / 1024:.1f}",
                f"{median(paints[name]):.0f}" if paints else "",
            )
        )
    if paints:
        slowest = max(median(times) for times in paints.values())
        section.targets.append(at_most("the slowest page's first paint in Chromium", slowest, 300, "ms"))
    section.targets += [
        at_most("p50 of the dashboard's table", median(times[_TABLE]), 50, "ms"),
        *(at_most(f"p50 of {name}", median(times[name]), 50, "ms") for name in _INSIGHTS),
        at_most("the table's page with all that belongs to it", _whole(bodies[_TABLE]), 60, "KiB"),
        at_most("the dashboard's scripts", _weight(".js"), 30, "KiB"),
    ]
    return section


async def _first_paints(port: int, paths: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Milliseconds by page, each in a browser that has kept nothing but the session; none without Chromium."""
    if CHROMIUM is None:
        return {}
    found: dict[str, list[float]] = {name: [] for name in paths}
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await chromium.new_context(base_url=f"http://127.0.0.1:{port}")
        page = await context.new_page()
        await page.goto("/sign-in")
        await page.get_by_label("Email").fill(_EMAIL)
        await page.get_by_label("Password").fill(_PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/leads")
        session = await context.storage_state()
        for name in [*paths] * rounds * 3:
            fresh = await chromium.new_context(base_url=f"http://127.0.0.1:{port}", storage_state=session)
            page = await fresh.new_page()
            await page.goto("/health/live")  # starts the browser's process for this website, and nothing else
            await page.goto(paths[name])
            found[name].append(await page.evaluate(_FIRST_PAINT))
            await fresh.close()
        await chromium.close()
    return found


async def _let_in(place: Place) -> str:
    """Makes a user; the address of the workspace."""
    async with opened(place) as (services, caller):
        await services.people.create_user(caller.workspace_id, _EMAIL, "Bench", _PASSWORD, Role.MEMBER)
        return f"/w/{caller.workspace_id}"


def _milliseconds(browser: _Browser, path: str) -> float:
    began = time.perf_counter()
    browser.get(path)
    return (time.perf_counter() - began) * 1000


def _whole(page: bytes) -> float:
    """KiB of a page with the files that it names."""
    names = set(re.findall(rb'"/assets/\w+/([\w.]+)"', page))
    return (len(page) + sum(len(assets()[name.decode()].packed) for name in names)) / 1024


def _weight(ending: str = "") -> float:
    return sum(len(asset.body) for name, asset in assets().items() if name.endswith(ending)) / 1024
