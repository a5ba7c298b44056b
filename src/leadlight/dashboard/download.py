"""Files that pages hand out: sent as they are made, as those of the API are."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from leadlight.http.download import Download, send_download


class FileResponse(Response):
    def __init__(self, download: Download) -> None:
        super().__init__()
        self._download = download
        self.raw_headers = download.headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if scope["method"] == "HEAD":
            await self._download.pieces.aclose()
            await send(head)
            await send({"type": "http.response.body"})
            return
        await send_download(head, self._download.pieces, receive, send)
