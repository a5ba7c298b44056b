"""`leadlight import` beside a real server: it can be left and come back to, and outlives a server that does not."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client
from tests.e2e.imports import process_of
from tests.e2e.processes import ServerProcess, wait_until

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.slow]

ROWS = 20_000


@pytest.fixture
def many(tmp_path: Path) -> Path:
    file = tmp_path / "many.csv"
    file.write_text("name,email\n" + "".join(f"Lead {n},{n}@example.com\n" for n in range(ROWS)))
    return file


def client(server: ServerProcess) -> Client:
    return Client(f"http://127.0.0.1:{server.port}", str(server.key), "", "")


def command(api: Client, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "LEADLIGHT_URL": api.url, "LEADLIGHT_KEY": api.key}
    whole = [sys.executable, "-m", "leadlight", "import", *arguments]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(whole, cwd=folder, env=environment, **pipes)


def the_import(api: Client) -> dict[str, Any]:
    """What there is of it so far."""
    found = api.get("/api/v1/imports").json()["data"]["imports"]
    return dict(found[0]) if found else {"processed": 0}


def total(api: Client) -> int:
    return int(api.get("/api/v1/leads?limit=1").json()["data"]["pagination"]["total"])


def test_who_leaves_can_come_back(serve: Callable[..., ServerProcess], tmp_path: Path, many: Path) -> None:
    server = serve("--rate-limit", "0")
    api = client(server)
    left = command(api, tmp_path, str(many))
    wait_until(lambda: the_import(api)["processed"] > 0)
    importing = process_of(server)
    os.kill(importing, signal.SIGSTOP)  # or it might be at its end by the time that the other is told

    left.send_signal(signal.SIGINT)
    try:
        _, said = left.communicate(timeout=30)
    finally:
        os.kill(importing, signal.SIGCONT)
    back = command(api, tmp_path, "--resume", the_import(api)["id"])
    told, errors = back.communicate(timeout=120)

    assert left.returncode == 130
    assert f"`leadlight import --resume {the_import(api)['id']}` watches it again" in said
    assert (back.returncode, errors) == (0, "")
    assert f"{ROWS:,}" in told
    assert total(api) == ROWS


def test_it_outlives_the_server(tmp_path: Path, many: Path) -> None:
    first = ServerProcess(tmp_path / "data", tmp_path / "first", "--rate-limit", "0")
    api = client(first)
    watching = command(api, tmp_path, str(many))
    second = None
    try:
        wait_until(lambda: the_import(api)["processed"] > 0)
        first.kill()
        second = ServerProcess(tmp_path / "data", tmp_path / "second", "--port", str(first.port), "--rate-limit", "0")
        told, said = watching.communicate(timeout=180)
        stored = total(Client(api.url, api.key, "", ""))
    finally:
        for process in (first, second, watching):
            if process is not None:
                process.kill()

    assert (watching.returncode, said.count("\n")) == (0, 1)
    assert f"created     {ROWS:,}" in told
    assert stored == ROWS
