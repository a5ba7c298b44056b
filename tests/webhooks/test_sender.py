"""One attempt to deliver, and what becomes of it with every kind of receiver; on both event loops."""

import asyncio
import gc
import socket
from collections.abc import Callable, Iterator
from time import monotonic

import pytest
import uvloop

from leadlight import __version__
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.sender import Sender
from tests.conftest import START
from tests.webhooks.names import Names
from tests.webhooks.receiver import (
    Reaction,
    Receiver,
    answer,
    break_off,
    close,
    hang,
    in_turn,
    redirect,
    trickle,
)

Post = Callable[..., Outcome]

OK = b"HTTP/1.1 200 OK\r\n"

impatient = pytest.mark.parametrize("timeout_seconds", [0.3])


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield runner
        gc.collect()  # what was left open is told of now


@pytest.fixture
def timeout_seconds() -> float:
    """Longer than anything takes here, unless a test is about patience."""
    return 10


@pytest.fixture
def names() -> list[list[str]] | None:
    """What the name server answers; the system's is asked, if not said."""
    return None


@pytest.fixture
def sender(loop: asyncio.Runner, timeout_seconds: float, names: list[list[str]] | None) -> Iterator[Sender]:
    resolver = None if names is None else Names(*names)
    sender = Sender(allow_private=True, timeout_seconds=timeout_seconds, clock=lambda: START, resolver=resolver)
    yield sender
    loop.run(sender.close())


@pytest.fixture
def post(loop: asyncio.Runner, sender: Sender) -> Post:
    def post(url: str, body: bytes = b"{}", headers: dict[str, str] | None = None) -> Outcome:
        return loop.run(sender.post(url, body, headers or {}))

    return post


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def raw(*steps: bytes | float, closes: bool = False) -> Reaction:
    return Reaction(steps, closes)


def test_sends_the_body_as_it_is(post: Post, receiver: Receiver) -> None:
    outcome = post(receiver.url, b'{"name": "\xc3\xa4"}', {"webhook-id": "evt_1"})

    request = receiver.requests[0]
    assert (request.method, request.path, request.body) == ("POST", "/hook", b'{"name": "\xc3\xa4"}')
    assert request.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": f"Leadlight/{__version__}",
        "content-type": "application/json",
        "accept": "*/*",
        "accept-encoding": "identity",
        "webhook-id": "evt_1",
        "content-length": "14",
    }
    assert outcome == Outcome(START, outcome.duration, 200, None, "", None)


@pytest.mark.parametrize(
    ("reaction", "status", "failure"),
    [
        (answer(200), 200, None),
        (answer(202, b"thanks"), 202, None),
        (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), 204, None),
        (raw(b"HTTP/1.1 103 Early\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"), 200, None),
        (raw(b"HTTP/1.0 200 OK\r\n\r\nuntil the end", closes=True), 200, None),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), 200, None),
        (answer(200, b"\x1f\x8bnone of it", Content_Encoding="gzip"), 200, None),
        (answer(200, b"x" * 3_000_000), 200, None),
        (answer(400), 400, Failure.HTTP_STATUS),
        (answer(410), 410, Failure.HTTP_STATUS),
        (answer(429), 429, Failure.HTTP_STATUS),
        (answer(500, b"oops"), 500, Failure.HTTP_STATUS),
        (answer(999), 999, Failure.HTTP_STATUS),
        (
            raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello"),
            101,
            "http_status",
        ),
        (answer(304), 304, Failure.REDIRECT),
        (redirect("http://127.0.0.1:1/"), 307, Failure.REDIRECT),
        (close(), None, Failure.CONNECTION_LOST),
        (raw(OK, closes=True), None, Failure.CONNECTION_LOST),
        (break_off(), 200, Failure.CONNECTION_LOST),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", closes=True), 200, Failure.CONNECTION_LOST),
        (raw(b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\noops", closes=True), 500, Failure.HTTP_STATUS),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), None, Failure.INVALID_ANSWER),
        (raw(b"HTTP/1.1 yes\r\n\r\n"), None, Failure.INVALID_ANSWER),
        (raw(OK, *[b"name: " + b"x" * 5_000 + b"\r\n"] * 200), None, Failure.INVALID_ANSWER),
        (raw(OK + b"name: " + b"x" * 100_000), None, Failure.INVALID_ANSWER),
        (raw(OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), None, Failure.INVALID_ANSWER),
    ],
    ids=lambda value: str(value)[:60],
)
def test_tells_what_became_of_an_attempt(
    post: Post, receiver: Receiver, reaction: Reaction, status: int | None, failure: Failure | None
) -> None:
    receiver.react = lambda _: reaction

    outcome = post(receiver.url)

    assert (outcome.status, outcome.failure) == (status, failure)
    assert len(receiver.requests) == 1


