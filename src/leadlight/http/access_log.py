"""Logs as JSON, one line each. A request's line holds no secret and no personal data.

Request lines are gathered and written a few times a second: a system call a request would cost
more than the look-up itself. Should the process be killed, the last fraction of a second of them
is lost; errors are written at once.
"""

import asyncio
import logging
import sys
from typing import TextIO

import msgspec

from leadlight.clock import Clock, to_iso

_FLUSH_SECONDS = 0.2


class AccessLog:
    """Writes a line for each request, unless the level says otherwise."""

    def __init__(self, clock: Clock, stream: TextIO | None = None) -> None:
        self._clock = clock
        self._stream = stream or sys.stderr
        self._enabled = logging.getLogger("leadlight.access").isEnabledFor(logging.INFO)
        self._waiting: list[tuple[int, str, str, str, int, float, str | None, str | None]] = []
        self._encoder = msgspec.json.Encoder()

    def request(
        self,
        request_id: str,
        method: str,
        operation: str,
        status: int,
        seconds: float,
        workspace_id: str | None,
        key_id: str | None,
    ) -> None:
        if not self._enabled:
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        self._waiting.append((self._clock(), request_id, method, operation, status, seconds, workspace_id, key_id))

    def flush(self) -> None:
        lines = []
        for time, request_id, method, operation, status, seconds, workspace_id, key_id in self._waiting:
            line = {
                "time": to_iso(time),
                "level": "info",
                "message": "request",
                "requestId": request_id,
                "method": method,
                "operation": operation,
                "status": status,
                "milliseconds": round(seconds * 1000, 3),
                "workspaceId": workspace_id,
                "keyId": key_id,
            }
            lines.append(self._encoder.encode(line).decode())
        self._waiting.clear()
        if lines:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what went wrong stands in `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": to_iso(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", None):
            line["requestId"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def configure_logging(level: str) -> None:
    """Sends every log line of the process to standard error as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLogger().level))
