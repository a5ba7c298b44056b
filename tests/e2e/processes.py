"""`python -m leadlight` as a process of its own, the way it runs for real."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_URL = re.compile(r"http://127\.0\.0\.1:(\d+)")
_WORKER = re.compile(r'worker="(\d+)"')
_KEY = re.compile(r"sk-workspace_[A-Za-z0-9]{38}")


def leadlight(*arguments: str, data: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command to its end. `typed`: what it reads."""
    command = [sys.executable, "-m", "leadlight", *arguments, "--data", str(data)]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=30, check=False)


class ServerProcess:
    """A server on a data folder. `key`: the one that it printed, if it printed one."""

    def __init__(self, data: Path, log: Path, *options: str) -> None:
        command = [sys.executable, "-m", "leadlight", "serve", "--port", "0", "--data", str(data), *options]
        self.log = log
        self._has_workers = "--workers" in options
        self._output = log.with_suffix(".out")
        self.started_at = time.monotonic()
        with self._output.open("w") as out, log.open("w") as errors:
            self.process = subprocess.Popen(command, stdout=out, stderr=errors)
        try:
            self.port = int(self._wait_for(_URL)[1])
        except BaseException:
            self.kill()
            raise
        self.output = self._output.read_text()
        found = _KEY.search(self.output)
        self.key = found[0] if found else None

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ready_after(self) -> float:
        """Seconds from the start of the process to its first answer; waits for it."""
        while True:
            try:
                connection = self.connect()
                status, _ = ask(connection, "GET", "/health/ready")
                connection.close()
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.01)
                continue
            assert status == 200
            return time.monotonic() - self.started_at

    def kill(self) -> None:
        """Ends it in the midst of whatever it does, and its workers; nothing happens to one that has ended."""
        workers = self.workers() if self._has_workers else set()
        self.process.kill()
        self.process.wait(timeout=20)
        for pid in workers & running():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Asks it to end; answers its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=40)

    def workers(self) -> set[int]:
        """Its child processes that have not ended."""
        return children(self.process.pid)

    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])  # type: ignore[index]

    def _wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = pattern.search(self._output.read_text())
            if found and self._output.read_text().endswith("\n"):
                return found
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.005)
        raise AssertionError(f"the server did not start: {self.log.read_text()}")


def running() -> set[int]:
    """The processes that there are."""
    return set(_parents())


def children(pid: int) -> set[int]:
    return {child for child, parent in _parents().items() if parent == pid}


def _parents() -> dict[int, int]:
    """The parent of each process that has not ended; one that has stays listed until its parent asks for its code."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "stat="], capture_output=True, text=True, timeout=20, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def wait_until(holds: Callable[[], object], *, seconds: float = 40) -> None:
    """Waits for something that has to come true some time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, key: str | None = None
) -> tuple[int, dict[str, Any]]:
    """One request; its status and its JSON. Raises OSError or HTTPException when the server goes away."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    content = response.read()
    return response.status, json.loads(content) if content else {}


def raw(connection: http.client.HTTPConnection, path: str) -> http.client.HTTPResponse:
    connection.request("GET", path)
    return connection.getresponse()


def worker_of(connection: http.client.HTTPConnection) -> str | None:
    """Which worker has this connection."""
    label = _WORKER.search(raw(connection, "/metrics").read().decode())
    return label and label[1]


def connections_to_each(server: ServerProcess) -> dict[str, http.client.HTTPConnection]:
    """By its worker; waits until both take connections."""
    found: dict[str, http.client.HTTPConnection] = {}
    deadline = time.monotonic() + 40
    while len(found) < 2:
        assert time.monotonic() < deadline, server.log.read_text()
        connection = server.connect()
        worker = worker_of(connection)
        if worker is None or worker in found:
            connection.close()
        else:
            found[worker] = connection
    return found


def answering(server: ServerProcess) -> set[str]:
    """The workers, once both take connections."""
    found = connections_to_each(server)
    for connection in found.values():
        connection.close()
    return set(found)


def is_refused(server: ServerProcess) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=20).close()
    except ConnectionRefusedError:
        return True
    return False


def soft_limit() -> float:
    """How much longer things may take here than on a machine that has nothing else to do."""
    return 1.0 + os.getloadavg()[0]
