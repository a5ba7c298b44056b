"""Sliding windows that all processes share, counted in Valkey (contract §5).

They count as `SlidingWindows` do. A request costs one round trip and one script. Requests that come
in while an answer is on its way are asked about together with the next, so that one connection a
process serves any number of them. While Valkey is away requests pass or are refused, as the
operator chose; each second one request tries it again, and the others do not wait for it.
"""

import asyncio
import hashlib
import logging
import re
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from valkey.asyncio.connection import AbstractConnection, ConnectionPool
from valkey.exceptions import ConnectionError as ValkeyConnectionError
from valkey.exceptions import NoScriptError, ResponseError, ValkeyError

from leadlight.errors import StoreUnavailable
from leadlight.http.ratelimit import Usage

T = TypeVar("T")

logger = logging.getLogger("leadlight.http")

_SCRIPT = """
-- KEYS[1] is a list: the newest second seen, the total in the window, then second, count, second, count … from the
-- oldest on. Two versions of the server may share it while one replaces the other: another form needs another key.
local key, does, limit, now = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local seconds, kept = tonumber(ARGV[4]), ARGV[5]

local head = redis.call('LRANGE', key, 0, 2)
if #head == 0 then
  redis.call('RPUSH', key, now, 0)
  redis.call('EXPIRE', key, kept)
  head = {now, 0}
end
local newest, total, oldest = math.max(tonumber(head[1]), now), tonumber(head[2]), tonumber(head[3])

while oldest and oldest <= newest - seconds do
  total = total - redis.call('LINDEX', key, 3)
  redis.call('LPOP', key, 2)  -- the pair becomes the head, written below: the list never empties and keeps its expiry
  oldest = tonumber(redis.call('LINDEX', key, 2))
end

local allowed = total < limit
if allowed and does == 'hit' then
  if oldest and tonumber(redis.call('LINDEX', key, -2)) == newest then
    redis.call('LSET', key, -1, redis.call('LINDEX', key, -1) + 1)
  else
    redis.call('RPUSH', key, newest, 1)
    redis.call('EXPIRE', key, kept)  -- not when refused: a clock that once ran ahead locks out nobody for good
  end
  total = total + 1
end
redis.call('LSET', key, 0, newest)
redis.call('LSET', key, 1, total)
local reset_at = (oldest or newest) + seconds
return redis.status_reply((allowed and 1 or 0) .. ' ' .. total .. ' ' .. reset_at)  -- read twice as fast as an array
"""
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()

_KEPT_LONGER_SECONDS = 60  # the clocks of servers differ: what one still counts must not be gone
_PAUSE_SECONDS = 1.0
_BATCH = 100  # answers are read without a break, about 5 µs each
_TICKS = 10
_TICK_SECONDS = 0.05
_KEEP_ALIVE = {socket.TCP_KEEPIDLE: 60} if sys.platform == "linux" else {}  # or firewalls forget a quiet connection


