"""Uploads over a real connection: a file arrives whole, or nothing of it is kept."""

import socket
import time
from collections.abc import Callable

import pytest

from tests.conftest import Client, Server, problems_of
from tests.imports.uploads import IMPORTS, PEOPLE, kept, send

TYPE = "multipart/form-data; boundary=edge"
END = b"--edge--\r\n"


def part(name: str, content: bytes, *, file_name: str = "") -> bytes:
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


FILE = part("file", PEOPLE.encode(), file_name="people.csv")
LARGE = part("file", b"name,email\n" + b"x" * 1_500_000, file_name="large.csv")


@pytest.fixture
def idle(start_server: Callable[..., Server]) -> Server:
    return start_server(background=False, import_max_bytes=2_000_000)


@pytest.fixture
def client(idle: Server) -> Client:
    return idle.client(idle.workspace())


def head(client: Client, *lines: str) -> bytes:
    fixed = (
        f"POST {IMPORTS} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {client.key}",
        f"Content-Type: {TYPE}",
        "Connection: close",
    )
    return "\r\n".join((*fixed, *lines, "", "")).encode()


def exchange(server: Server, *pieces: bytes, pause: float = 0.0, waits: bool = True) -> bytes:
    """What a server answers to bytes that come with pauses between. `waits`: the client waits for the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        if not waits:
            return b""
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.5, 0.9, 1.0], ids=str)
def test_of_a_client_that_leaves_nothing_is_kept(idle: Server, client: Client, share: float) -> None:
    body = LARGE + END
    sent = body[: int(len(body) * share)]
    announced = len(body) + (share == 1.0)

    exchange(idle, head(client, f"Content-Length: {announced}") + sent, waits=False)

    assert kept(idle) == []
    assert client.get(IMPORTS).json()["data"]["imports"] == []


def test_chunks_and_slow_clients_are_taken(idle: Server, client: Client) -> None:
    body = FILE + END
    chunks = [b"%x\r\n%b\r\n" % (len(body[at : at + 9]), body[at : at + 9]) for at in range(0, len(body), 9)]

    answer = exchange(idle, head(client, "Transfer-Encoding: chunked"), *chunks, b"0\r\n\r\n", pause=0.01)

    assert answer.startswith(b"HTTP/1.1 202 ")


def test_a_form_that_is_shorter_than_announced_waits_for_the_rest(idle: Server, client: Client) -> None:
    body = FILE + END

    answer = exchange(
        idle, head(client, f"Content-Length: {len(body) + 4}", "Connection: close") + body, b"\r\n\r\n", pause=0.1
    )

    assert answer.startswith(b"HTTP/1.1 202 ")


def test_a_file_over_the_limit_is_refused_and_nothing_is_kept(idle: Server, client: Client) -> None:
    response = send(client, b"name,email\n" + b"x" * 2_000_000)

    assert (response.status_code, response.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert response.json()["details"] == {"limit": 2_000_000}
    assert kept(idle) == []
    assert client.get(IMPORTS).status_code == 200


def test_a_part_behind_a_large_file_takes_all_of_it_back(idle: Server, client: Client) -> None:
    body = LARGE + part("dryRun", b"true") + END

    response = client.request("POST", IMPORTS, data=body, headers={"Content-Type": TYPE})

    assert problems_of(response) == {"dryRun": "order"}
    assert kept(idle) == []


@pytest.mark.parametrize("content_type", ["text/csv", "application/json", "multipart/form-data"])
def test_a_file_that_is_not_in_a_form_is_told_how(client: Client, content_type: str) -> None:
    response = client.request("POST", IMPORTS, data=PEOPLE, headers={"Content-Type": content_type})

    assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.json()["error"] == "Send multipart/form-data with a boundary, and in it the part `file` last"


def test_what_is_wrong_with_the_form_and_with_its_options_is_told_at_once(client: Client) -> None:
    response = client.request("POST", IMPORTS, data={"colour": "blue", "dryRun": "perhaps"}, files={"x": PEOPLE})

    assert problems_of(response) == {
        "colour": "unknown_field",
        "x": "unknown_field",
        "file": "required",
        "dryRun": "invalid_type",
    }
