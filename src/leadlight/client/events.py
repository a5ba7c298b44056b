"""Events: everything that happened in the workspace, in order."""

from collections.abc import Callable, Sequence

import msgspec

from leadlight.client.calls import Call, Page, page, params
from leadlight.client.following import Connection, Stream
from leadlight.client.models import Event, Told
from leadlight.client.resource import D, Listing, Method, Resource, Streaming
from leadlight.http.sse_parser import ServerEvent

_PATH = "/events"
_decode_page = page("events", Event)
_decode_event = msgspec.json.Decoder(Event).decode


class Events(Resource[D]):
    @Method
    def page(
        self, *, after: str | None = None, types: Sequence[str] | None = None, limit: int | None = None
    ) -> Call[Page[Event]]:
        """Some events, oldest first. Its `pagination.next_cursor` is always there: come back with it as `after`."""
        asked = params({"after": after, "types": types, "limit": limit})
        return Call(method="GET", path=_PATH, decode=_decode_page, params=asked)

    @Listing
    def list(
        self, *, after: str | None = None, types: Sequence[str] | None = None, page_size: int = 100
    ) -> Call[Page[Event]]:
        """All events up to now, oldest first."""
        asked = params({"after": after, "types": types, "limit": page_size})
        return Call(method="GET", path=_PATH, decode=_decode_page, params=asked)

    @Streaming
    def follow(
        self,
        *,
        after: str | None = None,
        types: Sequence[str] | None = None,
        on_connection: Callable[[Connection], object] | None = None,
        patience_seconds: float = 300.0,
    ) -> Stream[Told]:
        """Events as they happen, each once and in order, for ever.

        `after`: the `cursor` of the last one that was had, or a page's `next_cursor`; from now on, if not said. A
        connection that is lost is made again, and nothing is missed. `on_connection`: told when it is there, lost,
        and there again. `patience_seconds`: for a server that went away. Raises Unreachable, Unavailable and
        RateLimited after that, Unauthenticated when the key ends, ValidationFailed for a cursor of another feed.
        """
        return Stream(
            path=f"{_PATH}/stream",
            decode=_told,
            params=params({"after": after, "types": types}),
            on_connection=on_connection,
            patience_seconds=patience_seconds,
        )


def _told(event: ServerEvent) -> Told:
    body = event.data.encode()
    return Told(_decode_event(body), event.last_id, body)
