"""The dashboard of real processes: its open pages hear of what another one writes, and hold up no stop."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.e2e.processes import ServerProcess, ask, soft_limit

Serve = Callable[..., ServerProcess]

pytestmark = pytest.mark.slow

QUIET = ("--rate-limit", "0", "--log-level", "error")


class Page:
    """One that hears of changes, in the browser of whoever opened the first start's link."""

    def __init__(self, server: ServerProcess) -> None:
        link = re.search(r"http://\S+/welcome/[\w-]+", server.output)
        assert link is not None
        session = requests.Session()
        fields = {"name": "Bea", "email": "bea@example.com", "password": "correct horse battery"}
        leads = session.post(link[0], data=fields, timeout=20)
        assert leads.status_code == 200
        self._answer = session.get(leads.url.replace("/leads", "/changes"), stream=True, timeout=20)
        self._lines: Iterator[str] = self._answer.iter_lines(chunk_size=1, decode_unicode=True)

    def next_change(self) -> str:
        return next(line for line in self._lines if line.startswith("data"))

    def wait_until_silent(self) -> None:
        """Nothing but a heartbeat comes."""
        assert next(line for line in self._lines if line == ":")

    def rest(self) -> list[str]:
        return [line for line in self._lines if line]


def create(server: ServerProcess, key: str | None) -> None:
    connection = server.connect()
    assert ask(connection, "POST", "/api/v1/leads", {"name": "Ada", "email": "ada@example.com"}, key)[0] == 201
    connection.close()


def test_what_another_process_writes_is_heard(serve: Serve) -> None:
    server = serve(*QUIET)
    page = Page(server)
    page.next_change()
    other = serve(*QUIET)
    page.wait_until_silent()

    create(other, server.key)

    assert page.next_change() == "data: changed"


def test_a_stop_ends_open_pages_at_once_and_cleanly(serve: Serve) -> None:
    server = serve(*QUIET)
    page = Page(server)
    page.next_change()
    began = time.monotonic()

    server.process.terminate()

    assert [line for line in page.rest() if line != "data: changed"] == []
    assert server.process.wait(timeout=40) == 0
    assert time.monotonic() - began < 3 * soft_limit()  # it would drain for 30 seconds
    assert server.log.read_text() == ""
