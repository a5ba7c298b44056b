"""Other processes on the same database: they are told what is written here, and tell us, by LISTEN and NOTIFY.

All goes over one connection of its own. The transactions that write don't notify: a NOTIFY takes a lock of the
whole cluster that is held until its commit is on disk, so that all commits would have to follow one another. A
transaction that does nothing else, afterwards, waits for no disk.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from random import random
from secrets import token_hex

from leadlight.store.database import first_line
from leadlight.store.listeners import Heard, Listeners, packed
from leadlight.store.postgres_pool import COMMAND_SECONDS, LOST, Connection, connect
from leadlight.waiting import happens_within

logger = logging.getLogger("leadlight.store")

_CHANNEL = "leadlight"
_NOTIFY = "SELECT pg_notify($1, $2)"
_MESSAGE_BYTES = 7_900  # the server takes 7,999
_TRIAL = "?"
_TRIAL_SECONDS = 2.0
_PAUSE_SECONDS = 0.02
_QUIET_SECONDS = 60.0
_CLOSE_SECONDS = 1.0
_FIRST_DELAY_SECONDS = 0.1
_LONGEST_DELAY_SECONDS = 15.0
_TRIES_BEFORE_WARNING = 6


class Notices:
    """The connection is opened when it is first needed, and again when it is lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._listeners = Listeners(self._tell_others)
        self._untold: set[str] = set()
        self._news = asyncio.Event()
        self._ending = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._pid = 0
        self._token = ""
        self._trial_over = asyncio.Event()
        self.written = self._listeners.written

    def listen(self, heard: Heard) -> Callable[[], None]:
        """As in Database; from when on others are heard, is told by a call with ""."""
        end = self._listeners.add(heard)
        self._begin()
        return end

    def doubt(self, turn: str) -> None:
        """Notes that units of a workspace may be committed, now or in a moment."""
        self.written(turn)
        asyncio.get_running_loop().call_later(1.0, self.written, turn)

    async def close(self) -> None:
        """Tells what is not told yet, if that can be done in a second."""
        self._listeners.tell()
        for event in (self._ending, self._news, self._trial_over):
            event.set()
        if self._work is not None:
            await asyncio.wait([self._work], timeout=_CLOSE_SECONDS)
            self._work.cancel()
            await asyncio.wait([self._work])

    def _tell_others(self, turns: set[str]) -> None:
        self._untold |= turns
        self._begin()

    def _begin(self) -> None:
        self._news.set()
        if self._work is None and not self._ending.is_set():
            self._work = asyncio.create_task(self._keep_connected())

    async def _keep_connected(self) -> None:
        """Nobody waits for this, so nothing is raised; while the store is away, all the others say so."""
        loop = asyncio.get_running_loop()
        tries = 0
        while self._untold or not self._ending.is_set():
            began, reason = loop.time(), "it was closed"
            try:
                await self._connect_once()
            except Exception as error:
                reason = first_line(error) or type(error).__name__
            if self._ending.is_set():
                return
            tries = 0 if loop.time() - began > _QUIET_SECONDS else tries + 1
            if tries == _TRIES_BEFORE_WARNING:
                logger.warning(
                    "what other processes write is noticed late: no connection to hear of it stays (%s)", reason
                )
            delay = min(_FIRST_DELAY_SECONDS * 2.0 ** min(tries, 10), _LONGEST_DELAY_SECONDS)
            await happens_within(self._ending, delay * (1 - random() / 2))  # noqa: S311  (spreads what was lost together)

    async def _connect_once(self) -> None:
        connection = await connect(self._url, command_seconds=COMMAND_SECONDS)
        try:
            connection.add_termination_listener(lambda _: self._news.set())
            await self._use(connection)
            with suppress(*LOST):
                await connection.close(timeout=_CLOSE_SECONDS)
        finally:
            connection.terminate()

    async def _use(self, connection: Connection) -> None:
        """Returns when the connection is lost, or all is told and it is not needed any more."""
        hears = False
        while not connection.is_closed():
            self._news.clear()
            if self._untold:
                await self._tell(connection)
                await happens_within(self._ending, _PAUSE_SECONDS)  # what comes meanwhile is told together
            if self._listeners and not hears:
                await self._hear_others(connection)
                hears = True
            if self._ending.is_set() and not self._untold:
                return
            if not await happens_within(self._news, _QUIET_SECONDS):
                await connection.execute("SELECT 1")  # firewalls forget a quiet connection, and tell nobody

    async def _hear_others(self, connection: Connection) -> None:
        self._pid = await connection.fetchval("SELECT pg_backend_pid()")  # a pooler tells its own number
        await connection.add_listener(_CHANNEL, self._on_notice)
        self._listeners.hear([""])
        if not self._trial_over.is_set():
            await self._try_it(connection)

    async def _tell(self, connection: Connection) -> None:
        untold, self._untold = self._untold, set()
        try:
            for message in packed(untold, _MESSAGE_BYTES):
                await connection.execute(_NOTIFY, _CHANNEL, message)
        except BaseException:
            self._untold |= untold
            raise

    async def _try_it(self, connection: Connection) -> None:
        """Warns once if what is told does not arrive.

        It is told over another connection, for a pooler gives what comes during a statement to whose statement it is.
        """
        self._token = _TRIAL + token_hex(8)
        try:
            other = await connect(self._url, command_seconds=COMMAND_SECONDS)
            try:
                await other.execute(_NOTIFY, _CHANNEL, self._token)
            finally:
                other.terminate()
        except Exception:  # it is tried again with the next connection
            return
        if await happens_within(self._trial_over, _TRIAL_SECONDS) or connection.is_closed():
            return
        self._trial_over.set()
        logger.warning(
            "what other processes write is noticed only every few seconds: the way to the database lets no "
            "notifications through, as a pooler that pools by transaction; give the database's direct address"
        )

    def _on_notice(self, connection: Connection, pid: int, channel: str, message: str) -> None:
        del connection, channel
        if message.startswith(_TRIAL):
            if message == self._token:
                self._trial_over.set()
        elif pid != self._pid:
            self._listeners.hear(set(message.splitlines()))
