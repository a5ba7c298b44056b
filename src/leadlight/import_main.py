"""The process of one import: it stops when its standard input ends, and so with whoever started it.

It is put together here of what it needs and no more, for all of the server's code would double its memory.
"""

import asyncio
import gc
import logging
import os
import resource
import signal
import sys
from contextlib import suppress

import uvloop

from leadlight.clock import system_clock
from leadlight.errors import StoreUnavailable
from leadlight.events.service import EventService
from leadlight.http.access_log import configure_logging
from leadlight.ids import IdFactory
from leadlight.import_process import TRY_AGAIN, heard
from leadlight.imports.run import ImportRun
from leadlight.leads.erasing import Erasing
from leadlight.leads.intake import Intake
from leadlight.leads.writing import LeadWriting
from leadlight.notes.service import NoteService
from leadlight.operations.service import OperationService
from leadlight.operations.undoing import Undoing
from leadlight.settings import Settings
from leadlight.store.database import Database
from leadlight.store.opening import open_database

logger = logging.getLogger("leadlight.imports")

_CONNECTIONS = 2
_CACHE_KIB = 48_000
_CHECKPOINT_PAGES = 16_000
"""At the usual number, nearly every part of a large file ends with the log being written to the file."""

_GARBAGE = 50_000
"""New objects between two looks for garbage, of which rows make hardly any."""

_LESS_URGENT = 10
_MOST_BYTES = 1 << 30
"""Of memory: a file that would take more fails, before it takes that of the server."""


def main() -> None:
    os.nice(_LESS_URGENT)
    with suppress(OSError, ValueError):  # some systems know no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    gc.freeze()  # what is here so far stays; of what comes with rows, hardly anything refers to itself
    gc.set_threshold(_GARBAGE)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_work(*sys.argv[1:]))
        except StoreUnavailable:
            raise SystemExit(TRY_AGAIN) from None


async def _work(workspace_id: str, import_id: str, name: str) -> None:
    loop, told_to_end = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # sent to all of a service's processes
        loop.add_signal_handler(number, told_to_end.set)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    line = await reader.readline()
    if not line:
        return
    settings = heard(line)
    configure_logging(settings.log_level)
    database = await open_database(
        settings.data,
        settings.database_url,
        connections=_CONNECTIONS,
        cache_kib=_CACHE_KIB,
        checkpoint_pages=_CHECKPOINT_PAGES,
    )
    try:
        working = loop.create_task(_import_run(database, settings).run(workspace_id, import_id, name))
        ends = (loop.create_task(reader.read()), loop.create_task(told_to_end.wait()))
        await asyncio.wait((working, *ends), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            logger.info("import %s is let go: its process was told to end", import_id)
        for task in (*ends, working):
            task.cancel()
        await asyncio.gather(*ends, working, return_exceptions=True)
        if not working.cancelled():
            working.result()
    finally:
        await database.close()


def _import_run(database: Database, settings: Settings) -> ImportRun:
    new_id = IdFactory(system_clock)
    events = EventService(database, new_id)
    writing = LeadWriting(events)
    notes = NoteService(database, events, writing, system_clock, new_id)
    undoing = Undoing(database, events, writing, Erasing(events), notes, system_clock)
    operations = OperationService(database, undoing, system_clock, new_id, undo_days=settings.undo_days)
    return ImportRun(
        database,
        events,
        Intake(events, writing, new_id),
        operations,
        system_clock,
        max_expanded_bytes=settings.import_max_expanded_bytes,
    )


if __name__ == "__main__":
    main()
