"""Events as they happen: each once and in order, from connection to connection, with both clients."""

import json
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from typing import Any

import pytest

from leadlight.client import (
    Connection,
    InsufficientScope,
    Leadlight,
    LeadlightError,
    NotFound,
    ServerFault,
    Unauthenticated,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
    ValidationFailed,
)
from tests.client.scripted import Naps, Reaction, Scripted, answer, break_off, closed_port, failure, hang_up
from tests.client.shapes import EVENT
from tests.conftest import Client, Server
from tests.e2e.processes import wait_until

Connect = Callable[..., Leadlight]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\nretry: 500\n"


def stream(first: int, *positions: int, and_then: bytes = b"") -> list[Reaction]:
    """An answer that opens at a position, tells of an event at each other, and ends."""
    told = b"".join(b"id: %d\ndata: %s\n\n" % (each, json.dumps(EVENT).encode()) for each in positions)
    return [HEAD + b"id: %d\n\n" % first + told + and_then, None]


def cursors(client: Leadlight, count: int, **options: Any) -> list[str]:
    """Of so many events."""
    with closing(client.events.follow(**options)) as told:
        return [each.cursor for each in islice(told, count)]


def came_back_with(server: Scripted) -> list[str | None]:
    return [request.headers.get("last-event-id") for request in server.requests]


# On a real server


@pytest.mark.engine("sqlite")
def test_what_happens_is_told_as_it_happens(client: Leadlight, api: Client) -> None:
    before = client.leads.create("Before", "a@example.com")
    after = client.events.page().pagination.next_cursor

    with closing(client.events.follow(after="0")) as told:
        first = next(told)
        late = api.create("Ada \u2028 Park", metadata={"score": 1.10})
        second = next(told)
    with closing(client.events.follow(after=after, types=["lead.created"])) as told:
        again = next(told)

    assert (first.event.lead_id, second.event.lead_id) == (before.id, late["id"])
    assert second.event.data["name"] == "Ada \u2028 Park"
    assert json.loads(second.body) == api.get(f"/api/v1/events?after={first.cursor}").json()["data"]["events"][0]
    assert again == second


@pytest.mark.engine("sqlite")
def test_who_has_enough_lets_go_of_the_connection(client: Leadlight, api: Client) -> None:
    api.create()

    with closing(client.events.follow(after="0")) as told:
        next(told)
        assert "leadlight_open_streams 1" in api.get("/metrics").text

    wait_until(lambda: "leadlight_open_streams 0" in api.get("/metrics").text)


@pytest.mark.engine("sqlite")
def test_it_ends_with_the_key(server: Server, admin: Client, connect_either: Connect) -> None:
    api = server.client(admin.workspace_id)
    api.create()

    with closing(connect_either(api.url, api.key).events.follow(after="0")) as told:
        next(told)
        admin.delete(f"/api/v1/keys/{api.key_id}")
        with pytest.raises(Unauthenticated):
            next(told)


@pytest.mark.engine("sqlite")
def test_a_cursor_of_another_feed_is_told(client: Leadlight) -> None:
    with pytest.raises(ValidationFailed, match="was a backup restored"):
        cursors(client, 1, after="999")


# What it outlives


def test_asks_for_what_is_wanted(connect_either: Connect) -> None:
    with Scripted(stream(1, 2)) as server:
        assert cursors(connect_either(server.url), 1, after="1", types=["lead.created", "lead.deleted"]) == ["2"]

    request = server.requests[0]
    assert request.path == "/api/v1/events/stream?after=1&types=lead.created%2Clead.deleted"
    assert (request.headers["accept"], request.headers["accept-encoding"]) == ("text/event-stream", "identity")
    assert came_back_with(server) == [None]


def test_goes_on_behind_the_last_event(connect_either: Connect, naps: Naps) -> None:
    seen: list[Connection] = []

    with Scripted(stream(1, 2, 3), stream(3, 4)) as server:
        assert cursors(connect_either(server.url), 3, on_connection=seen.append) == ["2", "3", "4"]

    assert came_back_with(server) == [None, "3"]
    assert seen == ["begun", "lost", "back"]
    assert naps.seconds == [0.5]


