"""Sends requests at an even pace, as people do who do not know of one another, and tells how long they took.

python -m benchmarks.paced_requests PORT KEY FILE PER_SECOND

Until its standard input ends. The file is one that wrk replays, too. A request that is due while its connection still
waits for an answer has waited since then. Prints answers a second, and milliseconds.
"""

import json
import re
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from threading import Event
from time import perf_counter

_CONNECTIONS = 10
_HEAD = "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
_BODY = "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"
_GOOD = re.compile(rb"HTTP/1\.1 20[01] .*?\r\ncontent-length: (\d+)\r\n", re.DOTALL)


def send(port: int, requests: list[bytes], ended: Event, *, first: float, every_seconds: float) -> list[float]:
    """On one connection; the seconds that each took."""
    times: list[float] = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = first
        for request in cycle(requests):
            early = due - perf_counter()
            if ended.wait(max(0.0, early)):
                break
            began = perf_counter() if early > 0 else due
            connection.sendall(request)
            _receive(connection)
            times.append(perf_counter() - began)
            due += every_seconds
    return times


def _request(line: str, key: str) -> bytes:
    method, path, body = line.split("\t", 2)
    length = len(body.encode())
    return (_HEAD.format(method, path, key) + (_BODY.format(length, body) if body else "\r\n")).encode()


def _receive(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    good = _GOOD.match(head + b"\r\n")
    if good is None:
        raise ConnectionError(f"a request was answered {data.decode()}")
    missing = int(good[1]) - len(body)
    while missing > 0:
        missing -= len(_some(connection))


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise ConnectionError("the server has closed a connection")
    return data


def main() -> None:
    port, key, file, per_second = sys.argv[1:]
    requests = [_request(line, key) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    ended, began, pause = Event(), perf_counter(), 1 / float(per_second)
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        sending = [
            pool.submit(
                send,
                *(int(port), requests[number::_CONNECTIONS], ended),
                first=began + number * pause,
                every_seconds=_CONNECTIONS * pause,
            )
            for number in range(_CONNECTIONS)
        ]
        sys.stdin.read()
        ended.set()
        times = sorted(time for one in sending for time in one.result())
    parts = {f"p{part}": times[len(times) * part // 100] * 1000 for part in (50, 99)}
    print(json.dumps({"rate": len(times) / (perf_counter() - began), **parts}))


if __name__ == "__main__":
    main()
