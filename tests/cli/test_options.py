"""Options and settings: the bad ones end in a sentence, before anything is written."""

import socket
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from typer.testing import CliRunner

from leadlight import __version__
from leadlight.cli.main import app
from tests.cli.conftest import Cli

pytestmark = pytest.mark.engine("sqlite")


def leadlight(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leadlight", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--port", "65536"], "LEADLIGHT_PORT is 65536; it has to be a number from 0 to 65535."),
        (["--rate-limit", "-1"], "LEADLIGHT_RATE_LIMIT is -1; it has to be 0 or more requests an hour."),
        (["--log-level", "loud"], "LEADLIGHT_LOG_LEVEL is 'loud'; it has to be one of debug, info, warning, error."),
        (["--max-body-bytes", "1"], "LEADLIGHT_MAX_BODY_BYTES is 1; it has to be 1024 to 1073741824 bytes."),
        (["--max-header-bytes", "1"], "LEADLIGHT_MAX_HEADER_BYTES is 1; it has to be 1024 to 1048576 bytes."),
        (["--workers", "0"], "LEADLIGHT_WORKERS is 0; it has to be 1 to 256."),
        (["--drain-seconds", "0"], "LEADLIGHT_DRAIN_SECONDS is 0; it has to be 1 second or more."),
        (
            ["--auth-failures-per-minute", "-1"],
            "LEADLIGHT_AUTH_FAILURES_PER_MINUTE is -1; it has to be 0 or more.",
        ),
        (
            ["--trusted-proxies", "proxy"],
            "LEADLIGHT_TRUSTED_PROXIES is 'proxy'; it has to be IP addresses or networks, by comma.",
        ),
    ],
)
def test_a_bad_setting_stops_the_server_with_a_sentence(cli: Cli, options: list[str], sentence: str) -> None:
    assert cli.refusal("serve", *options) == sentence
    assert not cli.data.exists()


def test_a_bad_variable_is_a_bad_setting(cli: Cli) -> None:
    sentence = cli.refusal("serve", LEADLIGHT_LOG_LEVEL="loud")

    assert sentence == "LEADLIGHT_LOG_LEVEL is 'loud'; it has to be one of debug, info, warning, error."


@pytest.mark.parametrize("options", [["--port", "http"], ["--nope"], ["--rate-limit"]])
def test_an_option_that_can_not_be_read_is_a_usage_error(cli: Cli, options: list[str]) -> None:
    result = cli.run("serve", *options)

    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert not cli.data.exists()


@pytest.mark.parametrize(
    "name",
    [
        "host",
        "port",
        "workers",
        "data",
        "rate-limit",
        "auth-failures-per-minute",
        "max-body-bytes",
        "max-header-bytes",
        "trusted-proxies",
        "background",
        "log-level",
        "drain-seconds",
    ],
)
def test_every_setting_is_an_option_and_a_variable(name: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "240", "NO_COLOR": "1"})

    assert f"--{name}" in result.stdout
    assert f"LEADLIGHT_{name.replace('-', '_').upper()}" in result.stdout


def test_a_port_that_is_taken_is_told_before_a_key_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = leadlight("serve", "--port", port, "--data", str(tmp_path / "store"))

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        f"leadlight: can't listen on 127.0.0.1:{port}: Address already in use; choose another --host or --port\n"
    )
    assert not (tmp_path / "store").exists()


def test_a_host_that_is_none_is_told(tmp_path: Path) -> None:
    ran = leadlight("serve", "--host", "host.invalid", "--port", "0", "--data", str(tmp_path / "store"))

    assert ran.returncode == 1
    assert ran.stderr.startswith("leadlight: can't listen on host.invalid:0: ")
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["workspaces", "list"],
        ["keys", "list"],
        ["keys", "create", "--workspace", "Acme"],
        ["keys", "rotate", "key_1"],
        ["keys", "revoke", "key_1"],
        ["doctor"],
    ],
)
def test_a_folder_without_a_store_is_told_and_left_as_it_is(cli: Cli, command: list[str]) -> None:
    assert cli.refusal(*command) == (
        f"there is no store in {cli.data}; `leadlight serve` makes one, and --data names another folder"
    )
    assert not cli.data.exists()


def test_a_data_folder_that_is_a_file_is_told(cli: Cli) -> None:
    cli.data.write_text("precious")

    assert cli.refusal("workspaces", "create", "Acme").startswith(f"the store in {cli.data} can't be opened: ")
    assert cli.data.read_text() == "precious"


@pytest.mark.usefixtures("acme")
def test_a_store_of_a_newer_version_is_left_alone(cli: Cli) -> None:
    connection = apsw.Connection(str(cli.data / "leadlight.db"))
    connection.execute("INSERT INTO schema_migrations VALUES (9999, 'from_the_future', 0)")
    connection.close()

    sentence = cli.refusal("workspaces", "list")

    assert sentence.startswith("This store has schema 9999, and this version of Leadlight knows schemas up to ")
    assert sentence.endswith("Install the version that wrote it, or a newer one; nothing was changed.")


def test_the_version_can_be_asked_for() -> None:
    ran = leadlight("--version")

    assert (ran.returncode, ran.stdout) == (0, f"leadlight {__version__}\n")


def test_without_a_command_there_is_help() -> None:
    result = CliRunner().invoke(app, [])

    assert result.exit_code == 2
    assert "serve" in result.output
