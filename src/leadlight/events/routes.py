"""The feed: every change in a workspace, in order; to be read, or to be listened to."""

from leadlight.errors import InvalidInput, Problem
from leadlight.events.schemas import (
    EVENT_EXAMPLE,
    EVENT_PARAMETERS,
    STREAM_PARAMETERS,
    EventList,
    EventQuery,
    EventView,
    StreamQuery,
)
from leadlight.events.service import EventService
from leadlight.events.stream import LiveFeed
from leadlight.http.operation import Operation, Stream
from leadlight.principal import Principal, Scope


class EventRoutes:
    def __init__(self, events: EventService, live: LiveFeed) -> None:
        self._events = events
        self._live = live

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="listEvents",
                method="GET",
                path="/api/v1/events",
                tag="Events",
                summary="Read the feed of all changes",
                description="Oldest first. Keep `nextCursor` and come back with it: no event is skipped or repeated. "
                "A deleted lead's earlier events are gone with its data; its `lead.deleted` stays.",
                scope=Scope.LEADS_READ,
                query=EventQuery,
                parameters=EVENT_PARAMETERS,
                response=EventList,
                example=EVENT_EXAMPLE,
                handler=self.list_events,
            ),
            Operation(
                id="streamEvents",
                method="GET",
                path="/api/v1/events/stream",
                tag="Events",
                summary="Listen to all changes",
                description="Server-Sent Events, as they happen: from now on, or behind a position. Come back with the "
                "last `id` as Last-Event-ID (an EventSource does it by itself): no event is skipped or repeated. "
                "A comment line every 15 seconds says that nothing happens. The stream ends with the key, when its "
                "client does not read for half a minute, or when the server restarts.",
                scope=Scope.LEADS_READ,
                query=StreamQuery,
                parameters=STREAM_PARAMETERS,
                response=EventView,
                example=EVENT_EXAMPLE["events"][0],
                streams=True,
                handler=self.stream_events,
            ),
        ]

    async def list_events(self, caller: Principal, query: EventQuery) -> EventList:
        page = await self._events.list_feed(
            caller.workspace_id, after=query.after, limit=query.limit, types=query.types
        )
        return EventList.of(page)

    async def stream_events(self, caller: Principal, query: StreamQuery, *, last_event_id: int | None) -> Stream:
        if last_event_id is None:
            return Stream(await self._live.follow(caller.workspace_id, after=query.after, types=query.types))
        try:
            return Stream(await self._live.follow(caller.workspace_id, after=last_event_id, types=query.types))
        except InvalidInput as error:
            raise InvalidInput([Problem("Last-Event-ID", each.message, each.code) for each in error.problems]) from None
