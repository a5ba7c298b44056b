"""The how-to on the command line: its commands run on a real server and print what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from leadlight.cli.connection import Exit
from tests.client.conftest import TickingClock
from tests.conftest import Client

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "cli.md"
BLOCK = re.compile(r"^```bash\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)


VARIES = re.compile(r"(?<=_)[0-9a-z]{26}\b|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d| +$", re.MULTILINE)


def assert_like(expected: str, printed: str) -> None:
    """Equal but for ids and times, where `…` stands for anything."""
    pattern = ".*".join(map(re.escape, VARIES.sub("", expected).split("…")))
    assert re.fullmatch(pattern, VARIES.sub("", printed), re.DOTALL), printed


@pytest.fixture
def clock() -> TickingClock:
    """What is made later is younger."""
    return TickingClock()


@pytest.mark.engine("sqlite")
def test_the_commands_run_and_print_as_shown(api: Client, tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    script = [f"{{\n{commands}}} > {tmp_path}/{index} 2>&1\necho $?" for index, (commands, _) in enumerate(blocks)]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "LEADLIGHT": api.url, "KEY": api.key, "COLUMNS": "100"}

    ran = subprocess.run(
        ["bash", "-uc", "\n".join(script)],
        cwd=tmp_path,
        env=environment,
        input="m\n",  # what a person answers
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    printed = [(tmp_path / str(index)).read_text(encoding="utf-8") for index in range(len(blocks))]
    for (_, expected), text in zip(blocks, printed, strict=True):
        if expected:
            assert_like(expected, text)
    codes = [str(Exit.IN_PART.value if "failed rows" in expected else Exit.DONE.value) for _, expected in blocks]
    assert (ran.stdout.split(), ran.stderr) == (codes, "")


def test_every_exit_code_is_shown() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [code for code in Exit if f"\n| {code.value} |" not in page] == []
