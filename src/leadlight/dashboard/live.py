"""Tells open pages that something in their workspace has changed, so that they show it; not what, for they ask."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from starlette.responses import Response, StreamingResponse

from leadlight.dashboard.visit import Visit
from leadlight.http.sse import MEDIA_TYPE, heartbeat
from leadlight.people.service import PeopleService
from leadlight.principal import Scope
from leadlight.waiting import happens_within

Listen = Callable[[Callable[[str], None]], Callable[[], None]]
"""As in Database."""

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_OPENING = b"retry: 2000\n\n"
_CHANGED = b"data: changed\n\n"
_SILENT_SECONDS = 15.0
_PAUSE_SECONDS = 0.5


class LiveChanges:
    """The pages that are open in this process, by workspace. While there are none, nobody listens."""

    def __init__(self, listen: Listen, people: PeopleService) -> None:
        self._listen = listen
        self._people = people
        self._open: dict[str, set[asyncio.Event]] = {}
        self._stop_listening: Callable[[], None] = lambda: None
        self._ended = False

    async def stream(self, visit: Visit) -> Response:
        """Server-Sent Events: one for all that happens within half a second."""
        pieces = self._pieces(visit.token, visit.workspace_id)
        return StreamingResponse(pieces, headers=_HEADERS, media_type=MEDIA_TYPE)

    def end(self) -> None:
        """Ends all that are open; the pages come back, and find another server."""
        self._ended = True
        self._hear("")

    async def _pieces(self, token: str, workspace_id: str) -> AsyncGenerator[bytes, None]:
        changed = self._begin(workspace_id)
        try:
            yield _OPENING
            while True:
                await happens_within(changed, _SILENT_SECONDS)
                if self._ended or not await self._may_read(token, workspace_id):
                    return
                if changed.is_set():
                    changed.clear()
                    yield _CHANGED
                    await asyncio.sleep(_PAUSE_SECONDS)
                else:
                    yield heartbeat()
        finally:
            self._leave(workspace_id, changed)

    def _begin(self, workspace_id: str) -> asyncio.Event:
        if not self._open:
            self._stop_listening = self._listen(self._hear)
        changed = asyncio.Event()
        changed.set()  # something may have happened since the page was made, or while it was away
        self._open.setdefault(workspace_id, set()).add(changed)
        return changed

    def _leave(self, workspace_id: str, changed: asyncio.Event) -> None:
        self._open[workspace_id].discard(changed)
        if not self._open[workspace_id]:
            del self._open[workspace_id]
        if not self._open:
            self._stop_listening()

    def _hear(self, workspace_id: str) -> None:
        """Of a workspace, or of any, where that is not known."""
        for one, pages in self._open.items():
            if workspace_id in (one, ""):
                for changed in pages:
                    changed.set()

    async def _may_read(self, token: str, workspace_id: str) -> bool:
        session = await self._people.find_session(token)
        caller = session.principal(workspace_id) if session else None
        return caller is not None and caller.may(Scope.LEADS_READ)
