"""Clients of real servers, and of servers that answer what a test says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leadlight.client import Leadlight, Retrying
from tests.client.both import OnALoop
from tests.client.scripted import Naps
from tests.conftest import Client, MovableClock

KEY = "sk-workspace_" + "0" * 32 + "2wjyrI"
PATIENT = Retrying(max_tries=4, max_seconds=20, first_pause_seconds=1, longest_pause_seconds=8)


class TickingClock(MovableClock):
    """Goes on by a millisecond whenever somebody looks."""

    def __call__(self) -> int:
        self.advance(milliseconds=1)
        return self.now


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def connect(naps: Naps) -> Iterator[Callable[..., Leadlight]]:
    """Makes clients of a server by its address; they do not really sleep, and what is random is 1."""
    made: list[Leadlight] = []

    def make(url: str, key: str = KEY, **options: Any) -> Leadlight:
        patience = {"retrying": PATIENT, "sleep": naps.sleep, "clock": naps.clock, "random": lambda: 1.0}
        made.append(Leadlight(url, key, **{"timeout_seconds": 0.3, **patience, **options}))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(params=["in turn", "on a loop"])
def connect_either(request: pytest.FixtureRequest, naps: Naps) -> Iterator[Callable[..., Leadlight]]:
    """The same, for tests that run with both clients."""
    made: list[Any] = []

    def make(url: str, key: str = KEY, **options: Any) -> Any:
        on_a_loop = request.param == "on a loop"
        sleep = naps.sleep_async if on_a_loop else naps.sleep
        patience = {"retrying": PATIENT, "sleep": sleep, "clock": naps.clock, "random": lambda: 1.0}
        made.append((OnALoop if on_a_loop else Leadlight)(url, key, **{**patience, **options}))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(params=[Leadlight, OnALoop], ids=["in turn", "on a loop"])
def client(api: Client, request: pytest.FixtureRequest) -> Iterator[Leadlight]:
    """Of the workspace of `api`, with its key: the one client, and the other."""
    client = request.param(api.url, api.key)
    yield client
    client.close()