class SharedCounts:
    """The way of one process to Valkey, opened when first needed. `unchecked`: requests that passed uncounted.

    Raises ValueError for a URL whose options don't exist.
    """

    def __init__(self, url: str, *, fail_open: bool, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.unchecked = 0
        self._fail_open = fail_open
        self._monotonic = monotonic
        self._pool = _pool(url)
        self._address = f"{urlsplit(url).hostname}:{urlsplit(url).port or 6379}"
        self._waiting: list[_Question] = []
        self._sender: asyncio.Task[None] | None = None
        self._retry_at: float | None = None

    async def ask(self, key: str, *arguments: str) -> list[int] | None:
        """What the script says, or None if Valkey is away and requests are to pass.

        Raises StoreUnavailable if it is away and requests are to be refused.
        """
        answer = None
        if self._retry_at is None or (self._sender is None and self._monotonic() >= self._retry_at):
            question = _Question(_packed("EVALSHA", _SHA, "1", key, *arguments))
            self._waiting.append(question)
            if self._sender is None:
                self._sender = asyncio.create_task(self._send_all())
            answer = await question.answer
        if answer is None:
            if not self._fail_open:
                raise StoreUnavailable("The rate limits can't be checked right now; try again in a moment")
            self.unchecked += 1
        return answer

    async def close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait((self._sender,))
        with suppress(ValkeyError, OSError):
            await _in_time(self._pool.disconnect())

    async def _send_all(self) -> None:
        batch: list[_Question] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
                answers = await _in_time(self._exchange([question.command for question in batch]))
                self._note_back()
                for question, answer in zip(batch, answers, strict=True):
                    question.settle(answer)
        except Exception as error:
            self._note_away(error)
        finally:
            for question in (*batch, *self._waiting):
                question.settle(None)
            self._waiting = []
            self._sender = None

    async def _exchange(self, commands: list[bytes]) -> list[list[int]]:
        connection = await self._pool.get_connection("EVALSHA")  # type: ignore[no-untyped-call]
        try:
            answers = await _converse(connection, commands)
            missed = [index for index, answer in enumerate(answers) if answer is None]
            if missed:  # Valkey is new to us, or was restarted
                again = [_packed("SCRIPT", "LOAD", _SCRIPT), *(commands[index] for index in missed)]
                for index, answer in zip(missed, (await _converse(connection, again))[1:], strict=True):
                    answers[index] = answer
        finally:
            await self._pool.release(connection)
        return [_numbers(answer) for answer in answers]

    def _note_away(self, error: Exception) -> None:
        if self._retry_at is None:
            now = "requests pass unchecked" if self._fail_open else "requests are refused"
            logger.warning("no rate limits: Valkey at %s is away (%s); %s", self._address, _reason(error), now)
        self._retry_at = self._monotonic() + _PAUSE_SECONDS

    def _note_back(self) -> None:
        if self._retry_at is not None:
            logger.warning("rate limits again: Valkey at %s is back", self._address)
        self._retry_at = None


class SharedWindows:
    """Windows in Valkey, the same for all processes. `name`: keeps windows of different lengths apart."""

    def __init__(self, counts: SharedCounts, *, name: str, seconds: int) -> None:
        self._counts = counts
        self._prefix = f"leadlight:{name}:"
        self._seconds = seconds
        self._lengths = str(seconds), str(seconds + _KEPT_LONGER_SECONDS)

    async def hit(self, caller: str, limit: int, now: int) -> Usage:
        return await self._ask("hit", caller, limit, now)

    async def look(self, caller: str, limit: int, now: int) -> Usage:
        return await self._ask("look", caller, limit, now)

    async def _ask(self, does: str, caller: str, limit: int, now: int) -> Usage:
        digest = hashlib.blake2b(caller.encode(), digest_size=12).hexdigest()  # an address is personal data
        answer = await self._counts.ask(self._prefix + digest, does, str(limit), str(now), *self._lengths)
        if answer is None:
            return Usage(allowed=True, limit=limit, used=0, reset_at=now + self._seconds)
        allowed, used, reset_at = answer
        return Usage(allowed == 1, limit, used, reset_at)


class _Question:
    __slots__ = ("answer", "command")

    def __init__(self, command: bytes) -> None:
        self.command = command
        self.answer: asyncio.Future[list[int] | None] = asyncio.get_running_loop().create_future()

    def settle(self, answer: list[int] | None) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


def _pool(url: str) -> ConnectionPool:
    options: dict[str, Any] = {
        "socket_timeout": None,  # _in_time looks after that
        "socket_keepalive": True,
        "socket_keepalive_options": _KEEP_ALIVE,
    }
    if urlsplit(url).scheme == "valkeys":
        options["ssl_check_hostname"] = True  # otherwise any server's certificate would do
    try:
        pool = ConnectionPool.from_url(url, **options)
        pool.make_connection()  # type: ignore[no-untyped-call]  # tells now of an option that doesn't exist
    except (TypeError, ValueError, ValkeyError) as error:
        raise ValueError(str(error)) from None
    return pool


def _packed(*words: str) -> bytes:
    """A command as it goes over the wire; the library's own packing takes three times as long."""
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded])


async def _converse(connection: AbstractConnection, commands: list[bytes]) -> list[bytes | None]:
    """The answers, in order; None for a script that Valkey does not know."""
    answers: list[bytes | None] = []
    await connection.send_packed_command(b"".join(commands))
    for _ in commands:
        try:
            answers.append(await connection.read_response())
        except NoScriptError:
            answers.append(None)
        except ResponseError:
            await connection.disconnect(nowait=True)  # with the answers that nobody reads any more
            raise
    return answers


def _numbers(answer: bytes | None) -> list[int]:
    if answer is None:
        raise NoScriptError("loaded, and gone again")
    return [int(number) for number in answer.split()]


async def _in_time(exchange: Coroutine[Any, Any, T]) -> T:
    """What comes of an exchange within half a second, or TimeoutError.

    It passes in ticks, and a loop that was too busy to take an answer has lost one or two of them, not all.
    """
    task = asyncio.create_task(exchange)
    try:
        for _ in range(_TICKS):
            done, _pending = await asyncio.wait((task,), timeout=_TICK_SECONDS)
            if done:
                return task.result()
        raise TimeoutError("no answer in time")
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _reason(error: Exception) -> str:
    """Of what the server itself said only its code: it may repeat what it was sent, and so the password."""
    if type(error) in (ValkeyConnectionError, TimeoutError):
        return str(error)
    code = re.match("[A-Z]+", str(error)) if isinstance(error, ResponseError) else None
    return f"{type(error).__name__} {code[0]}" if code else type(error).__name__
