"""A snapshot of a server's store: a connection of its own, in one transaction that reads."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar, TypeVarTuple

import asyncpg

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Transaction
from leadlight.store.postgres_pool import AWAY, LOST, Connection, connect
from leadlight.store.postgres_transaction import BEGIN_SCAN, PostgresTransaction

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_CLOSE_SECONDS = 5


class PostgresSnapshot:
    def __init__(self, url: str, *, command_seconds: float) -> None:
        """`command_seconds`: how long a statement may take before the server is taken for gone."""
        self._url = url
        self._command_seconds = command_seconds
        self._connection: Connection | None = None
        self._ended = False

    async def begin(self) -> None:
        try:
            connection = self._connection = await connect(self._url, command_seconds=self._command_seconds)
            if self._ended:  # while it was opened
                await self.end()
                raise StoreUnavailable
            await connection.execute(BEGIN_SCAN)
        except (*LOST, asyncpg.PostgresError) as error:
            raise StoreUnavailable from error

    async def scan(self, unit: Callable[[Transaction, *Ts], Awaitable[T]], *args: *Ts) -> T:
        if self._connection is None:
            raise StoreUnavailable
        try:
            return await unit(PostgresTransaction(self._connection), *args)
        except (*LOST, *AWAY) as error:
            raise StoreUnavailable from error

    async def end(self) -> None:
        self._ended = True
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # then it is dropped, and the server notices
                await connection.close(timeout=_CLOSE_SECONDS)
