"""What came where and when: noted by a program that events arrive at, told to the one that measures.

They talk in lines. The program's first line says that it is ready; it answers `forget` when it has forgotten all, and
`wait N` with all that has come, once that is N arrivals, or when nobody would wait any longer.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import msgspec

from benchmarks.load import LoadFailed
from benchmarks.servers import CLIENT_CORE, pinned

_PATIENCE_SECONDS = 60.0
_LEAD_ID = re.compile(rb'"leadId":"([^"]+)"')


class Arrival(msgspec.Struct, frozen=True, array_like=True):
    """`at`: seconds of the clock that all processes share."""

    where: str
    lead_id: str
    at: float


class Arrivals:
    """For the program that events arrive at."""

    def __init__(self) -> None:
        self._come: list[Arrival] = []
        self._wanted = 1
        self._enough = asyncio.Event()

    def note(self, where: str, event: bytes) -> None:
        """`event`: its JSON, with whatever is around it."""
        at = monotonic()
        found = _LEAD_ID.search(event)
        self._come.append(Arrival(where, found[1].decode() if found else "", at))
        if len(self._come) >= self._wanted:
            self._enough.set()

    async def answer(self, ready: str) -> None:
        """Says that it is ready, and answers until nobody asks any more."""
        asked = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(asked)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        print(ready, flush=True)
        while line := (await asked.readline()).decode():
            word, _, count = line.strip().partition(" ")
            if word == "forget":
                self._come.clear()
            else:
                await self._wait(int(count))
            print(msgspec.json.encode(self._come).decode(), flush=True)

    async def _wait(self, count: int) -> None:
        self._wanted = count
        if len(self._come) < count:
            self._enough.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), _PATIENCE_SECONDS)


class Observer:
    """For the program that measures. `ready`: what the other one said when it was."""

    def __init__(self, running: "subprocess.Popen[str]") -> None:
        self._running = running
        self.ready = self._line()

    def forget(self) -> None:
        self._ask("forget")

    def wait(self, count: int) -> list[Arrival]:
        """So many arrivals. Raises LoadFailed if fewer come, or if something comes twice."""
        come = self._ask(f"wait {count}")
        if len(come) < count:
            raise LoadFailed(f"{len(come)} of {count} events arrived")
        if again := len(come) - len({(one.where, one.lead_id) for one in come}):
            raise LoadFailed(f"{again} of {len(come)} events arrived where they had been before")
        return come

    def _ask(self, question: str) -> list[Arrival]:
        assert self._running.stdin is not None
        self._running.stdin.write(question + "\n")
        self._running.stdin.flush()
        return msgspec.json.decode(self._line(), type=list[Arrival])

    def _line(self) -> str:
        assert self._running.stdout is not None
        line = self._running.stdout.readline().strip()
        if not line:
            raise LoadFailed(f"{self._running.args!r} has ended")
        return line


@contextmanager
def observed(module: str, *arguments: str) -> Iterator[Observer]:
    """Runs a program that notes arrivals, on the clients' core."""
    command = pinned(CLIENT_CORE, [sys.executable, "-m", module, *arguments])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield Observer(running)
        finally:
            running.terminate()
