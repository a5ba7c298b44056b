"""A process of its own for each import: whatever a file holds, requests are served as if nothing was going on."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import msgspec

from leadlight.errors import StoreUnavailable
from leadlight.imports.runner import RunBroken, RunImport
from leadlight.settings import Settings

TRY_AGAIN: Final = 75
"""The exit code of a process for which the store was away (sysexits.h: EX_TEMPFAIL)."""

_CHILD = "leadlight.import_main"
_STOP_SECONDS = 10.0


def in_processes(settings: Settings) -> RunImport:
    """Runs each import in a process of its own, less urgent than those that serve."""

    async def run_import(workspace_id: str, import_id: str, runner: str) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", _CHILD, workspace_id, import_id, runner, stdin=asyncio.subprocess.PIPE
            )
        except OSError as error:
            raise StoreUnavailable(f"no process can be started: {error}") from error
        if process.stdin is None:
            raise AssertionError("it was asked for")
        try:
            with suppress(ConnectionError):
                process.stdin.write(_told(settings) + b"\n")
                await process.stdin.drain()
            code = await process.wait()
        except asyncio.CancelledError:
            process.stdin.close()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
            raise
        if code == TRY_AGAIN:
            raise StoreUnavailable
        if code != 0:
            raise RunBroken(f"its process ended with {code}")

    return run_import


def _told(settings: Settings) -> bytes:
    """On the standard input: what stands in arguments or the environment, others can read."""
    return msgspec.json.encode(asdict(settings) | {"data": str(settings.data.absolute())})


def heard(line: bytes) -> Settings:
    """The settings that the process was told."""
    values: dict[str, Any] = msgspec.json.decode(line)
    return Settings(**values | {"data": Path(values["data"])})
