"""What nobody waits for: the work on the whole store that any one process may do, or several at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from leadlight.errors import StoreUnavailable
from leadlight.import_process import in_processes
from leadlight.imports.runner import ImportRunner, RunImport
from leadlight.store.idempotency import forget_old_results
from leadlight.waiting import happens_within
from leadlight.webhooks.deliverer import Deliverer

if TYPE_CHECKING:
    from leadlight.app import Services  # which imports this module

logger = logging.getLogger("leadlight")

_HOUSEKEEPING_SECONDS = 30.0


async def run_background(
    services: "Services",
    run_import: RunImport | None = None,
    *,
    requests: Callable[[], int] = lambda: 0,
    every_seconds: float = _HOUSEKEEPING_SECONDS,
) -> None:
    """Works until it is cancelled; a store that is away puts the work off and does not end it.

    `run_import`: works through an import; in a process of its own, if not said. `requests`: how many the process has
    served so far.
    """
    deliverer = Deliverer(services.database, services.work, services.sender.post, services.clock, requests=requests)
    importer = ImportRunner(services.database, run_import or in_processes(services.settings), services.clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(deliverer.run())
        group.create_task(importer.run())
        group.create_task(_repeat(_Housekeeping(services).do, every_seconds))
        group.create_task(_repeat(services.operation_log.clean, every_seconds, services.operation_log.left_over))


async def _repeat(
    work: Callable[[], Awaitable[None]], every_seconds: float, wanted: asyncio.Event | None = None
) -> None:
    """Works again and again; at once when it is wanted."""
    wanted = wanted or asyncio.Event()
    while True:
        await happens_within(wanted, every_seconds)
        wanted.clear()
        try:
            await work()
        except StoreUnavailable:
            logger.warning("housekeeping is put off: the store takes no writes")
        except Exception:
            logger.exception("housekeeping failed; it is tried again")


class _Housekeeping:
    def __init__(self, services: "Services") -> None:
        self._services = services
        self._has_coded = False

    async def do(self) -> None:
        services = self._services
        await services.database.write(forget_old_results, services.clock())
        await services.reminding.tell()
        await services.receiving.take_up()
        await services.webhooks.clean(kept_days=services.settings.webhook_retention_days)
        await services.people.clean()
        await services.submissions.clean(kept_days=services.settings.submission_retention_days)
        await services.imports.clean(kept_days=services.settings.undo_days)
        for workspace in [] if self._has_coded else await services.workspaces.list_workspaces():
            await services.leads.code_old_leads(workspace.id)
        self._has_coded = True  # there are only those of an earlier version
