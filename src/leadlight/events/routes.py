"""The feed: every change in a workspace, in order."""

from leadlight.events.schemas import EVENT_EXAMPLE, EVENT_PARAMETERS, EventList, EventQuery
from leadlight.events.service import EventService
from leadlight.http.operation import Operation
from leadlight.principal import Principal, Scope


class EventRoutes:
    def __init__(self, events: EventService) -> None:
        self._events = events

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
        ]

    async def list_events(self, caller: Principal, query: EventQuery) -> EventList:
        page = await self._events.list_feed(
            caller.workspace_id, after=query.after, limit=query.limit, types=query.types
        )
        return EventList.of(page)