@impatient
@pytest.mark.parametrize(
    ("reaction", "status"),
    [
        (hang(), None),
        (raw(OK), None),
        (raw(OK + b"Content-Length: 5\r\n\r\nab"), 200),
        (trickle(OK + b"Content-Length: 0\r\n\r\n"), None),
        (raw(OK + b"Content-Length: 100\r\n\r\n", *[b"x", 0.05] * 100), 200),
        (raw(*[b"HTTP/1.1 102 Processing\r\n\r\n", 0.05] * 100), None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_has_patience_for_so_long_and_no_longer(
    post: Post, receiver: Receiver, reaction: Reaction, status: int | None
) -> None:
    receiver.react = lambda _: reaction

    outcome = post(receiver.url)

    assert (outcome.status, outcome.failure) == (status, Failure.TIMEOUT)
    assert 290 <= outcome.duration < 2_000


def test_keeps_how_an_answer_begins(post: Post, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(500, b"a\0" + b"b" * 5_000), break_off(b"as far as it came"))

    assert post(receiver.url).answer == "a\ufffd" + "b" * 1_022
    assert post(receiver.url).answer == "as far as it came"


@pytest.mark.parametrize(("status", "seconds"), [(429, 7), (503, 7), (500, None), (200, None)])
def test_heeds_retry_after_of_who_is_overloaded(
    post: Post, receiver: Receiver, status: int, seconds: int | None
) -> None:
    receiver.react = lambda _: answer(status, Retry_After="7")

    assert post(receiver.url).retry_after == seconds


def test_measures_how_long_it_took(post: Post, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(after_seconds=0.2)

    assert 200 <= post(receiver.url).duration < 2_000


def test_sends_a_large_body(post: Post, receiver: Receiver) -> None:
    assert post(receiver.url, b"x" * 3_000_000).failure is None
    assert receiver.requests[0].body == b"x" * 3_000_000


def test_nobody_listens(post: Post, receiver: Receiver) -> None:
    receiver.stop()

    assert post(receiver.url).failure is Failure.CONNECTION_REFUSED


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 64 + ".test"])
def test_a_name_that_is_not_found(post: Post, host: str) -> None:
    assert post(f"http://{host}/").failure is Failure.DNS_FAILED


@impatient
@pytest.mark.parametrize("names", [[]])
def test_a_name_server_that_does_not_answer(post: Post) -> None:
    assert post("http://slow.test/").failure is Failure.TIMEOUT


@pytest.mark.parametrize("names", [[["::1", "127.0.0.9", "127.0.0.1"]]])
def test_tries_each_address_of_a_name(post: Post, receiver: Receiver) -> None:
    assert post(f"http://many.test:{receiver.port}/").failure is None


@impatient
def test_a_listener_that_accepts_nobody(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        assert post(f"http://127.0.0.1:{full.getsockname()[1]}/").failure is Failure.TIMEOUT


def test_uses_a_connection_again(post: Post, receiver: Receiver) -> None:
    for _ in range(5):
        post(receiver.url)

    assert (len(receiver.requests), receiver.connections) == (5, 1)


def test_drops_a_connection_whose_answer_has_no_end(post: Post, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(200, b"x" * 3_000_000), answer())

    assert post(receiver.url).failure is None
    assert post(receiver.url).failure is None
    assert receiver.connections == 2


def test_takes_no_cookies(post: Post, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(Set_Cookie="session=1; Path=/")

    post(receiver.url)
    post(receiver.url)

    assert "cookie" not in receiver.requests[1].headers


def test_tries_at_once_again_when_a_kept_connection_turns_out_closed(post: Post, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(), close(), answer())
    post(receiver.url)

    assert post(receiver.url, headers={"webhook-id": "evt_1"}).failure is None

    assert [request.connection for request in receiver.requests] == [1, 1, 2]
    assert [request.headers.get("webhook-id") for request in receiver.requests] == [None, "evt_1", "evt_1"]
    assert receiver.requests[2].headers["connection"] == "close"


def test_tries_only_once_more(post: Post, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(), close())
    post(receiver.url)

    assert post(receiver.url).failure is Failure.CONNECTION_LOST
    assert len(receiver.requests) == 3


def test_does_not_try_again_when_the_first_answer_broke_off(post: Post, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(), break_off(), answer())
    post(receiver.url)

    assert post(receiver.url).failure is Failure.CONNECTION_LOST
    assert len(receiver.requests) == 2


@pytest.mark.parametrize("timeout_seconds", [1.0])
def test_both_tries_share_one_time_limit(post: Post, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(), raw(0.8, closes=True), hang())
    post(receiver.url)

    outcome = post(receiver.url)

    assert outcome.failure is Failure.TIMEOUT
    assert outcome.duration < 1_700


def test_a_cancelled_attempt_ends_at_once(loop: asyncio.Runner, sender: Sender, receiver: Receiver) -> None:
    receiver.react = lambda _: hang()

    async def cancel() -> float:
        attempt = asyncio.create_task(sender.post(receiver.url, b"{}", {}))
        await asyncio.to_thread(receiver.wait_for, 1)
        began = monotonic()
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        return monotonic() - began

    assert loop.run(cancel()) < 1


@impatient
def test_hundreds_wait_at_a_time(loop: asyncio.Runner, sender: Sender, receiver: Receiver) -> None:
    receiver.react = lambda _: hang()

    async def all_at_once() -> set[Failure | None]:
        attempts = [sender.post(receiver.url, b"{}", {}) for _ in range(300)]
        return {outcome.failure for outcome in await asyncio.gather(*attempts)}

    assert loop.run(all_at_once()) == {Failure.TIMEOUT}


def test_a_closed_sender_sends_nothing(loop: asyncio.Runner, sender: Sender, receiver: Receiver, post: Post) -> None:
    post(receiver.url)
    loop.run(sender.close())

    assert post(receiver.url).failure is Failure.CONNECTION_FAILED
    assert len(receiver.requests) == 1
