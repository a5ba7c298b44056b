"""The live feed as its client has it, from servers that answer what a test says."""

import asyncio
from contextlib import aclosing

import pytest

from leadlight.cli.remote_feed import Connection, FeedRefused, RemoteFeed
from leadlight.events.event import EventType
from leadlight.http.sse_parser import ServerEvent

BEGUN, LOST, BACK = Connection.BEGUN, Connection.LOST, Connection.BACK
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nretry: 5\nid: %d\n\n"


def stream(first: int, *last: int) -> bytes:
    """An answer that opens at a position, and tells of an event at each other."""
    return STREAM % first + b"".join(b"id: %d\nevent: x\ndata: {}\n\n" % position for position in last)


def status(code: int) -> bytes:
    return b"HTTP/1.1 %d Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % code


def event(position: int) -> ServerEvent:
    return ServerEvent("x", "{}", str(position))


class Scripted:
    """A server that gives each connection an answer, and ends it; with the last one it waits for the client to go."""

    def __init__(self, *answers: bytes) -> None:
        self.requests: list[str] = []
        self.told: list[Connection] = []
        self._answers = list(answers)
        self._serving: list[asyncio.Task[None]] = []

    async def events(self, count: int, types: tuple[EventType, ...] = ()) -> list[ServerEvent]:
        """So many events, as the client has them."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        events = RemoteFeed(f"http://127.0.0.1:{port}/", "key", types).events(self.told.append)
        try:
            async with server, asyncio.timeout(20), aclosing(events):
                return [await anext(events) for _ in range(count)]
        finally:
            await asyncio.gather(*self._serving)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self._answers.pop(0))
        await writer.drain()
        if not self._answers:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    def came_back_with(self) -> list[str]:
        """The Last-Event-ID of each request."""
        found = [request.partition("Last-Event-ID: ")[2] for request in self.requests]
        return [rest.partition("\r\n")[0] for rest in found]


async def test_asks_for_the_types_with_the_key() -> None:
    server = Scripted(stream(1, 2))

    assert await server.events(1, (EventType.LEAD_CREATED, EventType.LEAD_DELETED)) == [event(2)]

    head = server.requests[0].split("\r\n")
    assert head[0] == "GET /api/v1/events/stream?types=lead.created,lead.deleted HTTP/1.1"
    assert {"Authorization: Bearer key", "Accept: text/event-stream"} <= set(head)
    assert server.came_back_with() == [""]


async def test_goes_on_behind_the_last_event_when_the_connection_ends() -> None:
    server = Scripted(stream(1, 2, 3), stream(3, 4))

    assert await server.events(3) == [event(2), event(3), event(4)]
    assert server.came_back_with() == ["", "3"]
    assert server.told == [BEGUN, LOST, BACK]


async def test_an_event_that_was_cut_off_is_asked_for_again() -> None:
    server = Scripted(stream(1, 2) + b"id: 3\nevent: x\ndata: {", stream(2, 3))

    assert await server.events(2) == [event(2), event(3)]
    assert server.came_back_with() == ["", "2"]


async def test_goes_on_where_a_heartbeat_says() -> None:
    server = Scripted(stream(1) + b":\nid: 9\n\n", stream(9, 10))

    assert await server.events(1) == [event(10)]
    assert server.came_back_with() == ["", "9"]


async def test_is_patient_with_a_server_that_is_away_and_says_so_once() -> None:
    server = Scripted(stream(1), status(503), b"", b"", status(429), b"HTTP/9 what\r\n\r\n", stream(1, 2))

    assert await server.events(1) == [event(2)]
    assert server.came_back_with() == ["", *["1"] * 6]  # the client tries at once again where no answer came
    assert server.told == [BEGUN, LOST, BACK]


async def test_an_opening_that_breaks_off_changes_nothing() -> None:
    server = Scripted(stream(1), stream(7)[:-1], stream(1, 2))

    assert await server.events(1) == [event(2)]
    assert server.came_back_with() == ["", "1", "1"]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (400, "the feed is another one than before"),
        (401, "the server does not know this key"),
        (403, "this key may not read events"),
        (404, "answers 404, which no Leadlight server does here"),
    ],
)
async def test_ends_when_there_is_no_going_on(code: int, sentence: str) -> None:
    with pytest.raises(FeedRefused, match=sentence):
        await Scripted(stream(1), status(code)).events(1)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (status(503), r"does not answer as it should \(503\)"),
        (b"", r"does not answer as it should \(connection_lost\)"),
        (b"SSH-2.0-OpenSSH\r\n", r"does not answer as it should \(invalid_answer\)"),
        (status(302), "answers 302, which no Leadlight server does here"),
        (status(200), "answers 200, which no Leadlight server does here"),
        (status(400), "answers 400, which no Leadlight server does here"),
    ],
)
async def test_does_not_begin_with_a_server_that_is_none(answer: bytes, sentence: str) -> None:
    with pytest.raises(FeedRefused, match=sentence):
        await Scripted(answer, answer, b"").events(1)  # without any answer it tries twice
