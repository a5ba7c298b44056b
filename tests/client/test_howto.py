"""The how-to on the client: its programs run on a real server and print what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from leadlight.client import errors
from tests.client.conftest import TickingClock
from tests.conftest import Client

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "client.md"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def clock() -> TickingClock:
    """What is made later is younger."""
    return TickingClock()


@pytest.mark.engine("sqlite")
def test_the_programs_print_what_is_shown(api: Client, tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    program = "\n".join(text for language, text in blocks if language == "python")
    environment = {**os.environ, "LEADLIGHT_URL": api.url, "LEADLIGHT_KEY": api.key}

    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "".join(text for language, text in blocks if language == "text")


def test_every_error_with_a_class_of_its_own_is_shown() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    page = PAGE.read_text(encoding="utf-8")

    assert [kind.__name__ for kind in kinds if f"`{kind.__name__}`" not in page] == []
