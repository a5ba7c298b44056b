"""Use cases of exports: leads as a file, and all that is held on one person.

Both are made piece by piece while they are sent, in flat memory. What Python does for them is done on the event loop,
for in a thread it would hold the others up for longer: a few leads at a time, about a millisecond's work.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from leadlight.clock import Clock, to_iso
from leadlight.errors import StoreUnavailable
from leadlight.events.event import Event
from leadlight.exports.columns import MetadataKeys
from leadlight.exports.writers import ExportFormat, writer
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import Lead
from leadlight.leads.selecting import next_leads
from leadlight.leads.service import LeadService
from leadlight.principal import Principal
from leadlight.store.database import Database, Snapshot

MOST_OF_A_WORKSPACE = 2
"""Exports of one workspace at once in one process: others find room too, however slowly these are taken."""

_PAGE = 100
_AT_ONCE = 10
_BYTES_AT_ONCE = 32 << 10
_PIECE_BYTES = 64 << 10
_EVENTS = 500


class LeadFile(msgspec.Struct, frozen=True):
    """`pieces` hold a snapshot of the store until they are read to their end or closed."""

    name: str
    format: ExportFormat
    pieces: AsyncGenerator[bytes, None]


class Held(msgspec.Struct, frozen=True):
    """All that is held on one person. `kept`: what other features keep, by its name; `events`: oldest first."""

    lead: Lead
    kept: dict[str, list[Any]]
    events: AsyncIterator[list[Event]]


class ExportService:
    def __init__(self, database: Database, leads: LeadService, clock: Clock) -> None:
        self._database = database
        self._leads = leads
        self._clock = clock
        self._under_way: Counter[str] = Counter()

    async def export_leads(self, caller: Principal, which: LeadFilter, file_format: ExportFormat) -> LeadFile:
        """The leads that a filter lets through, in the order of their age, as they are at this moment.

        Raises InvalidInput where the format can't hold them, StoreUnavailable.
        """
        pieces = self._pieces(caller.workspace_id, which, file_format)
        await anext(pieces)
        return LeadFile(f"leads-{to_iso(self._clock())[:10]}.{file_format.extension}", file_format, pieces)

    async def held_on(self, caller: Principal, lead_id: str) -> Held:
        """Raises LeadNotFound."""
        lead, kept = await self._leads.held_on(caller, lead_id)
        events = self._events(caller, lead.id)
        return Held(lead, kept, events)

    async def _pieces(
        self, workspace_id: str, which: LeadFilter, file_format: ExportFormat
    ) -> AsyncGenerator[bytes, None]:
        """The first one is empty, and comes when all is done that can be refused."""
        with self._room(workspace_id):
            async with self._database.snapshot() as snapshot:
                keys = await self._metadata_keys(snapshot, workspace_id, which, file_format)
                yield b""
                made = writer(file_format, keys)
                piece = made.begin()
                async for leads in self._few_at_a_time(snapshot, workspace_id, which):
                    piece += made.write(leads)
                    if len(piece) >= _PIECE_BYTES:
                        yield piece
                        piece = b""
                yield piece + b"".join(made.end())

    async def _metadata_keys(
        self, snapshot: Snapshot, workspace_id: str, which: LeadFilter, file_format: ExportFormat
    ) -> list[str]:
        """Found by reading all, where the format has columns; else it is tried whether the store can be read."""
        if not file_format.has_columns:
            await snapshot.scan(partial(next_leads, behind=None, limit=1), workspace_id, which)
            return []
        keys = MetadataKeys(in_sheets=file_format is ExportFormat.XLSX)
        async for leads in self._few_at_a_time(snapshot, workspace_id, which):
            keys.look_at([lead.metadata for lead in leads])
        return keys.found

    async def _few_at_a_time(
        self, snapshot: Snapshot, workspace_id: str, which: LeadFilter
    ) -> AsyncIterator[Sequence[Lead]]:
        """All leads; between two steps, the loop has its turn."""
        behind, has_next = None, True
        while has_next:
            page = await snapshot.scan(partial(next_leads, behind=behind, limit=_PAGE), workspace_id, which)
            behind, has_next = page.next_place, page.has_next
            for few in _sliced(page.leads):
                yield few
                await asyncio.sleep(0)

    async def _events(self, caller: Principal, lead_id: str) -> AsyncIterator[list[Event]]:
        """Pages of so many megabytes at the most as `EventService` reads at once."""
        position, has_next = 0, True
        while has_next:
            page = await self._leads.list_events(caller, lead_id, after=position, limit=_EVENTS)
            position, has_next = page.next_position, page.has_next
            yield page.events

    @contextmanager
    def _room(self, workspace_id: str) -> Iterator[None]:
        if self._under_way[workspace_id] >= MOST_OF_A_WORKSPACE:
            message = f"{MOST_OF_A_WORKSPACE} exports of this workspace are under way; try again when one has ended"
            raise StoreUnavailable(message)
        self._under_way[workspace_id] += 1
        try:
            yield
        finally:
            self._under_way[workspace_id] -= 1
            self._under_way += Counter()  # forgets those that are at zero


def _sliced(leads: Sequence[Lead]) -> Iterator[Sequence[Lead]]:
    """Few at a time, and fewer where they are large."""
    start, size = 0, 0
    for index, lead in enumerate(leads):
        size += len(bytes(lead.metadata))
        if index - start == _AT_ONCE - 1 or size > _BYTES_AT_ONCE:
            yield leads[start : index + 1]
            start, size = index + 1, 0
    if start < len(leads):
        yield leads[start:]
