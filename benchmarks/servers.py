"""Starts and ends the servers that are measured, each bound to a core, or to two."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.seed import read_note
from leadlight.store.sqlite_file import FILE_NAME

ROOT = Path(__file__).parent.parent

SERVER_CORE = "0"
CLIENT_CORE = "1"
BOTH_CORES = "0,1"

_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs. `started_in`: seconds from the start of its process to its first good answer.

    `clients_on`: the cores of those who ask it. `database`: the process of the database server that it asks, if any.
    """

    name: str
    port: int
    pid: int
    started_in: float
    clients_on: str = CLIENT_CORE
    database: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory_mib(self) -> float:
        """What it holds in memory now; 0 where the system does not tell."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return 0.0
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmRSS"].split()[0]) / 1024

    def cpu_seconds(self) -> float:
        """Processor time that it and its children have used; 0 where the system does not tell."""
        return cpu_seconds(self.pid)

    def database_cpu_seconds(self) -> float:
        return cpu_seconds(self.database) if self.database else 0.0


@contextlib.contextmanager
def leadlight(
    store: Path,
    *,
    name: str = "Leadlight",
    module: str = "leadlight",
    options: Sequence[str] = (),
    cores: str = SERVER_CORE,
) -> Iterator[Server]:
    """Leadlight as it ships, its log written to nowhere. `options` may name another place where the same leads are."""
    read_through(store)
    port = free_port()
    command = [sys.executable, "-m", module, "serve", "--data", str(store), "--port", str(port), *options]
    key = read_note(store).unlimited_key
    with running(name, command, port, path=lead_path(store), key=key, cores=cores) as server:
        yield server


@contextlib.contextmanager
def running(
    name: str,
    command: Sequence[str],
    port: int,
    *,
    path: str,
    key: str,
    environment: Mapping[str, str] | None = None,
    cores: str = SERVER_CORE,
) -> Iterator[Server]:
    """Runs a server; ready once it answers a path well."""
    started = time.perf_counter()
    process = subprocess.Popen(
        pinned(cores, command),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port, path, key):
            if process.poll() is not None or time.perf_counter() - started > _PATIENCE_SECONDS:
                raise RuntimeError(f"{name} did not start: {' '.join(command)}")
            time.sleep(0.005)
        yield Server(name, port, process.pid, time.perf_counter() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def get(port: int, path: str, key: str, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers by their names in lower case, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}", **(headers or {})})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def lead_path(store: Path, index: int = 0) -> str:
    return f"/api/v1/leads/{read_note(store).ids[index]}"


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its children have used, the children that ended too."""
    ticks = _ticks(pid, 4)
    with contextlib.suppress(FileNotFoundError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ticks += sum(_ticks(int(child), 2) for child in children)
    return ticks / os.sysconf("SC_CLK_TCK")


def pinned(cores: str, command: Sequence[str]) -> list[str]:
    """The command, bound to some cores where that can be done."""
    return ["taskset", "-c", cores, *command] if shutil.which("taskset") else list(command)


def read_through(store: Path) -> None:
    """Has the system hold the store's file in its cache: what is compared is not the disk."""
    with (store / FILE_NAME).open("rb") as file:
        while file.read(1 << 24):
            pass


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _ticks(pid: int, fields: int) -> int:
    """Of the process, and with four fields of the children that it has seen end."""
    try:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11 : 11 + fields]))
    except FileNotFoundError:
        return 0


def _answers(port: int, path: str, key: str) -> bool:
    try:
        return get(port, path, key)[0] == 200
    except (OSError, http.client.HTTPException):
        return False
