"""One process that serves requests: the application on its listening socket, in an event loop."""

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from time import monotonic
from typing import Any, TypeVar, cast

import uvicorn
import uvloop
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from leadlight.app import create_app
from leadlight.http.protocol import bounded_protocol
from leadlight.settings import Settings
from leadlight.store.database import Database

T = TypeVar("T")

_OPEN_FILES = 65_536
_KEEP_ALIVE_SECONDS = 75
_FIRST_REQUEST_SECONDS = 1.0
_NEXT_REQUEST_SECONDS = 0.3


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs to its end on the event loop that all of our processes use."""
    _allow_many_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def until_told_to_end(work: Coroutine[Any, Any, None]) -> None:
    """Does some work until it ends or SIGTERM or SIGINT comes; raises what it ends with, but for that."""
    task = asyncio.create_task(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def _allow_many_files() -> None:
    """Clients, streams and webhooks each have a socket; the usual limit is for programs that have a few files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def serve(
    settings: Settings,
    database: Database,
    listener: socket.socket,
    *,
    worker: int | None = None,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Answers requests until SIGTERM or SIGINT, then those under way, then closes the store.

    `worker`: its number, if it is one of several. `on_ready` is called once it takes connections.
    """
    app = create_app(settings, database, worker=worker)
    config = uvicorn.Config(
        ProxyHeadersMiddleware(app, list(settings.proxies)) if settings.proxies else app,  # type: ignore[arg-type]
        http=bounded_protocol(settings.max_header_bytes),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.drain_seconds,
    )
    await _Server(config, on_ready=on_ready, on_stop=app.end_streams).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends with exit code 0 once it has drained; uvicorn's own would raise the signal again."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes no more connections, and leaves those that it has a moment for the request that is on its way.

        uvicorn would close at once what has no request under way, and reset a connection whose request has come in
        and was not read yet. Until then, each answer tells the client to close.
        """
        for server in self.servers:
            server.close()
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for connection in self._connections():
            if connection.cycle is not None and not connection.cycle.response_complete:
                connection.shutdown()  # it ends with its answer
        self._on_stop()
        began = monotonic()
        while True:
            await asyncio.sleep(0.02)  # at least once: a connection may be taken and not known yet
            if self.force_exit or monotonic() - began >= self._seconds_to_wait():
                break
        await super().shutdown(sockets)

    def _seconds_to_wait(self) -> float:
        """By the connection that may take longest; one with a request under way is waited for later."""
        cycles = [connection.cycle for connection in self._connections()]
        if None in cycles:
            return _FIRST_REQUEST_SECONDS
        return _NEXT_REQUEST_SECONDS if any(cycle.response_complete for cycle in cycles) else 0.0

    def _connections(self) -> list[HttpToolsProtocol]:
        return cast("list[HttpToolsProtocol]", list(self.server_state.connections))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield
