"""The command line on a data folder, in the test's own process."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from leadlight.cli.main import app


class Cli:
    """Runs commands on one data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *arguments: str, **environment: str) -> Result:
        command = [*arguments, "--data", str(self.data)]
        return CliRunner().invoke(app, command, env={"COLUMNS": "240", **environment})

    def json(self, *arguments: str) -> Any:
        """What a command that succeeds prints for programs."""
        result = self.run(*arguments, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    def refusal(self, *arguments: str, **environment: str) -> str:
        """The one sentence of a command that ends with exit code 1."""
        result = self.run(*arguments, **environment)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert isinstance(result.exception, SystemExit)
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("leadlight: ").removesuffix("\n")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """On a folder that is not there yet."""
    return Cli(tmp_path / "store")


@pytest.fixture
def acme(cli: Cli) -> str:
    """The id of the workspace "Acme" in the store of `cli`."""
    return str(cli.json("workspaces", "create", "Acme")["id"])
