"""Sends requests at a steady pace, as people do who do not know of one another, and tells how long they took.

python -m benchmarks.paced_requests PORT KEY FILE PER_SECOND

Until its standard input ends. A request that has to wait for the answer to the one before has waited from when it was
due. The file is one that wrk replays, too. Prints answers a second, and milliseconds.
"""

import json
import re
import select
import socket
import sys
from itertools import cycle
from pathlib import Path
from time import perf_counter

_HEAD = "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
_BODY = "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"
_GOOD = re.compile(rb"HTTP/1\.1 20[01] .*?\r\ncontent-length: (\d+)\r\n", re.DOTALL)


def send(port: int, key: str, lines: list[str], per_second: float) -> list[float]:
    """The times of all, sorted."""
    requests = cycle([_request(line, key) for line in lines])
    times: list[float] = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = perf_counter()
        while True:
            early = due - perf_counter()
            if select.select([sys.stdin], [], [], max(0.0, early))[0]:
                break
            began = perf_counter() if early > 0 else due
            connection.sendall(next(requests))
            _receive(connection)
            times.append(perf_counter() - began)
            due += 1 / per_second
    return sorted(times)


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
        sys.exit(f"a request was answered {data.decode()}")
    missing = int(good[1]) - len(body)
    while missing > 0:
        missing -= len(_some(connection))


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        sys.exit("the connection was closed")
    return data


def main() -> None:
    port, key, file, per_second = sys.argv[1:]
    began = perf_counter()
    times = send(int(port), key, Path(file).read_text(encoding="utf-8").splitlines(), float(per_second))
    parts = {f"p{part}": times[len(times) * part // 100] * 1000 for part in (50, 99)}
    print(json.dumps({"rate": len(times) / (perf_counter() - began), **parts}))


if __name__ == "__main__":
    main()
