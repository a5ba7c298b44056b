"""`leadlight worker`: begins, ends when it is told to, and refuses what the others refuse."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.e2e.processes import wait_until


def test_takes_no_port_and_makes_no_store(cli: Cli) -> None:
    assert cli.run("worker", "--port", "1").exit_code == 2
    assert not cli.data.exists()


@pytest.mark.engine("sqlite")
def test_a_folder_without_a_store_is_told_and_left_as_it_is(cli: Cli) -> None:
    assert cli.refusal("worker") == (
        f"there is no store in {cli.data}; `leadlight serve` makes one, and --data names another folder"
    )
    assert not cli.data.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--log-level", "loud"], "LEADLIGHT_LOG_LEVEL is 'loud'; it has to be one of debug, info, warning, error."),
        (["--database-connections", "1"], "LEADLIGHT_DATABASE_CONNECTIONS is 1; it has to be 3 to 1000."),
    ],
)
def test_a_bad_setting_is_told(cli: Cli, options: list[str], sentence: str) -> None:
    assert cli.refusal("worker", *options) == sentence


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_works_until_it_is_told_to_end(cli: Cli, tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "leadlight", "worker", "--data", str(cli.data), "--database-url", cli.database_url]
    log = tmp_path / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        wait_until(lambda: log.read_text().endswith("\n"))
        begun = log.read_text()
        process.send_signal(number)
        code = process.wait(timeout=20)
    finally:
        process.kill()

    assert code == 0
    assert begun.count("\n") == 1
    assert '"message":"background work begins"' in begun
    assert '"message":"background work has ended"' in log.read_text().removeprefix(begun)
