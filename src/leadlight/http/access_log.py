"""Logs as JSON, one line each. A request's line holds no secret and no personal data.

Requests are noted as they end, and counted and written a few times a second: doing it at once
would make a tenth of a look-up's time. Should the process be killed, the last fraction of a second
of their lines is lost; errors are written at once.
"""

import asyncio
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from select import PIPE_BUF
from typing import TextIO

import msgspec

from leadlight.clock import to_iso
from leadlight.http.metrics import Metrics
from leadlight.principal import Principal

_FLUSH_SECONDS = 0.1
_SLICE = 50


class Noted(msgspec.Struct, frozen=True):
    """A request that has been answered; the time it began in milliseconds since 1970."""

    began_at: int
    request_id: bytes
    method: str
    operation: str
    status: int
    seconds: float
    caller: Principal | None


class AccessLog:
    """Counts each request and writes a line for it, unless the level says otherwise.

    `note` takes one; whoever owns the log runs `keep_flushing`.
    """

    def __init__(self, metrics: Metrics, stream: TextIO | None = None) -> None:
        self._metrics = metrics
        self._stream = stream or sys.stderr
        self._writes = logging.getLogger("leadlight.access").isEnabledFor(logging.INFO)
        self._noted: list[Noted] = []
        self._flushed = 0
        self.note = self._noted.append

    @property
    def requests(self) -> int:
        """How many were noted so far."""
        return self._flushed + len(self._noted)

    async def keep_flushing(self) -> None:
        """Flushes a slice at a time: to do thousands at once would hold up the requests behind them."""
        while True:
            await asyncio.sleep(0 if len(self._noted) > _SLICE else _FLUSH_SECONDS)
            self.flush(_SLICE)

    def flush(self, at_most: int | None = None) -> None:
        noted = self._noted[:at_most]
        del self._noted[:at_most]
        self._flushed += len(noted)
        for request in noted:
            self._metrics.observe(request.operation, request.status, request.seconds)
        if self._writes and noted:
            with suppress(OSError):  # a log that nobody reads any more must not end the counting, nor fill the memory
                for piece in _pieces(map(_line, noted)):
                    self._stream.write(piece)
                    self._stream.flush()


def _pieces(lines: Iterable[str]) -> Iterator[str]:
    """As many lines at a time as a pipe takes whole: more of them could mix with those of another worker."""
    piece = ""
    for line in lines:
        if len(piece) + len(line) > PIPE_BUF:
            yield piece
            piece = ""
        piece += line
    yield piece


def _line(request: Noted) -> str:
    """The ids are ours or have a sane form, and the parser knows the method: nothing here needs escaping."""
    caller = request.caller
    who = f',"workspaceId":"{caller.workspace_id}","{caller.actor.logged_as}":"{caller.actor.id}"' if caller else ""
    return (
        f'{{"time":"{to_iso(request.began_at)}","level":"info","message":"request",'
        f'"requestId":"{request.request_id.decode()}","method":"{request.method}","operation":"{request.operation}",'
        f'"status":{request.status},"milliseconds":{request.seconds * 1000:.3f}{who}}}\n'
    )


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what went wrong stands in `exception`, and `fields` of the record beside the rest."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": to_iso(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", None):
            line["requestId"] = request_id
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def configure_logging(level: str) -> None:
    """Sends every log line of the process to standard error as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLogger().level))
