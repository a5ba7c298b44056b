"""`leadlight serve`: the server, from an empty folder to a look-up."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import Annotated

import typer
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from leadlight.app import Services, create_app
from leadlight.cli.options import Data, fail, open_store, setting
from leadlight.errors import LeadlightError
from leadlight.http.access_log import configure_logging
from leadlight.http.protocol import bounded_protocol
from leadlight.principal import Scope
from leadlight.settings import Settings, SettingsError
from leadlight.workspaces.key import IssuedKey
from leadlight.workspaces.service import KeySpec

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 75


def serve(
    host: Annotated[str, setting("host")] = Settings.host,
    port: Annotated[int, setting("port")] = Settings.port,
    data: Data = Settings.data,
    rate_limit: Annotated[int, setting("rate_limit")] = Settings.rate_limit,
    auth_failures_per_minute: Annotated[int, setting("auth_failures_per_minute")] = Settings.auth_failures_per_minute,
    max_body_bytes: Annotated[int, setting("max_body_bytes")] = Settings.max_body_bytes,
    max_header_bytes: Annotated[int, setting("max_header_bytes")] = Settings.max_header_bytes,
    trusted_proxies: Annotated[str, setting("trusted_proxies")] = Settings.trusted_proxies,
    log_level: Annotated[str, setting("log_level")] = Settings.log_level,
    drain_seconds: Annotated[int, setting("drain_seconds")] = Settings.drain_seconds,
) -> None:
    """Run the server. On an empty data folder it makes a workspace and prints a key, once."""
    try:
        settings = Settings(
            host=host,
            port=port,
            data=data,
            rate_limit=rate_limit,
            auth_failures_per_minute=auth_failures_per_minute,
            max_body_bytes=max_body_bytes,
            max_header_bytes=max_header_bytes,
            trusted_proxies=trusted_proxies,
            log_level=log_level,
            drain_seconds=drain_seconds,
        )
    except SettingsError as error:
        fail(str(error))
    configure_logging(settings.log_level)
    listener = _listen(settings)  # before a key is made: it would be lost if the port is taken
    database = open_store(settings.data, create=True)
    try:
        first = asyncio.run(_first_key(Services(database)))
    except LeadlightError as error:
        fail(f"the store in {settings.data} takes no writes: {error.message}")
    _greet(listener, first)
    config = uvicorn.Config(
        ProxyHeadersMiddleware(create_app(settings, database), list(settings.proxies))  # type: ignore[arg-type]
        if settings.proxies
        else create_app(settings, database),
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
    _Server(config).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends with exit code 0 once it has drained; uvicorn's own would raise the signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield


def _listen(settings: Settings) -> socket.socket:
    try:
        address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(address[0], address[1])
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address[4])
        listener.listen(_BACKLOG)
    except OSError as error:
        fail(f"can't listen on {settings.host}:{settings.port}: {error.strerror}; choose another --host or --port")
    return listener


async def _first_key(services: Services) -> IssuedKey | None:
    made = await services.workspaces.create_first("Default", KeySpec("First admin key", (Scope.ADMIN,)))
    return made[1] if made else None


def _greet(listener: socket.socket, first: IssuedKey | None) -> None:
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    greeting = f"Leadlight listens on {url}   API: {url}/docs"
    if first is not None:
        greeting += _first_steps(url, first)
    typer.echo(greeting)


def _first_steps(url: str, first: IssuedKey) -> str:
    return f"""

Your workspace is {first.key.workspace_id}, and this is its admin key. It is not shown again:

  {first.secret}

Create a lead:

  LEAD=$(curl -s {url}/api/v1/leads \\
    -H "Authorization: Bearer {first.secret}" \\
    -H "Content-Type: application/json" \\
    -d '{{"name": "Ada Park", "email": "ada@example.com", "metadata": {{"company": "Parkside"}}}}' \\
    | tee /dev/stderr | grep -o 'lead_[0-9a-z]*')

Read it:

  curl -s {url}/api/v1/leads/$LEAD \\
    -H "Authorization: Bearer {first.secret}"
"""
