"""`leadlight worker`: the background work, in a process that serves no requests."""

import logging
from typing import Annotated

from leadlight.app import Services
from leadlight.background import run_background
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
from leadlight.http.access_log import configure_logging
from leadlight.server import run, until_told_to_end
from leadlight.settings import Settings, SettingsError

logger = logging.getLogger("leadlight")


def worker(
    data: Data = Settings.data,
    database_url: DatabaseUrl = Settings.database_url,
    database_connections: Annotated[int, setting("database_connections")] = Settings.database_connections,
    webhook_allow_private: WebhookAllowPrivate = Settings.webhook_allow_private,
    webhook_retry_schedule: WebhookRetrySchedule = Settings.webhook_retry_schedule,
    webhook_timeout_seconds: WebhookTimeoutSeconds = Settings.webhook_timeout_seconds,
    webhook_retention_days: WebhookRetentionDays = Settings.webhook_retention_days,
    undo_days: UndoDays = Settings.undo_days,
    submission_retention_days: SubmissionRetentionDays = Settings.submission_retention_days,
    import_max_expanded_bytes: ImportMaxExpandedBytes = Settings.import_max_expanded_bytes,
    log_level: Annotated[str, setting("log_level")] = Settings.log_level,
) -> None:
    """Do the background work, for servers that run with --no-background."""
    try:
        settings = Settings(
            data=data,
            database_url=database_url,
            database_connections=database_connections,
            webhook_allow_private=webhook_allow_private,
            webhook_retry_schedule=webhook_retry_schedule,
            webhook_timeout_seconds=webhook_timeout_seconds,
            webhook_retention_days=webhook_retention_days,
            undo_days=undo_days,
            submission_retention_days=submission_retention_days,
            import_max_expanded_bytes=import_max_expanded_bytes,
            log_level=log_level,
        )
    except SettingsError as error:
        fail(str(error))
    configure_logging(settings.log_level)
    with refusals():
        run(_work(settings))


async def _work(settings: Settings) -> None:
    database = await open_store(settings.data, settings.database_url, connections=settings.database_connections)
    services = Services(database, settings=settings)
    try:
        await until_told_to_end(_begin(services))
    finally:
        await services.sender.close()
        await database.close()
    logger.info("background work has ended")


async def _begin(services: Services) -> None:
    logger.info("background work begins")  # from here on it can be told to end
    await run_background(services)
