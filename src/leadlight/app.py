"""The composition root: builds the server from its settings and its store."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.types import ASGIApp

from leadlight.clock import Clock, system_clock
from leadlight.errors import StoreUnavailable
from leadlight.events.routes import EventRoutes
from leadlight.events.service import EventService
from leadlight.http.access_log import AccessLog
from leadlight.http.auth import Authenticator
from leadlight.http.dispatch import Dispatch
from leadlight.http.metrics import Metrics
from leadlight.http.openapi import openapi_document
from leadlight.http.operation import Operation
from leadlight.http.pages import pages
from leadlight.http.ratelimit import SlidingWindows
from leadlight.ids import IdFactory
from leadlight.leads.routes import LeadRoutes
from leadlight.leads.service import LeadService
from leadlight.settings import Settings
from leadlight.store.database import Database
from leadlight.store.idempotency import forget_old_results
from leadlight.workspaces.routes import WorkspaceRoutes
from leadlight.workspaces.service import WorkspaceService

logger = logging.getLogger("leadlight")

_HOUSEKEEPING_SECONDS = 30.0


class Services:
    """The use cases, over one store."""

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        new_id = IdFactory(clock)
        self.database = database
        self.clock = clock
        self.workspaces = WorkspaceService(database, clock, new_id)
        self.events = EventService(database, clock, new_id)
        self.leads = LeadService(database, self.events, clock, new_id)

    def operations(self) -> list[Operation]:
        """The whole surface of the API."""
        return [
            *LeadRoutes(self.leads).operations(),
            *EventRoutes(self.events).operations(),
            *WorkspaceRoutes(self.workspaces).operations(),
        ]


def create_app(settings: Settings, database: Database, clock: Clock = system_clock) -> ASGIApp:
    """The ASGI application. It closes the store when it ends."""
    services = Services(database, clock)
    operations = services.operations()
    metrics = Metrics(database.statistics)
    access_log = AccessLog(metrics)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_keep_house(services)), asyncio.create_task(access_log.keep_flushing())]
        yield
        for task in tasks:
            task.cancel()
        with contextlib.suppress(StoreUnavailable):
            await services.workspaces.save_last_used()
        await database.close()
        access_log.flush()

    around = pages(
        document=openapi_document(operations),
        metrics=metrics,
        access_log=access_log,
        clock=clock,
        beat=services.workspaces.beat,
        lifespan=lifespan,
    )
    return Dispatch(
        operations,
        authenticator=Authenticator(services.workspaces.find_principal, clock),
        windows=SlidingWindows(),
        failures=SlidingWindows(seconds=60),
        note=access_log.note,
        clock=clock,
        rate_limit=settings.rate_limit,
        failure_limit=settings.auth_failures_per_minute,
        max_body_bytes=settings.max_body_bytes,
        elsewhere=around,
    )


async def _keep_house(services: Services) -> None:
    """What nobody waits for: remembers when keys were used, forgets old idempotency keys."""
    while True:
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
        try:
            await services.workspaces.save_last_used()
            await services.database.write(forget_old_results, services.clock())
        except StoreUnavailable:
            logger.warning("housekeeping is put off: the store takes no writes")
