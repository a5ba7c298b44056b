"""What is no HTTP, or too much of it, is refused in the envelope too. Over raw sockets."""

import json
import re
import socket
from collections.abc import Callable

import pytest

from tests.conftest import Client, Server

LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"


def talk(server: Server, *pieces: bytes) -> bytes:
    """Sends the pieces one by one, and reads until the server hangs up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def refusal(answer: bytes) -> tuple[str, str]:
    """Status line and code of a refusal, once its form is checked."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    fields = dict(header.split(": ", 1) for header in headers)
    envelope = json.loads(body)
    assert fields["content-type"] == "application/json"
    assert fields["connection"] == "close"
    assert fields["content-length"] == str(len(body))
    assert re.fullmatch("req_[0-9a-f]{16}", fields["x-request-id"])
    assert envelope["requestId"] == fields["x-request-id"]
    assert envelope["success"] is False
    return status, envelope["code"]


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x00\x00\x00\x00",
    ],
)
def test_what_is_no_http_gets_400_in_the_envelope(server: Server, garbage: bytes) -> None:
    assert refusal(talk(server, garbage)) == ("HTTP/1.1 400 Bad Request", "BAD_REQUEST")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 2048 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        LIVE + b"X-Long: " + b"a" * 2048 + b"\r\n\r\n",
        LIVE + b"X-Many: a\r\n" * 300 + b"\r\n",
        LIVE + b"X-Endless: " + b"a" * 4096,
    ],
)
def test_a_head_that_is_too_large_gets_431_in_the_envelope(start_server: Callable[..., Server], head: bytes) -> None:
    server = start_server(max_header_bytes=1024)

    answer = talk(server, head)

    assert refusal(answer) == ("HTTP/1.1 431 Request Header Fields Too Large", "HEADERS_TOO_LARGE")
    assert b'"details":{"limit":1024}' in answer


def test_a_head_in_many_small_pieces_is_counted_together(start_server: Callable[..., Server]) -> None:
    server = start_server(max_header_bytes=1024)

    answer = talk(server, LIVE, *[b"X-Drip: a\r\n"] * 90)

    assert refusal(answer)[1] == "HEADERS_TOO_LARGE"


def test_a_head_within_the_limit_is_served(start_server: Callable[..., Server]) -> None:
    server = start_server(max_header_bytes=1024)

    answer = talk(server, LIVE + b"Connection: close\r\nX-Long: " + b"a" * 900 + b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_a_large_body_is_no_large_head(start_server: Callable[..., Server]) -> None:
    server = start_server(max_header_bytes=1024)
    client = server.client(server.workspace())

    created = client.create(metadata={"a": "b" * 10_000})

    assert len(created["metadata"]["a"]) == 10_000


def test_many_small_heads_on_one_connection_are_no_large_head(start_server: Callable[..., Server]) -> None:
    server = start_server(max_header_bytes=1024)

    answer = talk(server, *[LIVE + b"\r\n"] * 40, LIVE + b"Connection: close\r\n\r\n")

    assert answer.count(b"HTTP/1.1 200 OK") == 41


def test_requests_sent_ahead_are_answered_in_order(server: Server, api: Client) -> None:
    one = f"GET /api/v1/leads/lead_1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\n".encode()

    answer = talk(server, (one + b"X-Request-Id: 1\r\n\r\n") + (one + b"X-Request-Id: 2\r\nConnection: close\r\n\r\n"))

    assert re.findall(rb"x-request-id: (\d)", answer) == [b"1", b"2"]


def test_a_refused_client_does_not_disturb_the_others(server: Server, api: Client) -> None:
    talk(server, b"garbage\r\n\r\n")

    assert api.get("/api/v1/leads").status_code == 200


def test_a_client_that_hangs_up_in_its_body_makes_no_lead(server: Server, api: Client) -> None:
    head = f"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\nContent-Length: 99\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(head.encode() + b'{"name":"Ada","email":"ada@example.com"}')
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1024)
    api.create("The next one")

    assert [lead["name"] for lead in api.get("/api/v1/leads").json()["data"]["leads"]] == ["The next one"]
