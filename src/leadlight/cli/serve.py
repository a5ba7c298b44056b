"""`leadlight serve`: the server, from an empty folder to a look-up."""

import socket
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from leadlight.app import Services
from leadlight.cli.opened import fail, open_store, refusals
from leadlight.cli.options import (
    Data,
    DatabaseUrl,
    ImportMaxExpandedBytes,
    SubmissionRetentionDays,
    UndoDays,
    WebhookAllowPrivate,
    WebhookRetentionDays,
    WebhookRetrySchedule,
    WebhookTimeoutSeconds,
    setting,
)
from leadlight.errors import LeadlightError
from leadlight.http.access_log import configure_logging
from leadlight.listening import listen, listen_for_each
from leadlight.people.link import OneTimeLink
from leadlight.principal import Scope
from leadlight.server import run
from leadlight.server import serve as serve_requests
from leadlight.settings import Settings, SettingsError
from leadlight.store.database import Database
from leadlight.supervisor import NoWorkerStarted, Supervisor
from leadlight.workspaces.key import IssuedKey
from leadlight.workspaces.service import KeySpec


def serve(
    host: Annotated[str, setting("host")] = Settings.host,
    port: Annotated[int, setting("port")] = Settings.port,
    workers: Annotated[int, setting("workers")] = Settings.workers,
    data: Data = Settings.data,
    database_url: DatabaseUrl = Settings.database_url,
    database_connections: Annotated[int, setting("database_connections")] = Settings.database_connections,
    rate_limit: Annotated[int, setting("rate_limit")] = Settings.rate_limit,
    rate_limit_url: Annotated[str, setting("rate_limit_url")] = Settings.rate_limit_url,
    rate_limit_fallback: Annotated[str, setting("rate_limit_fallback")] = Settings.rate_limit_fallback,
    auth_failures_per_minute: Annotated[int, setting("auth_failures_per_minute")] = Settings.auth_failures_per_minute,
    max_body_bytes: Annotated[int, setting("max_body_bytes")] = Settings.max_body_bytes,
    max_header_bytes: Annotated[int, setting("max_header_bytes")] = Settings.max_header_bytes,
    trusted_proxies: Annotated[str, setting("trusted_proxies")] = Settings.trusted_proxies,
    background: Annotated[bool, setting("background")] = Settings.background,
    webhook_allow_private: WebhookAllowPrivate = Settings.webhook_allow_private,
    webhook_retry_schedule: WebhookRetrySchedule = Settings.webhook_retry_schedule,
    webhook_timeout_seconds: WebhookTimeoutSeconds = Settings.webhook_timeout_seconds,
    webhook_retention_days: WebhookRetentionDays = Settings.webhook_retention_days,
    undo_days: UndoDays = Settings.undo_days,
    submission_retention_days: SubmissionRetentionDays = Settings.submission_retention_days,
    import_max_bytes: Annotated[int, setting("import_max_bytes")] = Settings.import_max_bytes,
    import_max_expanded_bytes: ImportMaxExpandedBytes = Settings.import_max_expanded_bytes,
    log_level: Annotated[str, setting("log_level")] = Settings.log_level,
    drain_seconds: Annotated[int, setting("drain_seconds")] = Settings.drain_seconds,
) -> None:
    """Run the server. On an empty data folder it makes a workspace and prints a key, once."""
    try:
        settings = Settings(
            host=host,
            port=port,
            workers=workers,
            data=data,
            database_url=database_url,
            database_connections=database_connections,
            rate_limit=rate_limit,
            rate_limit_url=rate_limit_url,
            rate_limit_fallback=rate_limit_fallback,
            auth_failures_per_minute=auth_failures_per_minute,
            max_body_bytes=max_body_bytes,
            max_header_bytes=max_header_bytes,
            trusted_proxies=trusted_proxies,
            background=background,
            webhook_allow_private=webhook_allow_private,
            webhook_retry_schedule=webhook_retry_schedule,
            webhook_timeout_seconds=webhook_timeout_seconds,
            webhook_retention_days=webhook_retention_days,
            undo_days=undo_days,
            submission_retention_days=submission_retention_days,
            import_max_bytes=import_max_bytes,
            import_max_expanded_bytes=import_max_expanded_bytes,
            log_level=log_level,
            drain_seconds=drain_seconds,
        )
        configure_logging(settings.log_level)
        listeners = _listen(settings)  # before a key is made: it would be lost if the port is taken
        with refusals():
            run(_serve(settings, listeners[0]) if settings.workers == 1 else _supervise(settings, listeners))
    except SettingsError as error:
        fail(str(error))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    database, found = await _prepare(settings)
    _greet(listener, found)
    await serve_requests(settings, database, listener)


async def _supervise(settings: Settings, listeners: Sequence[socket.socket]) -> None:
    database, found = await _prepare(settings)
    await database.close()  # each worker opens its own
    supervisor = Supervisor(settings, listeners)
    supervisor.handle_signals()  # before the greeting: who reads it may send one
    _greet(listeners[0], found)
    try:
        await supervisor.run()
    except NoWorkerStarted:
        fail("no worker could start; the log says why")


async def _prepare(settings: Settings) -> tuple[Database, "_Found"]:
    """The open store, set up where it was not, and what its greeting depends on."""
    database = await open_store(
        settings.data, settings.database_url, create=True, connections=settings.database_connections
    )
    try:
        return database, await _look(Services(database))
    except LeadlightError as error:
        fail(f"the store takes no writes: {error.message}")


def _listen(settings: Settings) -> Sequence[socket.socket]:
    try:
        if settings.workers == 1:
            return [listen(settings.host, settings.port)]
        return listen_for_each(settings.host, settings.port, settings.workers)
    except OSError as error:
        fail(f"can't listen on {settings.host}:{settings.port}: {error.strerror}; choose another --host or --port")


class _Found(msgspec.Struct, frozen=True):
    """Whether anybody has an account; `first`: the key and the owner's link that a new store was given."""

    has_users: bool
    first: tuple[IssuedKey, OneTimeLink] | None = None


async def _look(services: Services) -> _Found:
    made = await services.workspaces.create_first("Default", KeySpec("First admin key", (Scope.ADMIN,)))
    if made is None:
        return _Found(has_users=await services.people.has_users())
    workspace, key = made
    return _Found(has_users=False, first=(key, await services.people.make_owner_link(workspace.id)))


def _greet(listener: socket.socket, found: _Found) -> None:
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    greeting = f"Leadlight listens on {url}   API: {url}/docs"
    if found.first is not None:
        greeting += _first_steps(url, *found.first)
    elif not found.has_users:
        greeting += "\nNobody has an account yet: leadlight users create EMAIL --name NAME --role owner"
    typer.echo(greeting)


def _first_steps(url: str, first: IssuedKey, link: OneTimeLink) -> str:
    return f"""

Your workspace is {first.key.workspace_id}, and this is its admin key. It is not shown again:

  {first.secret}

Open this to make your account; it works once, and for 24 hours:

  {url}/welcome/{link.token}

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
