"""Exports over the API: files that are sent as they are made."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import Any

import msgspec

from leadlight.events.schemas import EVENT_EXAMPLE, EventView
from leadlight.exports.schemas import EXPORT_PARAMETERS, VIEWS, ExportQuery, LeadExport
from leadlight.exports.service import ExportService, Held
from leadlight.exports.writers import ExportFormat
from leadlight.http.download import Download
from leadlight.http.operation import Operation
from leadlight.ids import LEAD
from leadlight.leads.schemas import LeadView
from leadlight.principal import Principal, Scope

_PIECE_BYTES = 32 << 10
_EVENT: dict[str, Any] = EVENT_EXAMPLE["events"][0]
_LEAD: dict[str, Any] = _EVENT["data"]
_HELD: dict[str, Any] = {
    "lead": _LEAD,
    "events": [_EVENT],
    "deliveries": [],
    "operations": [
        {
            "operationId": "op_01kb2v7h4qe9s3w6z8b1d5f7hk",
            "leadId": _LEAD["id"],
            "action": "updated",
            "before": {**_LEAD, "metadata": {"company": "Parkside", "score": 42}, "updatedAt": _LEAD["createdAt"]},
        }
    ],
    "submissions": [],
    "notes": [],
}

_encode = msgspec.json.Encoder().encode


class ExportRoutes:
    def __init__(self, exports: ExportService) -> None:
        self._exports = exports

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="exportLeads",
                method="GET",
                path="/api/v1/exports/leads",
                tag="Exports",
                summary="Export leads as a file",
                description="All leads, or those that every given filter lets through, the oldest first: as they are "
                "when the export begins, whatever is written meanwhile. In CSV and XLSX, metadata has a column for "
                "each of its keys, and no cell is a formula. An import of the file gives back the same leads. A file "
                "that ends before its end was not received whole: the connection is broken off.",
                scope=Scope.LEADS_READ,
                query=ExportQuery,
                parameters=EXPORT_PARAMETERS,
                response=LeadView,
                example=_LEAD,
                downloads=tuple(each.media_type for each in ExportFormat),
                handler=self.export_leads,
            ),
            Operation(
                id="exportLead",
                method="GET",
                path="/api/v1/leads/{leadId}/export",
                tag="Exports",
                summary="Export all that is held on one person",
                description="The lead, all that happened to it, what was sent of it by webhooks, what is kept of it "
                "so that operations can be taken back, what came in by forms, and its notes; of leads that were merged "
                "into it, too. It is sent while it is made, whole, however long the history is.",
                scope=Scope.LEADS_READ,
                path_id=LEAD,
                response=LeadExport,
                example=_HELD,
                handler=self.export_lead,
            ),
        ]

    async def export_leads(self, caller: Principal, query: ExportQuery) -> Download:
        file = await self._exports.export_leads(caller, query, query.format)
        return Download(file.format.media_type, file.name, file.pieces)

    async def export_lead(self, caller: Principal, lead_id: str) -> Download:
        """The same as any answer, but written while it is sent: a history may be longer than fits into memory."""
        held = await self._exports.held_on(caller, lead_id)
        return Download("application/json", f"{held.lead.id}.json", _pieces(held, lead_id))


async def _pieces(held: Held, asked: str) -> AsyncGenerator[bytes, None]:
    """The envelope with a LeadExport in it."""
    yield b'{"success":true,"data":{"lead":' + _encode(LeadView.of(held.lead, asked)) + b',"events":['
    comma = b""
    async for events in held.events:
        for piece in _items(map(EventView.of, events)):
            yield comma + piece
            comma = b","
    for name, kept in held.kept.items():
        yield b"]," + _encode(name) + b":["
        comma = b""
        for piece in _items(map(VIEWS.get(name, _as_it_is), kept)):
            yield comma + piece
            comma = b","
    yield b"]}}"


def _items(views: Iterable[Any]) -> Iterator[bytes]:
    """Parts of the inside of a JSON array; each is what is made between two turns of the loop."""
    items: list[bytes] = []
    size = 0
    for view in views:
        items.append(_encode(view))
        size += len(items[-1])
        if size > _PIECE_BYTES:
            yield b",".join(items)
            items.clear()
            size = 0
    if items:
        yield b",".join(items)


def _as_it_is(kept: Any) -> Any:
    return kept
