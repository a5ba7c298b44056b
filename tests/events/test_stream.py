"""GET /api/v1/events/stream: every change in a workspace as it happens; in order, without a gap, and no longer than its
key is valid.
"""

import asyncio
import http.client
import json
import logging
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from leadlight.http.streaming import StreamTimes
from leadlight.principal import Scope
from leadlight.store.database import Transaction
from leadlight.workspaces.service import KeySpec
from tests.conftest import START, Client, MovableClock, Server, problems_of
from tests.e2e.processes import wait_until
from tests.events.listener import PATH, Listener

Listen = Callable[..., Listener]
Start = Callable[..., Server]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Connects clients; none is left behind."""
    listeners: list[Listener] = []

    def connect(client: Client, query: str = "", **options: Any) -> Listener:
        connection = http.client.HTTPConnection(client.url.removeprefix("http://"), timeout=20)
        listeners.append(Listener(connection, client.key, query, **options))
        return listeners[-1]

    yield connect
    for listener in listeners:
        listener.close()


def feed(client: Client, after: str = "0") -> list[dict[str, Any]]:
    return list(client.get(f"/api/v1/events?limit=1000&after={after}").json()["data"]["events"])


def open_streams(server: Server) -> int:
    text = requests.get(f"{server.url}/metrics", timeout=20).text
    return int(float(re.findall(r"^leadlight_open_streams (\S+)", text, re.MULTILINE)[0]))


# What it tells


def test_begins_with_the_position_to_come_back_with(api: Client, listen: Listen) -> None:
    api.create()

    listener = listen(api)

    assert listener.opening == {"retry": "2000", "id": "1"}
    headers = listener.response.headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["X-Request-Id"].startswith("req_")


def test_tells_what_happens_from_now_on_as_the_feed_does(api: Client, listen: Listen) -> None:
    api.create()
    listener = listen(api)

    lead = api.create("New")
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})

    assert listener.events(3) == feed(api)[1:]
    assert listener.last_id == "4"


def test_an_event_is_an_id_a_type_and_a_line_of_json(api: Client, listen: Listen) -> None:
    listener = listen(api)
    api.create()

    block = listener.block()

    assert list(block) == ["id", "event", "data"]
    assert (block["id"], block["event"]) == ("1", "lead.created")
    assert json.loads(block["data"]) == feed(api)[0]


def test_all_who_listen_are_told(api: Client, reader: Client, listen: Listen) -> None:
    listeners = [listen(client) for client in (api, api, reader)]

    lead = api.create()

    assert [listener.event()["leadId"] for listener in listeners] == [lead["id"]] * 3


def test_a_body_with_line_ends_stays_on_a_line(api: Client, listen: Listen) -> None:
    listener = listen(api)
    body = '{"name": "Ada",\n"email": "ada@example.com",\r\n"metadata": {\n"a": "1\\n2",\r"b":\n[1,\n2]}}'
    api.request("POST", "/api/v1/leads", data=body, headers={"Content-Type": "application/json"})

    event = listener.event()

    assert event["data"]["metadata"] == {"a": "1\n2", "b": [1, 2]}


def test_many_events_at_once_come_in_order_and_none_is_missed(api: Client, listen: Listen) -> None:
    listeners = [listen(api) for _ in range(3)]

    leads = [api.create()["id"] for _ in range(400)]

    for listener in listeners:
        assert [event["leadId"] for event in listener.events(400)] == leads


def test_a_reader_that_pauses_for_long_misses_nothing(api: Client, listen: Listen) -> None:
    listener = listen(api)

    leads = [api.create(metadata={"text": "x" * 60_000})["id"] for _ in range(80)]

    assert [event["leadId"] for event in listener.events(80)] == leads
    assert listener.last_id == "80"


def test_large_events_arrive_whole(api: Client, listen: Listen) -> None:
    listener = listen(api)

    for number in range(5):
        api.create(metadata={"text": str(number) * 60_000})

    assert [event["data"]["metadata"]["text"][:3] for event in listener.events(5)] == [
        "000",
        "111",
        "222",
        "333",
        "444",
    ]


# Where it goes on


def test_goes_on_behind_the_last_id(api: Client, listen: Listen) -> None:
    listener = listen(api)
    first = api.create()["id"]
    assert listener.event()["leadId"] == first
    listener.close()
    missed = [api.create()["id"] for _ in range(40)]

    again = listen(api, last_id=listener.last_id)
    new = api.create()["id"]

    assert [event["leadId"] for event in again.events(41)] == [*missed, new]


def test_a_client_that_is_cut_off_before_the_first_event_misses_nothing(api: Client, listen: Listen) -> None:
    api.create()
    listener = listen(api)
    listener.close()
    missed = api.create()["id"]

    again = listen(api, last_id=listener.last_id)

    assert again.event()["leadId"] == missed


def test_goes_on_behind_a_cursor_of_the_feed(api: Client, listen: Listen) -> None:
    leads = [api.create()["id"] for _ in range(3)]

    listener = listen(api, "?after=1")

    assert listener.opening["id"] == "1"
    assert [event["leadId"] for event in listener.events(2)] == leads[1:]


def test_the_last_id_wins_over_the_cursor(api: Client, listen: Listen) -> None:
    leads = [api.create()["id"] for _ in range(3)]

    listener = listen(api, "?after=0", last_id="2")

    assert listener.event()["leadId"] == leads[2]


def test_what_was_deleted_meanwhile_is_gone(api: Client, listen: Listen) -> None:
    gone, kept = api.create(), api.create()
    api.delete(f"/api/v1/leads/{gone['id']}")

    events = listen(api, "?after=0").events(2)

    assert [(event["type"], event["leadId"]) for event in events] == [
        ("lead.created", kept["id"]),
        ("lead.deleted", gone["id"]),
    ]


def test_tells_only_of_the_types_that_were_asked_for(api: Client, listen: Listen) -> None:
    live = listen(api, "?types=lead.status_changed,lead.deleted")
    lead = api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "1"})
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})
    late = listen(api, "?types=lead.status_changed,lead.deleted&after=0")
    changed = [live.event(), late.event()]
    api.delete(f"/api/v1/leads/{lead['id']}")
    deleted = [live.event(), late.event()]

    assert [event["type"] for event in changed] == ["lead.status_changed"] * 2
    assert [event["type"] for event in deleted] == ["lead.deleted"] * 2


# When nothing happens


def test_silence_is_broken_by_a_comment(start_server: Start, listen: Listen) -> None:
    server = start_server(stream_times=StreamTimes(heartbeat_seconds=0.05))
    api = server.client(server.workspace())
    listener = listen(api)

    comments = [listener.block() for _ in range(3)]
    api.create()

    assert comments == [{"": ""}] * 3
    assert listener.event()["type"] == "lead.created"


def test_a_comment_has_the_id_when_others_events_were_skipped(start_server: Start, listen: Listen) -> None:
    server = start_server(stream_times=StreamTimes(heartbeat_seconds=0.3))
    api = server.client(server.workspace())
    listener = listen(api, "?types=lead.deleted")
    api.create()
    api.create()

    comments = [listener.block() for _ in range(2)]

    assert comments == [{"": "", "id": "2"}, {"": ""}]


def test_news_that_nobody_tells_of_are_found_soon(start_server: Start, listen: Listen) -> None:
    server = start_server(stream_times=StreamTimes(look_seconds=0.1))
    api = server.client(server.workspace())
    listener = listen(api)

    server.services.live._hear("ws_of_somebody_else")
    api.create()

    assert listener.event()["type"] == "lead.created"


# Who may listen, and how


def test_refuses_the_anonymous(server: Server) -> None:
    response = requests.get(server.url + PATH, timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")


def test_needs_the_right_to_read(server: Server, api: Client) -> None:
    writer = server.client(api.workspace_id, Scope.LEADS_WRITE)

    response = writer.get(PATH)

    assert (response.status_code, response.json()["details"]) == (403, {"required": "leads:read"})


def test_tells_of_one_workspace_only(api: Client, stranger: Client, listen: Listen) -> None:
    ours, theirs = listen(api), listen(stranger)
    stranger.create()
    lead = api.create()

    block = ours.block()

    assert (block["id"], json.loads(block["data"])["leadId"]) == ("1", lead["id"])
    assert stranger.workspace_id not in block["data"]
    assert theirs.event()["workspaceId"] == stranger.workspace_id


@pytest.mark.parametrize(
    ("query", "header", "problems"),
    [
        ("after=-1", "1", {"after": "invalid_cursor"}),
        ("types=lead.sold", None, {"types": "invalid_choice"}),
        ("limit=1", None, {"limit": "unknown_parameter"}),
        ("", "", {"Last-Event-ID": "invalid_cursor"}),
        ("", "-1", {"Last-Event-ID": "invalid_cursor"}),
        ("", "9999999999999999999", {"Last-Event-ID": "invalid_cursor"}),
        ("after=x", "x", {"after": "invalid_cursor", "Last-Event-ID": "invalid_cursor"}),
        ("after=1", None, {"after": "invalid_cursor"}),
        ("after=0", "1", {"Last-Event-ID": "invalid_cursor"}),
    ],
)
def test_names_what_is_wrong(api: Client, query: str, header: str | None, problems: dict[str, str]) -> None:
    headers = {} if header is None else {"Last-Event-ID": header}

    assert problems_of(api.get(f"{PATH}?{query}", headers=headers)) == problems


def test_a_position_ahead_of_the_feed_is_refused_as_the_feed_does(api: Client) -> None:
    api.create()

    of_feed, of_stream = api.get("/api/v1/events?after=2").json(), api.get(f"{PATH}?after=2").json()

    assert of_stream["details"] == of_feed["details"]


def test_counts_as_one_request(server: Server, listen: Listen) -> None:
    client = server.client(server.workspace(), rate_limit=2)
    listener = listen(client)

    client.create()
    refused = client.get(PATH)

    assert listener.response.headers["X-RateLimit-Remaining"] == "1"
    assert listener.event()["type"] == "lead.created"
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")


def test_head_answers_at_once_and_options_says_what_is_possible(api: Client) -> None:
    head, options = api.request("HEAD", PATH), api.request("OPTIONS", PATH)

    assert (head.status_code, head.content, head.headers["Content-Type"]) == (200, b"", "text/event-stream")
    assert (options.status_code, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")


def test_http_1_0_gets_it_without_chunks(api: Client) -> None:
    api.create()
    with connected(api, f"GET {PATH}?after=0 HTTP/1.0") as connection:
        head, _, first = received(connection, until=b"event: lead.created").partition(b"\r\n\r\n")

    assert b"transfer-encoding" not in head
    assert first.startswith(b"retry: 2000\nid: 0\n\nid: 1\n")


def test_is_noted_as_it_begins(
    start_server: Start, listen: Listen, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO, logger="leadlight.access")
    server = start_server()
    client = server.client(server.workspace())
    listen(client)

    text = requests.get(f"{server.url}/metrics", timeout=20).text

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    noted = next(line for line in lines if line["operation"] == "streamEvents")
    assert (noted["status"], noted["keyId"], noted["milliseconds"] < 5_000) == (200, client.key_id, True)
    assert 'leadlight_requests_total{operation="streamEvents",status="200"} 1.0' in text
    assert open_streams(server) == 1


# How it ends


def test_a_client_that_leaves_leaves_nothing_behind(
    server: Server, api: Client, listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = count_tasks(server)
    listeners = [listen(api) for _ in range(5)]
    assert open_streams(server) == 5

    for listener in listeners:
        listener.close()

    wait_until(lambda: open_streams(server) == 0)
    wait_until(lambda: count_tasks(server) <= tasks)
    assert [record for record in caplog.records if record.name.startswith("leadlight")] == []


def test_clients_that_leave_at_once_leave_nothing_behind(
    server: Server, api: Client, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = count_tasks(server)

    for _ in range(50):
        with connected(api, f"GET {PATH}?after=0 HTTP/1.1") as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # resets it

    wait_until(lambda: open_streams(server) == 0)
    wait_until(lambda: count_tasks(server) <= tasks)
    assert [record for record in caplog.records if record.name.startswith("leadlight")] == []


def test_a_revoked_key_is_told_nothing_more(
    server: Server, api: Client, admin: Client, clock: MovableClock, listen: Listen
) -> None:
    short, other = server.client(api.workspace_id), listen(api)
    listener = listen(short)
    api.create()
    before = listener.events(1)
    admin.delete(f"/api/v1/keys/{short.key_id}")
    clock.advance(seconds=1)
    api.create()

    assert [listener.rest(), other.events(2)] == [[], feed(api)]
    assert before == feed(api)[:1]
    assert short.get(PATH).status_code == 401


def test_a_revoked_key_ends_the_stream_though_nothing_happens(
    server: Server, api: Client, admin: Client, listen: Listen
) -> None:
    short = server.client(api.workspace_id)
    listener = listen(short)
    admin.delete(f"/api/v1/keys/{short.key_id}")
    revoked_at = time.monotonic()

    assert listener.rest() == []

    assert time.monotonic() - revoked_at < 5
    assert open_streams(server) == 0


def test_an_expired_key_ends_the_stream(server: Server, clock: MovableClock, listen: Listen) -> None:
    workspace_id = server.workspace()
    spec = KeySpec("short", (Scope.LEADS_READ,), expires_at=START + 60_000)
    issued = server.do(server.services.workspaces.create_key(workspace_id, spec))
    listener = listen(Client(server.url, issued.secret, workspace_id, issued.key.id))
    clock.advance(seconds=60)

    assert listener.rest() == []


def test_a_connection_goes_on_after_a_stream_has_ended(server: Server, admin: Client) -> None:
    short = server.client(admin.workspace_id)
    with connected(short, f"GET {PATH} HTTP/1.1") as connection:
        received(connection, until=b"id: 0")
        admin.delete(f"/api/v1/keys/{short.key_id}")
        received(connection, until=b"0\r\n\r\n")
        connection.sendall(f"GET /api/v1/workspace HTTP/1.1\r\nAuthorization: Bearer {admin.key}\r\n\r\n".encode())
        answer = received(connection, until=b"}")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_client_that_does_not_read_is_cut_off_and_goes_on_where_it_was(
    start_server: Start, listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server(stream_times=StreamTimes(send_seconds=0.3))
    api = server.client(server.workspace())
    with connected(api, f"GET {PATH} HTTP/1.1", receive_buffer=4096) as connection:
        wait_until(lambda: open_streams(server) == 1)
        leads = [api.create(metadata={"text": "x" * 60_000})["id"] for _ in range(60)]
        wait_until(lambda: open_streams(server) == 0)
        seen = re.findall(rb"^id: (\d+)\nevent: .*\ndata: .*\n\n", unchunked(everything(connection)), re.MULTILINE)

    last = seen[-1].decode() if seen else "0"
    again = listen(api, last_id=last)
    assert int(last) < 60
    assert [event["leadId"] for event in again.events(60 - int(last))] == leads[int(last) :]
    assert [record for record in caplog.records if record.name.startswith("leadlight")] == []


def test_a_feed_that_was_set_back_ends_the_stream(start_server: Start, listen: Listen) -> None:
    server = start_server(stream_times=StreamTimes(look_seconds=0.1))
    api = server.client(server.workspace())
    api.create()
    listener = listen(api)

    execute(server, "UPDATE feeds SET last_event = 0")  # as does a backup that is restored

    assert listener.rest() == []
    assert problems_of(api.get(PATH, headers={"Last-Event-ID": "1"})) == {"Last-Event-ID": "invalid_cursor"}


@pytest.mark.engine("sqlite")
def test_a_feed_that_can_not_be_read_is_tried_again(
    start_server: Start, listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server(stream_times=StreamTimes(look_seconds=0.1))
    api = server.client(server.workspace())
    listener = listen(api)
    lead = api.create()
    listener.event()

    execute(server, "ALTER TABLE events RENAME TO mislaid")
    wait_until(lambda: caplog.records)
    execute(server, "ALTER TABLE mislaid RENAME TO events")
    api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "1"})

    assert {record.message for record in caplog.records} == {
        f"the feed of {api.workspace_id} can't be followed; it is tried again"
    }
    assert listener.event()["type"] == "lead.updated"


def execute(server: Server, sql: str) -> None:
    async def unit(tx: Transaction) -> None:
        await tx.execute(sql)

    server.do(server.database.write(unit))


def connected(client: Client, line: str, *, receive_buffer: int | None = None) -> socket.socket:
    """A connection that has sent a request and read nothing."""
    connection = socket.socket()
    connection.settimeout(20)
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect(("127.0.0.1", int(client.url.rpartition(":")[2])))
    connection.sendall(f"{line}\r\nHost: localhost\r\nAuthorization: Bearer {client.key}\r\n\r\n".encode())
    return connection


def received(connection: socket.socket, *, until: bytes) -> bytes:
    data = b""
    while until not in data:
        piece = connection.recv(65_536)
        assert piece, data
        data += piece
    return data


def everything(connection: socket.socket) -> bytes:
    """What comes until the connection is cut off."""
    data = b""
    try:
        while piece := connection.recv(65_536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def unchunked(answer: bytes) -> bytes:
    """The body of an answer in chunks, as far as it came."""
    rest, body = answer.partition(b"\r\n\r\n")[2], b""
    while b"\r\n" in rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


def count_tasks(server: Server) -> int:
    async def count() -> int:
        return len(asyncio.all_tasks())

    return server.do(count())
