"""The command line on a data folder, in the test's own process."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from leadlight.cli.main import app
from tests.postgres_server import PostgresServer


class Cli:
    """Runs commands on one store."""

    def __init__(self, data: Path, database_url: str = "") -> None:
        self.data = data
        self.database_url = database_url

    def run(self, *arguments: str, typed: str | None = None, **environment: str) -> Result:
        """`typed`: what it reads from standard input."""
        command = [*arguments, "--data", str(self.data), "--database-url", self.database_url]
        # In a thread of its own, for a test may have an event loop in this one.
        with ThreadPoolExecutor() as executor:
            env = {"COLUMNS": "240", **environment}
            return executor.submit(CliRunner().invoke, app, command, input=typed, env=env).result()

    def json(self, *arguments: str, typed: str | None = None) -> Any:
        """What a command that succeeds prints for programs."""
        result = self.run(*arguments, "--json", typed=typed)
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    def refusal(self, *arguments: str, typed: str | None = None, **environment: str) -> str:
        """The one sentence of a command that ends with exit code 1."""
        result = self.run(*arguments, typed=typed, **environment)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert isinstance(result.exception, SystemExit)
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("leadlight: ").removesuffix("\n")


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """As it was: a command that writes one leaves it to a stream that ends with the command."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def cli(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Cli:
    """On a folder that is not there yet, or on an empty database."""
    if engine == "sqlite":
        return Cli(tmp_path / "store")
    server: PostgresServer = request.getfixturevalue("postgres")
    return Cli(tmp_path / "store", server.create_database())


@pytest.fixture
def acme(cli: Cli) -> str:
    """The id of the workspace "Acme" in the store of `cli`."""
    return str(cli.json("workspaces", "create", "Acme")["id"])
