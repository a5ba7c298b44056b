"""The composition root: builds the server from its settings and its store."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator

from starlette.applications import Starlette

from leadlight.background import run_background
from leadlight.batch.routes import BatchRoutes
from leadlight.batch.service import BatchService
from leadlight.capture.graph import Graph
from leadlight.capture.inbox import SubmissionService
from leadlight.capture.processing import Processing
from leadlight.capture.public import PublicRoutes
from leadlight.capture.receiving import Receiving
from leadlight.capture.reference import public_paths
from leadlight.capture.routes import CaptureRoutes
from leadlight.capture.service import FormService
from leadlight.clock import Clock, system_clock
from leadlight.dashboard.routes import Dashboard
from leadlight.duplicates.routes import DuplicateRoutes
from leadlight.duplicates.service import DuplicateService
from leadlight.errors import StoreUnavailable
from leadlight.events.routes import EventRoutes
from leadlight.events.service import EventService
from leadlight.events.stream import LiveFeed
from leadlight.exports.routes import ExportRoutes
from leadlight.exports.service import ExportService
from leadlight.http.access_log import AccessLog
from leadlight.http.auth import Authenticator
from leadlight.http.dispatch import Dispatch
from leadlight.http.metrics import Metrics
from leadlight.http.openapi import openapi_document
from leadlight.http.operation import Operation
from leadlight.http.pages import pages
from leadlight.http.ratelimit import SlidingWindows, Windows
from leadlight.http.shared_ratelimit import SharedCounts, SharedWindows
from leadlight.http.streaming import OpenStreams, StreamTimes
from leadlight.ids import IdFactory
from leadlight.imports.routes import ImportRoutes
from leadlight.imports.run import ImportRun
from leadlight.imports.runner import RunImport
from leadlight.imports.service import ImportService
from leadlight.insights.routes import InsightRoutes
from leadlight.insights.service import InsightService
from leadlight.leads.erasing import Erasing
from leadlight.leads.intake import Intake
from leadlight.leads.reminding import Reminding
from leadlight.leads.routes import LeadRoutes
from leadlight.leads.service import LeadService
from leadlight.leads.writing import LeadWriting
from leadlight.notes.routes import NoteRoutes
from leadlight.notes.service import NoteService
from leadlight.operations.routes import OperationRoutes
from leadlight.operations.service import OperationService
from leadlight.operations.undoing import Undoing
from leadlight.people.service import PeopleService
from leadlight.settings import Settings, SettingsError
from leadlight.store.database import Database
from leadlight.views.service import ViewService
from leadlight.webhooks.delivery import RetrySchedule
from leadlight.webhooks.routes import WebhookRoutes
from leadlight.webhooks.sender import Sender
from leadlight.webhooks.service import WebhookService
from leadlight.webhooks.work import Work
from leadlight.workspaces.routes import WorkspaceRoutes
from leadlight.workspaces.service import WorkspaceService

logger = logging.getLogger("leadlight")

_LAST_USED_SECONDS = 30.0
_STREAM_TIMES = StreamTimes()
_DEFAULTS = Settings()


class Services:
    """The use cases, over one store."""

    def __init__(
        self,
        database: Database,
        clock: Clock = system_clock,
        settings: Settings = _DEFAULTS,
        stream_times: StreamTimes = _STREAM_TIMES,
    ) -> None:
        new_id = IdFactory(clock)
        self.database = database
        self.clock = clock
        self.settings = settings
        self.events = EventService(database, new_id)
        self.live = LiveFeed(database, self.events, stream_times)
        self.workspaces = WorkspaceService(database, self.events, clock, new_id)
        self.people = PeopleService(database, clock, new_id)
        self.sender = Sender(
            allow_private=settings.webhook_allow_private,
            timeout_seconds=settings.webhook_timeout_seconds,
            clock=clock,
        )
        self.webhooks = WebhookService(
            database, self.events, clock, new_id, check_reachable=self.sender.check_reachable
        )
        self.writing = LeadWriting(self.events)
        self.intake = Intake(self.events, self.writing, new_id)
        self.erasing = Erasing(self.events)
        self.leads = LeadService(database, self.events, self.writing, self.intake, self.erasing, clock)
        self.reminding = Reminding(database, self.events, clock)
        self.notes = NoteService(database, self.events, self.writing, clock, new_id)
        undoing = Undoing(database, self.events, self.writing, self.erasing, self.notes, clock)
        self.operation_log = OperationService(database, undoing, clock, new_id, undo_days=settings.undo_days)
        self.batches = BatchService(database, self.events, self.writing, self.intake, self.operation_log, clock)
        self.duplicates = DuplicateService(database, self.events, self.writing, self.operation_log, clock)
        self.imports = ImportService(database, clock, new_id)
        self.insights = InsightService(database, clock)
        self.exports = ExportService(database, self.leads, clock)
        self.views = ViewService(database, clock, new_id)
        self.forms = FormService(database, self.events, clock, new_id)
        processing = Processing(database, self.events, self.workspaces, self.intake, Graph(), clock)
        self.receiving = Receiving(database, processing, clock, new_id)
        self.submissions = SubmissionService(database, self.forms, self.receiving, processing, self.writing, clock)
        self.erasing.share_with([self.webhooks, self.operation_log, self.submissions, self.notes])
        schedule = RetrySchedule.of(settings.retry_delays)
        self.work = Work(self.events, new_id, schedule=schedule, random=random.random)

    def import_run(self) -> ImportRun:
        """What works through one import."""
        return ImportRun(
            self.database,
            self.events,
            self.intake,
            self.operation_log,
            self.clock,
            max_expanded_bytes=self.settings.import_max_expanded_bytes,
        )

    def dashboard(self, windows: Windows) -> Dashboard:
        """The pages for people; `windows`, a minute long, count their attempts to sign in."""
        return Dashboard(
            leads=self.leads,
            batches=self.batches,
            operations=self.operation_log,
            notes=self.notes,
            duplicates=self.duplicates,
            people=self.people,
            workspaces=self.workspaces,
            forms=self.forms,
            submissions=self.submissions,
            webhooks=self.webhooks,
            imports=self.imports,
            exports=self.exports,
            views=self.views,
            insights=self.insights,
            listen=self.database.listen,
            max_file_bytes=self.settings.import_max_bytes,
            windows=windows,
            clock=self.clock,
        )

    def operations(self) -> list[Operation]:
        """The whole surface of the API."""
        return [
            *LeadRoutes(self.leads).operations(),
            *NoteRoutes(self.notes).operations(),
            *BatchRoutes(self.batches).operations(),
            *DuplicateRoutes(self.duplicates).operations(),
            *OperationRoutes(self.operation_log).operations(),
            *ImportRoutes(self.imports, self.clock).operations(),
            *ExportRoutes(self.exports).operations(),
            *InsightRoutes(self.insights).operations(),
            *CaptureRoutes(self.forms, self.submissions).operations(),
            *EventRoutes(self.events, self.live).operations(),
            *WebhookRoutes(self.webhooks).operations(),
            *WorkspaceRoutes(self.workspaces).operations(),
        ]


def create_app(
    settings: Settings,
    database: Database,
    clock: Clock = system_clock,
    *,
    worker: int | None = None,
    stream_times: StreamTimes = _STREAM_TIMES,
    run_import: RunImport | None = None,
) -> Dispatch:
    """The ASGI application. It closes the store when it ends. `worker`: its number, if it is one of several.

    `run_import`: works through an import; in a process of its own, if not said.
    """
    services = Services(database, clock, settings, stream_times)
    operations = services.operations()
    shared = _shared_counts(settings)
    authenticator = Authenticator(services.workspaces.find_principal, clock)
    streams = OpenStreams(authenticator, clock, stream_times)
    metrics = Metrics(
        database.statistics,
        unchecked=lambda: shared.unchecked if shared else 0,
        open_streams=lambda: len(streams),
        worker=worker,
    )
    access_log = AccessLog(metrics)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_keep_last_used(services)), asyncio.create_task(access_log.keep_flushing())]
        tasks.append(asyncio.create_task(streams.keep_checking()))
        if settings.background:
            background = run_background(services, run_import, requests=lambda: access_log.requests)
            tasks.append(asyncio.create_task(background))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await services.sender.close()
        with contextlib.suppress(StoreUnavailable):
            await services.workspaces.save_last_used()
        if shared is not None:
            await shared.close()
        await database.close()
        access_log.flush()

    failures = SharedWindows(shared, name="minute", seconds=60) if shared else SlidingWindows(seconds=60)
    public = PublicRoutes(
        services.forms,
        services.receiving,
        clock,
        windows=SharedWindows(shared, name="form", seconds=60) if shared else SlidingWindows(seconds=60),
        failures=failures,
        failure_limit=settings.auth_failures_per_minute,
        max_body_bytes=settings.max_body_bytes,
    )
    sign_ins = SharedWindows(shared, name="sign-in", seconds=60) if shared else SlidingWindows(seconds=60)
    dashboard = services.dashboard(sign_ins)
    around = pages(
        document=lambda: openapi_document(operations, public_paths()),
        metrics=metrics,
        access_log=access_log,
        clock=clock,
        beat=services.workspaces.beat,
        lifespan=lifespan,
        routes=[*public.routes(), *dashboard.routes()],
    )
    return Dispatch(
        operations,
        authenticator=authenticator,
        windows=SharedWindows(shared, name="hour", seconds=3600) if shared else SlidingWindows(),
        failures=failures,
        note=access_log.note,
        clock=clock,
        rate_limit=settings.rate_limit,
        failure_limit=settings.auth_failures_per_minute,
        max_body_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.import_max_bytes,
        streams=streams,
        elsewhere=around,
        end_elsewhere=dashboard.end_streams,
    )


def _shared_counts(settings: Settings) -> SharedCounts | None:
    if not settings.rate_limit_url:
        return None
    try:
        return SharedCounts(settings.rate_limit_url, fail_open=settings.rate_limit_fallback == "fail-open")
    except ValueError as error:
        raise SettingsError(f"LEADLIGHT_RATE_LIMIT_URL is not usable: {error}.") from None


async def _keep_last_used(services: Services) -> None:
    """Stores now and then which keys this process has seen; no other process knows of them."""
    while True:
        await asyncio.sleep(_LAST_USED_SECONDS)
        try:
            await services.workspaces.save_last_used()
        except StoreUnavailable:
            logger.warning("the times of last use are not stored: the store takes no writes")
