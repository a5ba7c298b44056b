"""Connections to PostgreSQL, shared by the requests of one process.

Nothing is asked of a connection between two units of work, so that a look-up is one round trip; asyncpg's own
pool resets a connection each time. Units therefore leave no state behind but what their transaction undoes.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from leadlight.errors import StoreUnavailable

Connection: TypeAlias = asyncpg.Connection

_CONNECT_SECONDS = 5
COMMAND_SECONDS = 15.0
_STATEMENT_CACHE = 256
_MAX_WAITING = 2_000
_PATIENCE_SECONDS = 10
_BUSY = "The store is too busy to take this request; try again in a moment"

LOST = (
    OSError,  # TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what it takes a server's farewell for, before it notices the end
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)
"""What is raised when the server, or the way to it, went away."""

AWAY = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,  # after a failover, the connection leads to a replica
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What a server raises that is there, and can't serve just now."""


async def connect(url: str, *, command_seconds: float | None) -> Connection:
    """Opens a connection; `statement_cache_size` in the URL's query is for us, the rest is asyncpg's.

    Raises what asyncpg raises, and OSError.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    cached = int(query.pop("statement_cache_size", _STATEMENT_CACHE))
    return await asyncpg.connect(
        urlunsplit(parts._replace(query=urlencode(query))),
        timeout=_CONNECT_SECONDS,
        command_timeout=command_seconds,
        statement_cache_size=cached,
        max_cached_statement_lifetime=0,
        server_settings={"application_name": "leadlight"},
    )


class Pool:
    """At most `size` connections, opened when they are needed; who finds none free waits in line."""

    def __init__(
        self, url: str, size: int, *, command_seconds: float = COMMAND_SECONDS, max_waiting: int = _MAX_WAITING
    ) -> None:
        """`command_seconds`: how long a statement may take before the server is taken for gone."""
        self._url = url
        self._command_seconds = command_seconds
        self._unopened = size
        self._max_waiting = max_waiting
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False

    async def acquire(self) -> Connection:
        """A connection, to be given back with `release`. Raises StoreUnavailable."""
        if self._closed:
            raise StoreUnavailable
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._unopened += 1
        if self._unopened:
            self._unopened -= 1
            return await self._open()
        return await self._wait()

    def release(self, connection: Connection | None) -> None:
        """Hands a connection, or the right to open one, to who waits longest."""
        if connection is not None and self._closed:
            connection.terminate()
        if connection is not None and connection.is_closed():
            connection = None
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._unopened += 1
        else:
            self._idle.append(connection)

    def terminate_idle(self) -> None:
        """Ends those that nobody uses; new ones are opened when they are needed."""
        for connection in self._idle:
            connection.terminate()
        self._unopened += len(self._idle)
        self._idle.clear()

    async def close(self) -> None:
        self._closed = True
        while self._idle:
            with suppress(*LOST):
                await self._idle.pop().close(timeout=_CONNECT_SECONDS)

    async def _open(self) -> Connection:
        try:
            return await connect(self._url, command_seconds=self._command_seconds)
        except BaseException as error:
            self.release(None)
            if isinstance(error, (*LOST, asyncpg.PostgresError)):
                raise StoreUnavailable from error
            raise

    async def _wait(self) -> Connection:
        if len(self._waiting) >= self._max_waiting:
            raise StoreUnavailable(_BUSY)
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                connection = await waiter
        except BaseException as error:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            if waiter.done() and not waiter.cancelled():
                self.release(waiter.result())
            if isinstance(error, TimeoutError):
                raise StoreUnavailable(_BUSY) from error
            raise
        return connection if connection is not None else await self._open()
