"""A client of the live stream: it reads Server-Sent Events as the standard has it, one block at a time."""

import http.client
import json
import time
from typing import Any

PATH = "/api/v1/events/stream"

Block = dict[str, str]


class Listener:
    """Has connected when it is made, and read the first block: `opening`."""

    def __init__(
        self, connection: http.client.HTTPConnection, key: str, query: str = "", *, last_id: str | None = None
    ) -> None:
        self._connection = connection
        headers = {"Authorization": f"Bearer {key}"} | ({} if last_id is None else {"Last-Event-ID": last_id})
        self._connection.request("GET", PATH + query, headers=headers)
        self.response = self._connection.getresponse()
        assert self.response.status == 200, self.response.read()
        self.last_id = ""
        self.opening = self.block()

    def close(self) -> None:
        self.response.close()
        self._connection.close()

    def block(self) -> Block:
        """The fields of the next block, a comment's under no name; none at all at the end of the stream."""
        fields: Block = {}
        while line := self.response.readline().decode():
            if line == "\n":
                self.last_id = fields.get("id", self.last_id)
                return fields
            name, _, value = line.removesuffix("\n").partition(":")
            fields[name] = value.removeprefix(" ")
        return {}

    def event(self) -> dict[str, Any]:
        """The data of the next event."""
        deadline = time.monotonic() + 20
        while not (block := self.block()).get("data"):
            assert block, "the stream has ended"
            assert time.monotonic() < deadline, "there are comments only"
        data: dict[str, Any] = json.loads(block["data"])
        assert data["type"] == block["event"]
        return data

    def events(self, count: int) -> list[dict[str, Any]]:
        return [self.event() for _ in range(count)]

    def rest(self) -> list[Block]:
        """All blocks until the stream ends."""
        blocks = []
        while block := self.block():
            blocks.append(block)
        return blocks
