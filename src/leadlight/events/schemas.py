"""Events on the wire."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from leadlight.clock import to_iso
from leadlight.events.event import Change, Event, EventType
from leadlight.events.service import EventPage
from leadlight.http.query import Parameter, choices, cursor_position, integer
from leadlight.principal import Actor

_EXAMPLE_ID = "evt_01kb2v6e3mf0r8n4t9q5w7x1yz"


class EventView(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that happened."""

    id: Annotated[str, Meta(examples=[_EXAMPLE_ID])]
    type: EventType
    timestamp: Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
    lead_id: str
    workspace_id: str
    actor: Annotated[
        Actor, Meta(description="Who did it: an `api_key`, a `user` or a `form`, by its id; or the `system`.")
    ]
    data: Annotated[
        dict[str, Any], Meta(description="The lead as it was after the event; of a deleted one, its id and when.")
    ]
    changes: Annotated[dict[str, Change], Meta(description="By field: its value before and after.")]

    @classmethod
    def of(cls, event: Event) -> "EventView":
        return cls(
            event.id,
            event.type,
            to_iso(event.created_at),
            event.lead_id,
            event.workspace_id,
            event.actor,
            event.data,  # type: ignore[arg-type]  # the same
            event.changes,  # type: ignore[arg-type]  # JSON of the declared shape, spliced in as it is stored
        )


class EventPagination(msgspec.Struct, frozen=True, rename="camel"):
    limit: int
    has_next: bool
    next_cursor: Annotated[str, Meta(description="Always given: pass it as `after`, now or later, to go on.")]


class EventList(msgspec.Struct, frozen=True):
    events: list[EventView]
    pagination: EventPagination

    @classmethod
    def of(cls, page: EventPage) -> "EventList":
        return cls(
            [EventView.of(event) for event in page.events],
            EventPagination(page.limit, page.has_next, str(page.next_position)),
        )


EVENT_EXAMPLE: dict[str, Any] = {
    "events": [
        {
            "id": _EXAMPLE_ID,
            "type": "lead.updated",
            "timestamp": "2026-01-15T10:30:00.000Z",
            "leadId": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz",
            "workspaceId": "ws_01kb2v5x9qe4m8c2n7t0r6w3hj",
            "actor": {"type": "api_key", "id": "key_01kb2v5xq8d6y3f9k1m4p7s0tv"},
            "data": {
                "id": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz",
                "name": "Ada Park",
                "email": "ada@example.com",
                "phone": None,
                "source": "website",
                "status": "new",
                "metadata": {"company": "Parkside", "score": 77},
                "createdAt": "2026-01-14T09:12:44.518Z",
                "updatedAt": "2026-01-15T10:30:00.000Z",
                "workspaceId": "ws_01kb2v5x9qe4m8c2n7t0r6w3hj",
            },
            "changes": {"metadata": {"from": {"score": 42}, "to": {"score": 77}}},
        }
    ],
    "pagination": {"limit": 100, "hasNext": False, "nextCursor": "3"},
}


class EventQuery(msgspec.Struct, frozen=True):
    after: int = 0
    types: tuple[EventType, ...] = ()
    limit: int = 100


class StreamQuery(msgspec.Struct, frozen=True):
    after: int | None = None
    types: tuple[EventType, ...] = ()


_TYPES = Parameter("types", choices(EventType), "Only events of these types, by comma.")
EVENT_PARAMETERS = (
    Parameter("after", cursor_position(), "Where to go on: a `nextCursor` from before. Without it, the start."),
    _TYPES,
    Parameter("limit", integer(1, 1000, default=100), "How many events at the most."),
)
STREAM_PARAMETERS = (
    Parameter(
        "after", cursor_position(), "Where to go on, if there is no Last-Event-ID: a position or a `nextCursor`."
    ),
    _TYPES,
)
