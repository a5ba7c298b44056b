"""From an empty folder to a look-up: what a newcomer sees and pastes."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest


class Started:
    """`leadlight serve` as a process of its own; its standard output is read line by line."""

    def __init__(self, data: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "leadlight", "serve", "--port", "0", "--data", str(data), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def read_until(self, text: str) -> str:
        output = ""
        while text not in output:
            output += self._lines.get(timeout=20)
        return output

    def stop(self) -> str:
        """Ends it as Ctrl-C does; the output that nobody has read yet."""
        self.process.terminate()
        self.process.wait(timeout=20)
        self._reader.join(timeout=5)
        return "".join(self._lines.get_nowait() for _ in range(self._lines.qsize()))

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self._lines.put(line)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "leadlight-data"


def test_the_printed_commands_create_a_lead_and_read_it(data: Path) -> None:
    server = Started(data)
    output = server.read_until("Read it:") + server.read_until("Authorization")
    commands = output.split("Create a lead:")[1].replace("Read it:", "")

    ran = subprocess.run(["bash", "-euc", commands], capture_output=True, text=True, timeout=30, check=True)
    server.stop()

    created, read = json.loads(ran.stderr), json.loads(ran.stdout)
    assert read == created
    assert read["data"]["name"] == "Ada Park"
    assert read["data"]["metadata"] == {"company": "Parkside"}


def test_the_key_is_printed_by_the_first_start_alone(data: Path) -> None:
    first = Started(data)
    key = re.search(r"sk-workspace_\w+", first.read_until("Read it:"))
    first.stop()

    second = Started(data)
    output = second.read_until("listens on")
    output += second.stop()

    assert key is not None
    assert "sk-workspace_" not in output
