"""From an empty folder to a look-up: what a newcomer sees and pastes."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.e2e.processes import ServerProcess, leadlight

NOBODY = "Nobody has an account yet: leadlight users create EMAIL --name NAME --role owner\n"


def test_the_printed_commands_create_a_lead_and_read_it(serve: Callable[..., ServerProcess]) -> None:
    commands = serve().output.split("Create a lead:")[1].replace("Read it:", "")

    ran = subprocess.run(["bash", "-euc", commands], capture_output=True, text=True, timeout=30, check=True)

    created, read = json.loads(ran.stderr), json.loads(ran.stdout)
    assert read == created
    assert read["data"]["name"] == "Ada Park"
    assert read["data"]["metadata"] == {"company": "Parkside"}


def test_the_first_start_prints_a_link_that_makes_an_owner(serve: Callable[..., ServerProcess]) -> None:
    server = serve()

    sentence = "Open this to make your account; it works once, and for 24 hours:"
    assert re.search(rf"{sentence}\n\n  http://127.0.0.1:{server.port}/welcome/[\w-]{{43}}\n", server.output)
    assert NOBODY not in server.output


def test_a_later_start_tells_how_to_make_a_user_where_there_is_none(
    serve: Callable[..., ServerProcess], tmp_path: Path
) -> None:
    serve().stop()
    without = serve()
    without.stop()
    options = ["--name", "Ada", "--role", "owner", "--password-stdin"]

    leadlight("users", "create", "ada@example.com", *options, data=tmp_path / "data", typed="correct horse battery\n")

    assert NOBODY in without.output
    assert "/welcome/" not in without.output
    assert NOBODY not in serve().output
