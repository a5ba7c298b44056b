"""One of several serving processes: the supervisor runs `python -m leadlight.supervised`, and nobody else does.

It is told its number and its socket on the command line and the settings, which may hold a password, in one line on
its standard input. That stays open: its end means that the supervisor is gone. `READY` is all that it prints.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

import msgspec

from leadlight.errors import LeadlightError
from leadlight.http.access_log import configure_logging
from leadlight.server import run, serve
from leadlight.settings import Settings, SettingsError
from leadlight.store.database import StoreRefusal
from leadlight.store.opening import open_database

logger = logging.getLogger("leadlight")

READY = b"ready\n"


def encode_settings(settings: Settings) -> bytes:
    """As JSON: after an upgrade, the workers of a reload may know other settings than their supervisor."""
    return msgspec.json.encode(settings, enc_hook=str) + b"\n"


def decode_settings(line: bytes) -> Settings:
    return msgspec.json.decode(line, type=Settings, dec_hook=_from_text)


def main() -> None:
    number, descriptor = map(int, sys.argv[1:])
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # sent to all of a service's processes, it is for the supervisor
    line = sys.stdin.buffer.readline()
    if not line:
        return
    settings = decode_settings(line)
    configure_logging(settings.log_level)
    try:
        run(_serve(settings, socket.socket(fileno=descriptor), number))
    except (LeadlightError, SettingsError, StoreRefusal, OSError) as error:
        logger.error("worker %d can't serve: %s", number, error)  # noqa: TRY400  (a sentence for the operator)
        raise SystemExit(1) from None


async def _serve(settings: Settings, listener: socket.socket, number: int) -> None:
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _end_without_supervisor)
    database = await open_database(
        settings.data, settings.database_url, create=False, connections=settings.database_connections
    )
    await serve(settings, database, listener, worker=number, on_ready=_tell_ready)


def _end_without_supervisor() -> None:
    """Nothing is ever sent here after the settings, so this is the end of the input."""
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    signal.raise_signal(signal.SIGTERM)


def _tell_ready() -> None:
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), READY)


def _from_text(kind: type[Any], text: str) -> Any:
    """The way back from `str`, for the kinds that JSON does not know."""
    return kind(text)


if __name__ == "__main__":
    main()