def test_an_event_that_was_cut_off_is_asked_for_again(connect_either: Connect) -> None:
    with Scripted(stream(1, 2, and_then=b"id: 3\ndata: {"), stream(2, 3)) as server:
        assert cursors(connect_either(server.url), 2) == ["2", "3"]

    assert came_back_with(server) == [None, "2"]


def test_goes_on_where_a_heartbeat_says(connect_either: Connect) -> None:
    with Scripted(stream(1, and_then=b":\nid: 9\n\n"), stream(9, 10)) as server:
        assert cursors(connect_either(server.url), 1) == ["10"]

    assert came_back_with(server) == [None, "9"]


def test_an_opening_that_breaks_off_changes_nothing(connect_either: Connect) -> None:
    with Scripted(stream(1), [HEAD + b"id: 7\n", None], stream(1, 2)) as server:
        assert cursors(connect_either(server.url), 1) == ["2"]

    assert came_back_with(server) == [None, "1", "1"]


def test_is_patient_with_a_server_that_is_away_and_says_so_once(connect_either: Connect, naps: Naps) -> None:
    seen: list[Connection] = []
    busy = failure(503, "SERVICE_UNAVAILABLE", Retry_After="7")
    nonsense: list[Reaction] = [b"HTTP/9 what\r\n\r\n"]
    away = [failure(500, "INTERNAL_ERROR"), busy, hang_up(), nonsense, failure(429, "RATE_LIMIT_EXCEEDED"), busy]

    with Scripted(stream(1), *away, stream(1, 2)) as server:
        assert cursors(connect_either(server.url), 1, on_connection=seen.append) == ["2"]

    assert came_back_with(server) == [None, *["1"] * 7]
    assert seen == ["begun", "lost", "back"]
    assert naps.seconds == [0.5, 1, 2 + 7, 4, 8, 10, 10 + 7]


def test_gives_up_on_a_server_that_stays_away(connect_either: Connect, naps: Naps) -> None:
    with Scripted(stream(1, 2), hang_up()) as server, pytest.raises(Unreachable, match="broke off"):
        cursors(connect_either(server.url), 2, patience_seconds=20)

    assert naps.seconds == [0.5, 1, 2, 4, 8]


# How it ends


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (failure(400, "VALIDATION_ERROR"), ValidationFailed),
        (failure(401, "INVALID_API_KEY"), Unauthenticated),
        (failure(403, "INSUFFICIENT_SCOPE"), InsufficientScope),
        (failure(404, "NOT_FOUND"), NotFound),
        (answer(302, Location="https://example.com/"), UnexpectedAnswer),
        (answer(200, b"<html>", Content_Type="text/html"), UnexpectedAnswer),
        ([HEAD + b"id: 2\ndata: {}\n\n", None], UnexpectedAnswer),
    ],
    ids=["400", "401", "403", "404", "302", "html", "no event"],
)
def test_ends_when_there_is_no_going_on(
    connect_either: Connect, end: list[Reaction], error: type[LeadlightError]
) -> None:
    for reactions in ([end], [stream(1), end]):
        with Scripted(*reactions) as server, pytest.raises(error):
            cursors(connect_either(server.url), 1)
        assert len(server.requests) == len(reactions)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (failure(503, "SERVICE_UNAVAILABLE"), Unavailable),
        (failure(500, "INTERNAL_ERROR"), ServerFault),
        (hang_up(), Unreachable),
        (break_off(), Unreachable),
    ],
    ids=["503", "500", "hang_up", "break_off"],
)
def test_begins_with_the_patience_of_a_call(
    connect_either: Connect, naps: Naps, trouble: list[Reaction], error: type[LeadlightError]
) -> None:
    with Scripted(trouble) as server, pytest.raises(error):
        cursors(connect_either(server.url), 1)

    assert naps.seconds == [1, 2, 4]


def test_a_server_that_is_not_there_is_told(connect_either: Connect) -> None:
    with pytest.raises(Unreachable, match="can't be reached"):
        cursors(connect_either(closed_port()), 1)
