"""A snapshot of the embedded store: a connection and a thread of its own, in one long transaction that reads."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple, cast

import apsw

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Transaction
from leadlight.store.group_commit import drive
from leadlight.store.sqlite_file import BROKEN, connect
from leadlight.store.sqlite_transaction import SqliteTransaction

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_CACHE_KIB = 8_000


class SqliteSnapshot:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "leadlight-snapshot", initializer=yield_the_processor)
        self._tx: SqliteTransaction | None = None
        self._ended = False

    async def begin(self) -> None:
        await self._run(self._open)

    async def scan(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        return cast("T", await self._run(self._scan, unit, args))

    async def end(self) -> None:
        self._ended = True
        if self._tx is not None:
            self._tx.connection.interrupt()  # of all that can be done with a connection, this any thread may do
        closing = self._thread.submit(self._close)
        self._thread.shutdown(wait=False)
        await asyncio.wrap_future(closing)

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        if self._ended:
            raise StoreUnavailable
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        except (apsw.InterruptError, *BROKEN) as error:
            raise StoreUnavailable from error

    # In its thread

    def _open(self) -> None:
        self._tx = SqliteTransaction(connect(self._path, cache_kib=_CACHE_KIB))
        self._tx.connection.execute("BEGIN")

    def _scan(self, unit: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        if self._tx is None or self._ended:
            raise StoreUnavailable
        return drive(unit(self._tx, *args))

    def _close(self) -> None:
        if self._tx is not None:
            self._tx.roll_back()
            self._tx.connection.close()


def yield_the_processor() -> None:
    """Lets look-ups go first when long queries compete with them for a core."""
    if sys.platform == "linux":  # elsewhere a priority belongs to the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
