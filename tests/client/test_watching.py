"""Waiting for what goes on in the server: how often it is asked, and what it outlives."""

from collections.abc import Callable

import pytest

from leadlight.client import Import, Leadlight, NotFound, RateLimited, Unreachable
from tests.client.scripted import Naps, Reaction, Scripted, failure, hang_up, success
from tests.client.shapes import IMPORT, OPERATION
from tests.client.test_retries import BUSY

Connect = Callable[..., Leadlight]


def state(status: str, processed: int = 0) -> list[Reaction]:
    return success({**IMPORT, "status": status, "processed": processed, "total": 9})


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_waits_until_the_end_and_tells_of_the_progress(connect: Connect, end: str) -> None:
    seen: list[Import] = []

    with Scripted(state("queued"), state("running", 4), state(end, 9)) as server:
        ended = connect(server.url).imports.wait("imp_1", on_progress=seen.append)

    assert ended == seen[-1]
    assert [(found.status, found.processed) for found in seen] == [("queued", 0), ("running", 4), (end, 9)]


def test_asks_less_often_the_longer_it_lasts(connect: Connect, naps: Naps) -> None:
    with Scripted(*[state("running")] * 100, state("completed")) as server:
        connect(server.url).imports.wait("imp_1")

    assert naps.seconds[:10] == [0.25] * 10
    assert naps.seconds[-1] == 10
    assert naps.seconds == sorted(naps.seconds)


def test_outlives_a_server_that_is_away(connect: Connect) -> None:
    with Scripted(state("running"), *[hang_up()] * 6, *[BUSY] * 5, state("completed")) as server:
        ended = connect(server.url).imports.wait("imp_1")

    assert ended.status == "completed"


def test_waits_for_the_window_of_the_key(connect: Connect, naps: Naps) -> None:
    with Scripted(failure(429, "RATE_LIMIT_EXCEEDED", Retry_After="200"), state("completed")) as server:
        connect(server.url).imports.wait("imp_1")

    assert naps.seconds == [200]


def test_gives_up_when_nobody_answers_for_long(connect: Connect) -> None:
    with Scripted(hang_up()) as server, pytest.raises(Unreachable):
        connect(server.url).imports.wait("imp_1", patience_seconds=2)

    with Scripted(failure(429, "RATE_LIMIT_EXCEEDED", Retry_After="900")) as server, pytest.raises(RateLimited):
        connect(server.url).imports.wait("imp_1")


def test_what_is_not_there_is_not_waited_for(connect: Connect) -> None:
    with Scripted(failure(404, "NOT_FOUND")) as server, pytest.raises(NotFound):
        connect(server.url).imports.wait("imp_1")


def test_an_undo_is_waited_for(connect: Connect) -> None:
    states = [success({**OPERATION, "status": status}) for status in ("undoing", "undoing", "undone")]

    with Scripted(*states) as server:
        ended = connect(server.url).operations.wait("op_1")

    assert ended.status == "undone"
    assert len(server.requests) == 3
