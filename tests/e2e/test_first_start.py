"""From an empty folder to a look-up: what a newcomer sees and pastes."""

import json
import subprocess
from collections.abc import Callable

from tests.e2e.processes import ServerProcess


def test_the_printed_commands_create_a_lead_and_read_it(serve: Callable[..., ServerProcess]) -> None:
    commands = serve().output.split("Create a lead:")[1].replace("Read it:", "")

    ran = subprocess.run(["bash", "-euc", commands], capture_output=True, text=True, timeout=30, check=True)

    created, read = json.loads(ran.stderr), json.loads(ran.stdout)
    assert read == created
    assert read["data"]["name"] == "Ada Park"
    assert read["data"]["metadata"] == {"company": "Parkside"}
