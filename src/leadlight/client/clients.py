"""The two clients: made of an address and a key, and of what sends."""

import asyncio
import os
import random as _random
import re
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, Generic, Self

import httpx

from leadlight import __version__
from leadlight.client.drivers import AsyncDriver, SyncDriver, timeout_of
from leadlight.client.duplicates import Duplicates
from leadlight.client.errors import NotConfigured
from leadlight.client.events import Events
from leadlight.client.exchange import Terms
from leadlight.client.forms import Forms
from leadlight.client.imports import Imports
from leadlight.client.insights import Insights
from leadlight.client.leads import Leads
from leadlight.client.notes import Notes
from leadlight.client.operations import Operations
from leadlight.client.resource import D
from leadlight.client.retrying import Retrying
from leadlight.client.webhooks import Webhooks
from leadlight.client.workspace import WorkspaceOfKey

URL_VARIABLE = "LEADLIGHT_URL"
KEY_VARIABLE = "LEADLIGHT_KEY"
_KEY = re.compile(r"[\x21-\x7e]{1,512}")  # it goes into a header


class _Client(Generic[D]):
    """The resources. `D`: who does their calls."""

    def __init__(self, driver: D) -> None:
        self._driver = driver
        self.leads = Leads(driver)
        self.notes = Notes(driver)
        self.imports = Imports(driver)
        self.operations = Operations(driver)
        self.duplicates = Duplicates(driver)
        self.insights = Insights(driver)
        self.forms = Forms(driver)
        self.workspace = WorkspaceOfKey(driver)
        self.events = Events(driver)
        self.webhooks = Webhooks(driver)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._driver.url!r})"


class Leadlight(_Client[SyncDriver]):
    """A workspace on a server. To be closed, or used by `with`; any number of threads may share it."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        retrying: Retrying = Retrying(),  # noqa: B008  (frozen)
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = _random.random,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`url`, `key`: LEADLIGHT_URL and LEADLIGHT_KEY, if not said. Raises NotConfigured.

        `timeout_seconds`: how long the server may be silent. The others are for those who test their patience.
        """
        address, options = _options(url, key, environment, timeout_seconds)
        terms = Terms(retrying, clock, random, _new_key)
        super().__init__(SyncDriver(httpx.Client(**options), address, terms, sleep))

    def close(self) -> None:
        self._driver.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncLeadlight(_Client[AsyncDriver]):
    """The same for asyncio. To be closed, or used by `async with`; any number of tasks of one loop may share it."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        retrying: Retrying = Retrying(),  # noqa: B008  (frozen)
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = _random.random,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """See `Leadlight`."""
        address, options = _options(url, key, environment, timeout_seconds)
        terms = Terms(retrying, clock, random, _new_key)
        super().__init__(AsyncDriver(httpx.AsyncClient(**options), address, terms, sleep))

    async def close(self) -> None:
        await self._driver.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _options(
    url: str | None, key: str | None, environment: Mapping[str, str], timeout_seconds: float
) -> tuple[str, dict[str, Any]]:
    """The address, and what httpx is made with; the key is there and nowhere else."""
    address = _address(url or environment.get(URL_VARIABLE, ""))
    secret = key or environment.get(KEY_VARIABLE, "")
    if not secret:
        raise NotConfigured(f"an API key is needed: give key, or set {KEY_VARIABLE}")
    if not _KEY.fullmatch(secret):
        raise NotConfigured("the API key holds what no key does; copy it as it was shown")
    headers = {"Authorization": f"Bearer {secret}", "User-Agent": f"leadlight-client/{__version__}"}
    return address, {
        "base_url": address,
        "headers": headers,
        "timeout": timeout_of(timeout_seconds),
        "verify": _trusted(),
    }


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are good; made once, for it takes 25 ms."""
    return httpx.create_ssl_context()


def _address(text: str) -> str:
    """Raises NotConfigured for what is no server's address; its text does not hold what may be a password."""
    if not text:
        raise NotConfigured(f"the server's address is needed: give url, or set {URL_VARIABLE}")
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL as error:
        raise NotConfigured(f"the server's address can't be read: {error}") from None
    if url.userinfo:
        raise NotConfigured("the server's address must hold no user and no password")
    if url.scheme not in ("http", "https") or not url.host:
        raise NotConfigured("the server's address has to begin with https:// or http://, and name a host")
    if url.query or url.fragment:
        raise NotConfigured("the server's address must not hold a question mark or a fragment")
    return str(url).rstrip("/")


def _new_key() -> str:
    return secrets.token_hex(16)
