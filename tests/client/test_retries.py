"""Which failures are tried again, when, and how a repeated POST is kept from being done twice."""

from collections.abc import Callable

import pytest

from leadlight.client import (
    Conflict,
    Leadlight,
    RateLimited,
    Retrying,
    ServerFault,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)
from tests.client.scripted import (
    Naps,
    Reaction,
    Scripted,
    answer,
    break_off,
    closed_port,
    failure,
    hang_up,
    silence,
    success,
)
from tests.client.shapes import LEAD, WEBHOOK, WORKSPACE

Connect = Callable[..., Leadlight]
BUSY = failure(503, "SERVICE_UNAVAILABLE")
TOO_MANY = failure(429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    "trouble",
    [BUSY, TOO_MANY, answer(502, b"<html>"), answer(504), hang_up(), break_off(), silence(), [b"HTTP/9 what\r\n\r\n"]],
    ids=["503", "429", "502", "504", "hang_up", "break_off", "silence", "nonsense"],
)
def test_a_read_is_tried_again(connect: Connect, trouble: list[Reaction]) -> None:
    with Scripted(trouble, success(WORKSPACE)) as server:
        found = connect(server.url).workspace.get()

    assert found.name == "Acme"
    assert len(server.requests) == 2


@pytest.mark.parametrize("trouble", [BUSY, TOO_MANY, hang_up(), silence()], ids=["503", "429", "hang_up", "silence"])
def test_a_created_lead_keeps_its_idempotency_key(connect: Connect, trouble: list[Reaction]) -> None:
    with Scripted(trouble, trouble, success(LEAD, 201)) as server:
        client = connect(server.url)
        client.leads.create("Ada", "ada@example.com")
        client.leads.create("Ada", "ada@example.com")

    first, second, third, later = server.keys()
    assert first == second == third != later
    assert len(str(first)) == 32
    assert len({request.body for request in server.requests}) == 1


def test_an_idempotency_key_of_the_callers_own_is_kept(connect: Connect) -> None:
    with Scripted(BUSY, success(LEAD, 201)) as server:
        connect(server.url).leads.create("Ada", "ada@example.com", idempotency_key="form-7")

    assert server.keys() == ["form-7", "form-7"]


@pytest.mark.parametrize("trouble", [BUSY, hang_up(), silence()], ids=["503", "hang_up", "silence"])
def test_what_can_be_done_only_once_is_not_tried_again(connect: Connect, trouble: list[Reaction]) -> None:
    with Scripted(trouble, success(WEBHOOK, 201)) as server, pytest.raises((Unavailable, Unreachable)):
        connect(server.url).webhooks.create("https://example.com/", ["*"])

    assert len(server.requests) == 1


def test_what_was_refused_for_the_window_is_tried_again_whatever_it_is(connect: Connect) -> None:
    with Scripted(TOO_MANY, success(WEBHOOK, 201)) as server:
        made = connect(server.url).webhooks.create("https://example.com/", ["*"])

    assert made.id == "wh_1"


@pytest.mark.parametrize(
    ("reaction", "error"),
    [
        (failure(500, "INTERNAL_ERROR"), ServerFault),
        (failure(409, "CONFLICT"), Conflict),
        (answer(301, Location="https://example.com/"), UnexpectedAnswer),
        (answer(200, b"<html>"), UnexpectedAnswer),
    ],
)
def test_an_answer_that_stays_the_same_is_not_asked_for_again(
    connect: Connect, naps: Naps, reaction: list[Reaction], error: type[Exception]
) -> None:
    with Scripted(reaction) as server, pytest.raises(error):
        connect(server.url).workspace.get()

    assert len(server.requests) == 1
    assert naps.seconds == []


def test_the_pauses_double_and_end(connect: Connect, naps: Naps) -> None:
    with Scripted(BUSY) as server, pytest.raises(Unavailable):
        connect(server.url).workspace.get()

    assert naps.seconds == [1, 2, 4]
    assert len(server.requests) == 4


def test_the_server_says_how_long_to_wait(connect: Connect, naps: Naps) -> None:
    with Scripted(failure(429, "RATE_LIMIT_EXCEEDED", Retry_After="7"), success(WORKSPACE)) as server:
        connect(server.url).workspace.get()

    assert naps.seconds == [8]


def test_what_would_take_too_long_is_told_at_once(connect: Connect, naps: Naps) -> None:
    refusing = Scripted(failure(429, "RATE_LIMIT_EXCEEDED", Retry_After="1800"))
    with refusing as server, pytest.raises(RateLimited) as refused:
        connect(server.url).workspace.get()

    assert refused.value.retry_after == 1800
    assert naps.seconds == []


def test_no_try_begins_after_the_last_moment(connect: Connect, naps: Naps) -> None:
    hasty = Retrying(max_tries=100, max_seconds=5, first_pause_seconds=2, longest_pause_seconds=2)

    with Scripted(BUSY) as server, pytest.raises(Unavailable):
        connect(server.url, retrying=hasty).workspace.get()

    assert naps.seconds == [2, 2]


def test_a_server_that_is_not_there_is_looked_for_and_told(connect: Connect, naps: Naps) -> None:
    address = closed_port()

    with pytest.raises(Unreachable, match=f"{address} can't be reached: ") as lost:
        connect(address).webhooks.create("https://example.com/", ["*"])

    assert not lost.value.maybe_done
    assert len(naps.seconds) == 3


def test_a_lost_answer_says_that_it_may_be_done(connect: Connect) -> None:
    with Scripted(hang_up()) as server, pytest.raises(Unreachable, match="broke off") as lost:
        connect(server.url).webhooks.create("https://example.com/", ["*"])

    assert lost.value.maybe_done


@pytest.mark.parametrize(
    ("tries", "elapsed", "retry_after", "pause"),
    [(1, 0, None, 1), (2, 0, None, 2), (3, 0, None, 3), (1, 9.5, None, None), (1, 0, 4, 5), (1, 0, 10, None)],
)
def test_how_long_to_wait(tries: int, elapsed: float, retry_after: float | None, pause: float | None) -> None:
    policy = Retrying(max_tries=5, max_seconds=10, first_pause_seconds=1, longest_pause_seconds=3)

    assert policy.pause(tries, elapsed_seconds=elapsed, random=lambda: 1.0, retry_after=retry_after) == pause


def test_a_pause_is_between_half_of_it_and_the_whole() -> None:
    assert Retrying(first_pause_seconds=2).pause(1, elapsed_seconds=0, random=lambda: 0.0) == 1
    assert Retrying(max_tries=3).pause(3, elapsed_seconds=0, random=lambda: 0.0) is None
