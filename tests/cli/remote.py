"""The commands that talk to a server, in the test's own process."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from typer.testing import CliRunner, Result

from leadlight.cli.main import app


class Remote:
    """Runs commands with a key on a server."""

    def __init__(self, url: str, key: str) -> None:
        self.environment: dict[str, str | None] = {
            "LEADLIGHT_URL": url,
            "LEADLIGHT_KEY": key,
            "COLUMNS": "240",
            "NO_COLOR": "1",
        }

    def run(self, *arguments: str, answers: str | bytes = "", **environment: str | None) -> Result:
        """`answers`: what is typed, or comes in by a pipe."""
        with ThreadPoolExecutor() as executor:  # a thread of its own, for a test may have an event loop in this one
            return executor.submit(
                CliRunner().invoke, app, [*arguments], input=answers, env={**self.environment, **environment}
            ).result()

    def text(self, *arguments: str, answers: str | bytes = "") -> str:
        """What a command that succeeds prints."""
        result = self.run(*arguments, answers=answers)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str) -> Any:
        """The same for programs."""
        return json.loads(self.text(*arguments, "--json"))

    def refusal(self, *arguments: str, code: int = 1, **environment: str | None) -> str:
        """The one sentence of a command that ends with an exit code, and prints nothing else."""
        result = self.run(*arguments, **environment)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        assert isinstance(result.exception, SystemExit)
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("leadlight: ").removesuffix("\n")
