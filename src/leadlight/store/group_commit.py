"""The one thread that writes to an embedded store: it takes all that waits, commits once, then answers.

Each unit has a savepoint of its own, so that one that fails is undone alone (docs/decisions/0003).
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from leadlight.errors import StoreUnavailable

logger = logging.getLogger("leadlight.store")

_MAX_BATCH = 512
_QUIET_SECONDS = 0.5
_TIDY_SECONDS = 30.0


class Session(Protocol):
    """The writing connection, as the engine gives it."""

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def roll_back(self) -> None: ...
    def savepoint(self) -> None: ...
    def release(self) -> None: ...
    def undo_to_savepoint(self) -> None: ...
    def is_broken(self, error: BaseException) -> bool: ...
    def shorten_log(self) -> None: ...
    def others_wrote(self) -> bool: ...
    def tidy(self) -> bool: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class _Unit:
    start: Callable[[], Coroutine[Any, Any, Any]]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    committed: Callable[[], None] | None
    result: Any = None
    error: BaseException | None = None


def drive(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs a unit of work to its end without an event loop; it may await nothing but its transaction."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("A unit of work awaited something other than its transaction")


class GroupCommit(threading.Thread):
    """Runs units of work in batches. `max_waiting`: how many may queue before more are refused."""

    def __init__(self, session: Session, max_waiting: int = 10_000) -> None:
        super().__init__(name="leadlight-writer", daemon=True)
        self._session = session
        self._max_waiting = max_waiting
        self._queue: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._stopping = False
        self._untidy = True
        self._tidied_at = monotonic()
        self.batches = 0
        self.units = 0

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def submit(
        self, start: Callable[[], Coroutine[Any, Any, Any]], committed: Callable[[], None] | None = None
    ) -> asyncio.Future[Any]:
        """Queues a unit; the future has its result once it is on disk. Raises StoreUnavailable when full.

        `committed`: called on the loop when it is, even if the future was cancelled.
        """
        if self._stopping or self.waiting >= self._max_waiting:
            raise StoreUnavailable("The store is too busy to take this write; try again in a moment")
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._queue.put(_Unit(start, future, loop, committed))
        return future

    def stop(self) -> None:
        """Ends the thread once all that is queued is done."""
        self._stopping = True
        self._queue.put(None)

    def run(self) -> None:
        open_ = True
        while open_:
            batch, open_ = self._take()
            if batch:
                self._commit(batch)
                self._answer(batch)
                self._session.shorten_log()
                self._untidy = True
            self._tidy_when_due(idle=not batch)
        self._session.close()

    def _take(self) -> tuple[list[_Unit], bool]:
        """All that waits, up to a bound; waits a while for the first."""
        batch: list[_Unit] = []
        try:
            unit = self._queue.get(timeout=_QUIET_SECONDS if self._untidy else None)
            while unit is not None:
                batch.append(unit)
                if len(batch) == _MAX_BATCH:
                    return batch, True
                unit = self._queue.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: Sequence[_Unit]) -> None:
        try:
            self._session.begin()
            if len(batch) == 1:  # the transaction is its own; in a savepoint, each row of a large load would cost more
                self._run(batch[0], undo=self._session.roll_back)
                if batch[0].error is not None:
                    return
            else:
                for unit in batch:
                    self._session.savepoint()
                    self._run(unit, undo=self._session.undo_to_savepoint)
                    self._session.release()
            self._session.commit()
            self.batches += 1
            self.units += len(batch)
        except Exception as error:  # the disk, a lock held by another process, a broken file
            logger.exception("a batch of writes was not committed")
            with suppress(Exception):  # should it fail too, the next batch is refused in its turn
                self._session.roll_back()
            for unit in batch:
                unit.error = StoreUnavailable()
                unit.error.__cause__ = error

    def _run(self, unit: _Unit, undo: Callable[[], None]) -> None:
        try:
            unit.result = drive(unit.start())
        except Exception as error:
            if self._session.is_broken(error):
                raise
            unit.error = error
            undo()

    def _answer(self, batch: Sequence[_Unit]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Unit]] = {}
        for unit in batch:
            by_loop.setdefault(unit.loop, []).append(unit)
        for loop, units in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, units)

    def _tidy_when_due(self, *, idle: bool) -> None:
        """When nobody writes, or it was long ago: whoever is at it has work with its own part of the log."""
        if not self._untidy:
            return
        if monotonic() - self._tidied_at > _TIDY_SECONDS or (idle and not self._session.others_wrote()):
            self._untidy = not self._session.tidy()
            self._tidied_at = monotonic()


def _resolve(units: Sequence[_Unit]) -> None:
    for unit in units:
        if unit.committed is not None and unit.error is None:
            unit.committed()
        if unit.future.done():
            continue
        if unit.error is not None:
            unit.future.set_exception(unit.error)
        else:
            unit.future.set_result(unit.result)
