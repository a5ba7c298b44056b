"""Writes of one workspace stand in line, and all that wait are committed at once.

The feed's counter lets one transaction of a workspace go at a time. Without a line in the process, units would wait
for that row each with a connection of its own, and take them from the look-ups (docs/decisions/0007).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from leadlight.errors import LeadlightError, StoreUnavailable
from leadlight.store.postgres_pool import AWAY, LOST

_MAX_BATCH = 64
MAX_WAITING = 2_000
_PATIENCE_SECONDS = 30
_BUSY = "The store is too busy to take this write; try again in a moment"

Unit = Callable[..., Awaitable[Any]]
Run = Callable[[str, Unit, tuple[Any, ...]], Awaitable[Any]]
"""Runs a unit of work in a transaction of its own; told first whose turn it is."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    unit: Unit
    args: tuple[Any, ...]
    done: asyncio.Future[Any]


class _Spoilt(Exception):
    """A unit failed in a way that the others of its batch can't be kept apart from."""


class Lines:
    """One line for each workspace that is being written to, in the order in which the units came."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lines: dict[str, deque[_Waiting]] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self.waiting = 0

    async def write(self, turn: str, unit: Unit, args: tuple[Any, ...]) -> Any:
        """Runs a unit when it is its workspace's turn. Raises StoreUnavailable when too many wait, or for too long."""
        line = self._lines.get(turn)
        if line is not None:
            return await self._join(line, unit, args)
        line = self._lines[turn] = deque()
        self._idle.clear()
        try:
            return await self._run(turn, unit, args)
        finally:
            if line:
                task = asyncio.create_task(self._serve(turn, line))
                self._serving.add(task)
                task.add_done_callback(self._serving.discard)
            else:
                self._end(turn)

    async def close(self) -> None:
        """Waits for what is queued."""
        await self._idle.wait()

    async def _join(self, line: deque[_Waiting], unit: Unit, args: tuple[Any, ...]) -> Any:
        if self.waiting >= MAX_WAITING:
            raise StoreUnavailable(_BUSY)
        one = _Waiting(unit, args, asyncio.get_running_loop().create_future())
        line.append(one)
        self.waiting += 1
        await asyncio.wait([one.done], timeout=_PATIENCE_SECONDS)
        if one in line:  # once it is under way, its outcome has to be told
            line.remove(one)
            self.waiting -= 1
            raise StoreUnavailable(_BUSY)
        return await one.done

    async def _serve(self, turn: str, line: deque[_Waiting]) -> None:
        while line:
            batch = [line.popleft() for _ in range(min(len(line), _MAX_BATCH))]
            self.waiting -= len(batch)
            await self._commit(turn, batch)
        self._end(turn)

    def _end(self, turn: str) -> None:
        del self._lines[turn]
        if not self._lines:
            self._idle.set()

    async def _commit(self, turn: str, batch: Sequence[_Waiting]) -> None:
        try:
            outcomes = await self._run(turn, _run_all, (batch,))
        except _Spoilt:
            outcomes = [await _outcome(self._run(turn, one.unit, one.args)) for one in batch]
        except Exception as error:
            outcomes = [error] * len(batch)
        for one, outcome in zip(batch, outcomes, strict=True):
            if one.done.done():  # nobody waits for it any more
                continue
            if isinstance(outcome, Exception):
                one.done.set_exception(outcome)
            else:
                one.done.set_result(outcome)


async def _run_all(tx: Any, batch: Sequence[_Waiting]) -> list[Any]:
    """The result or the refusal of each. A unit that refuses before it changed anything leaves nothing to undo."""
    outcomes: list[Any] = []
    for one in batch:
        tx.has_written = False
        try:
            result = await one.unit(tx, *one.args)
            await tx.flush()
            outcomes.append(result)
        except LeadlightError as error:
            if tx.has_written:
                raise _Spoilt from error
            outcomes.append(error)
        except (*LOST, *AWAY):
            raise
        except Exception as error:
            raise _Spoilt from error
    tx.units = len(batch)
    return outcomes


async def _outcome(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except Exception as error:
        return error
