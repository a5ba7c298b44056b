"""Servers as processes; none outlives its test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import ServerProcess


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers on the one data folder of the test."""
    started: list[ServerProcess] = []

    def start(*options: str) -> ServerProcess:
        started.append(ServerProcess(tmp_path / "data", tmp_path / f"log-{len(started)}", *options))
        return started[-1]

    yield start
    for server in started:
        server.kill()
