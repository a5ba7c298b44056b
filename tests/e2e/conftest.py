"""Servers as processes; none outlives its test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import ServerProcess
from tests.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[PostgresServer]:
    """A server that keeps its promises, as one does in earnest."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def serve(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers on the one store of the test; commands find it too."""
    if engine == "postgres":
        server: PostgresServer = request.getfixturevalue("durable_postgres")
        monkeypatch.setenv("LEADLIGHT_DATABASE_URL", server.create_database())
    started: list[ServerProcess] = []

    def start(*options: str) -> ServerProcess:
        started.append(ServerProcess(tmp_path / "data", tmp_path / f"log-{len(started)}", *options))
        return started[-1]

    yield start
    for server in started:
        server.kill()
