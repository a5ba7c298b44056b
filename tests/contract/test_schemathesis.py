"""The API document, taken at its word by schemathesis: all checks, all phases, against a real server."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from leadlight.capture.reference import public_paths
from leadlight.principal import Scope
from tests.conftest import Client, Server

CONFIG = Path(__file__).with_name("schemathesis.toml")
ENDS_KEYS = ("revokeKey", "rotateKey")  # let loose, they end the key that the run itself uses
GOES_ON = ("streamEvents",)  # an answer without an end would be waited for; tests/events/test_stream.py has it
LEFT_OUT = (*ENDS_KEYS, *GOES_ON)


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(auth_failures_per_minute=0, background=False)  # what it is told to send goes nowhere


@pytest.fixture
def target(server: Server) -> Client:
    return server.client(server.workspace(), Scope.ADMIN)


@pytest.mark.slow
def test_the_document_is_true(server: Server, target: Client, tmp_path: Path) -> None:
    options = [f"--exclude-operation-id={name}" for name in LEFT_OUT]

    public = [method for methods in public_paths().values() for method in methods]

    ended = _run(target, CONFIG, tmp_path, *options, "--max-examples=15")

    assert ended.returncode == 0, ended.stdout[-20_000:]
    assert f"Tested: {len(server.services.operations()) + len(public) - len(LEFT_OUT)}\n" in ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize("operation", ENDS_KEYS)
def test_the_document_is_true_of_ending_keys(target: Client, tmp_path: Path, operation: str) -> None:
    issued = target.post("/api/v1/keys", {"name": "spare"}).json()["data"]
    config = tmp_path / "schemathesis.toml"
    path = f'[[operations]]\ninclude-operation-id = "{operation}"\nparameters = {{ "path.keyId" = "{issued["id"]}" }}\n'
    config.write_text(CONFIG.read_text() + path)

    ended = _run(target, config, tmp_path, f"--include-operation-id={operation}", "--max-examples=10")

    assert ended.returncode == 0, ended.stdout[-20_000:]


def _run(target: Client, config: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "--config-file", str(config), "run", f"{target.url}/openapi.json", "--checks=all"]
    command += [f"--header=Authorization: Bearer {target.key}", "--seed=1", "--warnings=off", "--no-color", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
