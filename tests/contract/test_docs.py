"""The docs are true: their commands run, their links lead somewhere, nothing that exists is left out."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from docs.generate import REFERENCE, pages
from leadlight.http.errors import STATUS
from tests.conftest import Client

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```\n(?:\n```(json)\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
RUNNABLE = [page for page in PAGES if "\n```sh\n" in page.read_text(encoding="utf-8")]


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def assert_like(expected: Any, actual: Any) -> None:
    """Equal, where `…` in a text stands for anything, and alone for any value."""
    if expected == "…":
        return
    if isinstance(expected, dict):
        assert list(expected) == list(actual)
        for key, value in expected.items():
            assert_like(value, actual[key])
    elif isinstance(expected, list):
        assert len(expected) == len(actual)
        for value, other in zip(expected, actual, strict=True):
            assert_like(value, other)
    elif isinstance(expected, str):
        pattern = ".*".join(re.escape(part) for part in expected.split("…"))
        assert re.fullmatch(pattern, actual), f"{actual!r} is not like {expected!r}"
    else:
        assert expected == actual


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("page", RUNNABLE, ids=names(RUNNABLE))
def test_commands_run_and_answer_as_shown(page: Path, admin: Client, tmp_path: Path) -> None:
    blocks = [match for match in BLOCK.finditer(page.read_text(encoding="utf-8")) if match[1] == "sh"]
    script = "set -eu\n" + "".join(f"{{\n{match[2]}}} > {tmp_path}/{index}\n" for index, match in enumerate(blocks))
    environment = {**os.environ, "LEADLIGHT": admin.url, "KEY": admin.key}

    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    for index, match in enumerate(blocks):
        output = (tmp_path / str(index)).read_text(encoding="utf-8")
        assert '"success":false' not in output
        if match[3]:
            assert_like(json.loads(match[4]), json.loads(output))


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", pages())
def test_generated_pages_are_fresh(page: str) -> None:
    assert (REFERENCE / page).read_text(encoding="utf-8") == pages()[page], "run `make docs`"


def test_every_error_code_is_documented() -> None:
    text = (REFERENCE / "errors.md").read_text(encoding="utf-8")

    assert [code for code, status in STATUS.items() if f"| {status} | `{code}` |" not in text] == []


def test_every_problem_code_is_documented() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("src/**/*.py"))
    used = set(re.findall(r'Invalid\(\s*"([a-z_]+)"', source)) | set(
        re.findall(r'Problem\([^()]*(?:\([^()]*\)[^()]*)*, "([a-z_]+)"\)', source)
    )
    text = (REFERENCE / "errors.md").read_text(encoding="utf-8")

    assert {"blank", "duplicate", "required"} <= used
    assert {code for code in used if f"`{code}`" not in text} == set()
