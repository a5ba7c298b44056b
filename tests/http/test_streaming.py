"""Answers that go on, without what they tell of: when they wait, when they end, and what is asked for them."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable

import msgspec
import pytest
from starlette.applications import Starlette

from leadlight.errors import StoreUnavailable
from leadlight.http.access_log import Noted
from leadlight.http.auth import Authenticator
from leadlight.http.dispatch import Dispatch
from leadlight.http.operation import Operation, Stream
from leadlight.http.ratelimit import SlidingWindows
from leadlight.http.streaming import Message, OpenStreams, StreamTimes
from leadlight.principal import Actor, Principal
from tests.conftest import MovableClock

BEARER = b"Bearer key"
HEAD: Message = {"type": "http.response.start", "status": 200, "headers": []}
KEY = Principal(Actor.of("key_a"), "ws_a", frozenset(), None, None)


class Nothing(msgspec.Struct):
    pass


class Keys:
    """A store of one key."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False

    async def find(self, token: str) -> Principal | None:
        del token
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.is_away:
            raise StoreUnavailable
        return KEY


class Client:
    """What a server does for an application, for one client."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.left = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.takes.wait()
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def count_up() -> AsyncGenerator[bytes, None]:
    for number in itertools.count():
        await asyncio.sleep(0.01)
        yield b"%d " % number


async def fail() -> AsyncGenerator[bytes, None]:
    yield b"one "
    raise ArithmeticError


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def streams(keys: Keys, clock: MovableClock) -> OpenStreams:
    times = StreamTimes(send_seconds=0.05, check_seconds=0.02)
    return OpenStreams(Authenticator(keys.find, clock), clock, times)


def serve(streams: OpenStreams, client: Client, pieces: AsyncGenerator[bytes, None]) -> "asyncio.Task[None]":
    work = streams.serve(HEAD, pieces, authorization=BEARER, receive=client.receive, send=client.send)
    return asyncio.create_task(work)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  (what it waits for tells nobody)
            await asyncio.sleep(0.005)


async def test_ends_when_the_client_leaves(streams: OpenStreams) -> None:
    client = Client()
    serving = serve(streams, client, count_up())
    await until(lambda: b"3 " in client.body)
    assert len(streams) == 1

    client.left.set()
    await serving

    assert len(streams) == 0


async def test_one_look_up_does_for_all_streams_of_a_key(streams: OpenStreams, keys: Keys, clock: MovableClock) -> None:
    clients = [Client() for _ in range(50)]
    serving = [serve(streams, client, count_up()) for client in clients]
    await until(lambda: all(b"1 " in client.body for client in clients))
    asked = keys.asked

    clock.advance(seconds=1)
    await until(lambda: all(b"9 " in client.body for client in clients))
    streams.end()
    await asyncio.gather(*serving)

    assert (asked, keys.asked) == (1, 2)


async def test_sends_nothing_while_the_store_can_not_tell_of_the_key(
    streams: OpenStreams, keys: Keys, clock: MovableClock
) -> None:
    client = Client()
    serving = serve(streams, client, count_up())
    await until(lambda: b"1 " in client.body)
    keys.is_away = True
    clock.advance(seconds=1)
    asked = keys.asked
    await until(lambda: keys.asked >= asked + 3)
    sent = client.body
    await asyncio.sleep(0.05)

    assert client.body == sent
    keys.is_away = False
    await until(lambda: client.body > sent)
    client.left.set()
    await serving


async def test_a_store_that_is_away_ends_no_stream(streams: OpenStreams, keys: Keys) -> None:
    client = Client()
    serving = serve(streams, client, count_up())
    checking = asyncio.create_task(streams.keep_checking())
    await until(lambda: b"1 " in client.body)
    keys.is_away = True

    asked = keys.asked
    await until(lambda: keys.asked >= asked + 3)

    assert len(streams) == 1
    checking.cancel()
    client.left.set()
    await serving


async def test_what_fails_ends_the_answer_and_is_told(streams: OpenStreams) -> None:
    client = Client()

    with pytest.raises(ArithmeticError):
        await serve(streams, client, fail())

    assert client.sent[1:] == [
        {"type": "http.response.body", "body": b"one ", "more_body": True},
        {"type": "http.response.body"},
    ]


async def test_a_client_that_takes_nothing_is_let_go(streams: OpenStreams) -> None:
    client = Client()
    serving = serve(streams, client, count_up())
    await until(lambda: b"1 " in client.body)

    client.takes.clear()
    await serving

    assert len(streams) == 0


async def test_what_fails_is_logged_under_its_request(
    streams: OpenStreams, keys: Keys, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(caller: Principal, *, last_event_id: int | None) -> Stream:
        del caller, last_event_id
        return Stream(fail())

    noted: list[Noted] = []
    operation = Operation(
        "fail", "GET", "/api/fail", "", "", "", None, response=Nothing, example={}, handler=handle, streams=True
    )
    dispatch = Dispatch(
        [operation],
        authenticator=Authenticator(keys.find, clock),
        windows=SlidingWindows(),
        failures=SlidingWindows(),
        note=noted.append,
        clock=clock,
        rate_limit=0,
        failure_limit=0,
        max_body_bytes=1024,
        max_upload_bytes=1024,
        streams=streams,
        elsewhere=Starlette(),
    )
    client = Client()
    headers = [(b"authorization", BEARER), (b"x-request-id", b"mine")]
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/api/fail", "headers": headers}

    await dispatch({**scope, "query_string": b""}, client.receive, client.send)

    assert [(record.message, record.request_id) for record in caplog.records] == [("fail failed", "mine")]  # type: ignore[attr-defined]
    assert [(each.operation, each.status) for each in noted] == [("fail", 200)]
    assert client.body == b"one "
