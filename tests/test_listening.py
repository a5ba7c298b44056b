"""Listening sockets: one for each worker on one port, which no other server shares."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from leadlight.listening import listen, listen_for_each

CONNECTIONS = 300


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(listener) for listener in listen_for_each("127.0.0.1", 0, 3)]


def test_all_have_the_port_that_the_first_was_given(listeners: list[socket.socket]) -> None:
    assert len(listeners) == 3
    assert len({listener.getsockname() for listener in listeners}) == 1
    assert listeners[0].getsockname()[1] > 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they share one socket")
def test_connections_are_spread_over_them(listeners: list[socket.socket]) -> None:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(listeners[0].getsockname()))
        taken = [count_waiting(listener) for listener in listeners]

    assert sum(taken) == CONNECTIONS
    assert min(taken) > CONNECTIONS / 6


@pytest.mark.parametrize("workers", [1, 2])
def test_a_port_that_our_workers_share_is_refused_to_others(listeners: list[socket.socket], workers: int) -> None:
    port = listeners[0].getsockname()[1]

    with pytest.raises(OSError, match="in use"):
        listen_for_each("127.0.0.1", port, workers)


def test_a_port_that_another_server_would_share_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other, pytest.raises(OSError, match="in use"):
        listen_for_each("127.0.0.1", other.getsockname()[1], 2)


def test_one_alone_shares_with_nobody() -> None:
    with listen("127.0.0.1", 0) as alone, pytest.raises(OSError, match="in use"):
        socket.create_server(alone.getsockname(), reuse_port=True)


def test_none_takes_the_place_of_a_standard_stream_that_is_missing() -> None:
    program = (
        "import os; os.close(0); from leadlight.listening import listen_for_each; "
        "print([listener.fileno() > 2 for listener in listen_for_each('127.0.0.1', 0, 2)])"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)

    assert ran.stdout == "[True, True]\n"


def count_waiting(listener: socket.socket) -> int:
    listener.setblocking(False)
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1
