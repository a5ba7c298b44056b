"""The example clients, run as a reader would run them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Client

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMANDS = {
    "sh": ["sh", str(EXAMPLES / "get_lead.sh")],
    "node": ["node", str(EXAMPLES / "get_lead.mjs")],
    "python": [sys.executable, str(EXAMPLES / "get_lead.py")],
}


def run(language: str, api: Client, lead_id: str) -> subprocess.CompletedProcess[str]:
    program = {"sh": "curl", "node": "node", "python": sys.executable}[language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    environment = {**os.environ, "LEADLIGHT": api.url, "KEY": api.key}
    command = [*COMMANDS[language], lead_id]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("language", ["node", "python"])
def test_prints_a_lead(language: str, api: Client) -> None:
    lead = api.create(metadata={"company": "Parkside"})

    ran = run(language, api, lead["id"])

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "Ada Park <ada@example.com> is new, company: Parkside\n"


@pytest.mark.parametrize("language", ["node", "python"])
def test_tells_a_missing_lead(language: str, api: Client) -> None:
    ran = run(language, api, "lead_missing")

    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "There is no such lead.\n")


@pytest.mark.parametrize("language", ["node", "python"])
def test_names_any_other_error(language: str, api: Client) -> None:
    ran = run(language, api, "no-id")

    assert ran.returncode == 1
    assert "INVALID_ID_FORMAT: Invalid lead ID format" in ran.stderr


def test_curl_prints_the_lead_as_json(api: Client) -> None:
    lead = api.create()

    ran = run("sh", api, lead["id"])

    assert ran.returncode == 0
    assert f'"id":"{lead["id"]}"' in ran.stdout


def test_curl_fails_on_a_missing_lead(api: Client) -> None:
    ran = run("sh", api, "lead_missing")

    assert ran.returncode == 22
    assert '"code":"LEAD_NOT_FOUND"' in ran.stdout
