"""PostgreSQL for one run: a server of its own that writes to the disk as it does by default, and stores on it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter

import msgspec

from benchmarks.load import LoadFailed
from benchmarks.seed import seeded_store
from benchmarks.timed_copy import CopyTimes
from leadlight.app import Services
from leadlight.principal import Scope
from leadlight.store import opening
from leadlight.store.sqlite_file import FILE_NAME
from leadlight.workspaces.service import KeySpec
from tests.postgres_server import PostgresServer

_MEMORY = "shared_buffers = 1GB"


class PostgresStores:
    """`pid`: the process whose children are the server's others."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._filled: dict[int, str] = {}
        self.pid = int((server.data / "postmaster.pid").read_text().split()[0])

    def filled(self, leads: int) -> str:
        """The URL of a copy of a seeded store, to be read only."""
        if leads not in self._filled:
            print(f"copying {leads:,} leads to PostgreSQL …", flush=True)
            url = self.empty()
            timed_copy(sqlite_url(seeded_store(leads)), url)
            self.settle(url)
            self.keep(leads, url)
        return self._filled[leads]

    def settle(self, url: str) -> None:
        """Does now what the server does by itself some minutes after a load, while others would be measured."""
        for statement in ("VACUUM (ANALYZE)", "CHECKPOINT"):
            self.run(url, statement)

    def keep(self, leads: int, url: str) -> None:
        """Lets `filled` answer with a store that was copied already."""
        if leads in self._filled:
            self.drop(url)
        else:
            self._filled[leads] = url

    def scratch(self, leads: int) -> str:
        """A copy of `filled`, for a run that writes."""
        return self._server.create_database(template=_name(self.filled(leads)))

    def empty(self) -> str:
        return self._server.create_database()

    def drop(self, url: str) -> None:
        self._server.run(f"DROP DATABASE {_name(url)}")

    def run(self, url: str, sql: str) -> float:
        """Runs a statement as administrator; the seconds that it took."""
        began = perf_counter()
        self._server.run(sql, _name(url))
        return perf_counter() - began

    def file(self, name: str) -> Path:
        """A file that the server can write."""
        return self._server.folder / name

    def bind(self, cores: str) -> None:
        """Binds the server to some cores where that can be done, as it is now and as it goes on."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        if hasattr(os, "sched_setaffinity") and children.exists():
            for pid in (self.pid, *map(int, children.read_text().split())):
                with suppress(ProcessLookupError):  # it has ended since
                    os.sched_setaffinity(pid, map(int, cores.split(",")))


@contextmanager
def postgres_stores() -> Iterator[PostgresStores]:
    server = PostgresServer(_MEMORY)
    try:
        yield PostgresStores(server)
    finally:
        server.remove()


def timed_copy(source: str, target: str) -> CopyTimes:
    """`leadlight db copy`, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.timed_copy", source, target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadFailed(f"the copy failed: {done.stderr}")
    return msgspec.json.decode(done.stdout, type=CopyTimes)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{(folder / FILE_NAME).resolve()}"


def add_workspaces(url: str, number: int) -> list[tuple[str, str]]:
    """New workspaces, each with a key that has no limit: their ids and keys."""

    async def add() -> list[tuple[str, str]]:
        database = await opening.open_database(Path(), url, create=False)
        service, spec = Services(database).workspaces, KeySpec("Benchmark", (Scope.ADMIN,), rate_limit=0)
        made = []
        for index in range(number):
            workspace = await service.create_workspace(f"Writer {index}")
            made.append((workspace.id, (await service.create_key(workspace.id, spec)).secret))
        await database.close()
        return made

    return asyncio.run(add())


def _name(url: str) -> str:
    return url.rpartition("/")[2]
