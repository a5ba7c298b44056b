"""A process's part in importing: it hears of files that wait, and has them worked through."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from secrets import token_hex

import msgspec

from leadlight.clock import Clock
from leadlight.errors import StoreUnavailable
from leadlight.imports import queries
from leadlight.store.database import Database, Transaction
from leadlight.waiting import happens_within

logger = logging.getLogger("leadlight.imports")

RunImport = Callable[[str, str, str], Awaitable[None]]
"""Works through the import of a workspace to its end, unless somebody else does, under a name.

Raises StoreUnavailable when it has to be tried again later, and RunBroken or whatever else when that may be in vain.
"""

_AT_ONCE = 2
_SWEEP_SECONDS = 5.0
_PAUSE_SECONDS = 0.25
_MOST_FAULTS = 3


class RunBroken(Exception):
    """Whoever worked on an import is gone; the text says how."""


class _Faults(msgspec.Struct):
    """How often an import broke off since it last came any further, and when (of the loop) it may be tried again."""

    processed: int
    count: int
    again_at: float


class ImportRunner:
    """Two imports at once, of different workspaces: a large one is not in the way of other people's.

    Each that waits gets its turn before any gets another one.
    """

    def __init__(
        self, database: Database, run_import: RunImport, clock: Clock, *, sweep_seconds: float = _SWEEP_SECONDS
    ) -> None:
        """`sweep_seconds`: how often it looks for what nobody told it of."""
        self._database = database
        self._run_import = run_import
        self._clock = clock
        self._sweep_seconds = sweep_seconds
        self._stirred = asyncio.Event()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._busy: set[str] = set()
        self._faults: dict[str, _Faults] = {}

    async def run(self) -> None:
        """Works until it is cancelled; a store that is away puts the work off and does not end it."""
        stop_listening = self._database.listen(lambda _: self._stirred.set())
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._begin_all(group)
                    await asyncio.sleep(_PAUSE_SECONDS)  # whatever is written stirs it
                    await happens_within(self._stirred, self._sweep_seconds)
                    self._stirred.clear()
        finally:
            stop_listening()

    async def _begin_all(self, group: asyncio.TaskGroup) -> None:
        for workspace_id, import_id in await self._waiting():
            if workspace_id in self._busy or not self._may_try(import_id):
                continue
            await self._room.acquire()
            self._busy.add(workspace_id)
            group.create_task(self._work_on(workspace_id, import_id))

    async def _waiting(self) -> list[tuple[str, str]]:
        try:
            return await self._database.scan(queries.list_waiting, self._clock())
        except StoreUnavailable:
            logger.warning("imports wait: the store is away")
        except Exception:
            logger.exception("imports can't be looked for; it is tried again")
        return []

    def _may_try(self, import_id: str) -> bool:
        faults = self._faults.get(import_id)
        return faults is None or faults.again_at <= asyncio.get_running_loop().time()

    async def _work_on(self, workspace_id: str, import_id: str) -> None:
        runner = token_hex(8)
        try:
            if await self._database.write(queries.reserve, workspace_id, import_id, runner, self._clock()):
                await self._have_it_run(workspace_id, import_id, runner)
                self._stirred.set()  # who waited for it may begin
        except StoreUnavailable as error:
            logger.warning("import %s waits: %s", import_id, error)
            self._faults_of(import_id).again_at = asyncio.get_running_loop().time() + self._sweep_seconds
        except Exception:
            logger.exception("import %s can't be worked on; it is tried again", import_id)
        finally:
            self._busy.discard(workspace_id)
            self._room.release()

    async def _have_it_run(self, workspace_id: str, import_id: str, runner: str) -> None:
        fault: Exception | None = None
        try:
            await self._run_import(workspace_id, import_id, runner)
        except StoreUnavailable:
            raise
        except Exception as error:
            known = isinstance(error, RunBroken)  # whoever broke has logged why, if it could
            logger.error("import %s broke off: %s", import_id, error, exc_info=None if known else error)  # noqa: TRY400
            fault = error
        finally:
            processed = await asyncio.shield(
                self._database.write(self._let_go, workspace_id, import_id, runner, turn=workspace_id)
            )
        if fault is None:
            self._faults.pop(import_id, None)
        elif self._is_in_vain(import_id, processed):
            reason = f"It broke off {_MOST_FAULTS} times behind row {processed:,}; the server's log may say why"
            await self._database.write(queries.ask_to_end, workspace_id, import_id, reason)

    def _is_in_vain(self, import_id: str, processed: int) -> bool:
        """Whether it broke off so often without coming any further that the file may be what breaks it."""
        faults = self._faults_of(import_id)
        faults.count = faults.count + 1 if processed == faults.processed else 1
        faults.processed = processed
        faults.again_at = asyncio.get_running_loop().time() + (faults.count - 1) * self._sweep_seconds
        return faults.count >= _MOST_FAULTS

    def _faults_of(self, import_id: str) -> _Faults:
        return self._faults.setdefault(import_id, _Faults(-1, 0, 0))

    async def _let_go(self, tx: Transaction, workspace_id: str, import_id: str, runner: str) -> int:
        """How far it has come."""
        await queries.let_go(tx, workspace_id, import_id, runner)
        job = await queries.find_import(tx, workspace_id, import_id)
        return 0 if job is None else job.processed
