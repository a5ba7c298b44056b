"""What a start of the program loads: what the command needs, for somebody waits."""

import subprocess
import sys

import pytest
import typer

from leadlight.cli import entry, main, remote

CODE = """
import sys
from leadlight.cli.entry import main
try:
    main()
except SystemExit as ended:
    print(ended.code, *sorted(set(sys.modules) & {"leadlight.app", "leadlight.client", "uvicorn", "aiohttp"}))
"""


@pytest.mark.parametrize(
    ("command", "loaded"),
    [
        ("leads", ["leadlight.client"]),
        ("import", ["leadlight.client"]),
        ("serve", ["aiohttp", "leadlight.app", "uvicorn"]),
        ("keys", ["aiohttp", "leadlight.app", "leadlight.client", "uvicorn"]),
    ],
)
def test_loads_what_the_command_needs(command: str, loaded: list[str]) -> None:
    started = subprocess.run(
        [sys.executable, "-c", CODE, command, "--help"], capture_output=True, text=True, check=True
    )

    assert started.stdout.splitlines()[-1].split() == ["0", *loaded]


def test_every_command_that_asks_a_server_is_known_as_such() -> None:
    names = set(typer.main.get_command(remote.app).commands)  # type: ignore[attr-defined]

    assert set(entry.REMOTE) == names
    assert names < set(typer.main.get_command(main.app).commands)  # type: ignore[attr-defined]
