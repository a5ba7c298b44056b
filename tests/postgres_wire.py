"""A way to a PostgreSQL server that notes what goes over it, and can break off in the midst of a commit."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

Moment = Literal["before", "after"]


class Wire:
    """Listens on a loopback port of its own, for clients that use no TLS.

    `round_trips`: the SQL of each, in order. One ends with a Query, or with the Sync behind a Bind or a Parse; that of
    a Parse is noted with "PARSE " before it. `lose_commit`: the next connection that commits, and no other, is closed
    before the server hears of it, or after it has answered; either way, the client hears nothing.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.round_trips: list[str] = []
        self.lose_commit: Moment | None = None
        self._clients: list[socket.socket] = []
        self._server = (str(parts.hostname), int(parts.port or 5432))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = parts._replace(netloc=f"{parts.username}@127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections; those that there are go on."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def announce_shutdown(self) -> None:
        """Tells the clients, who have to be idle, what a server does that ends; their connections stay open."""
        fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
        for client in self._clients:
            client.sendall(b"E" + (len(fields) + 4).to_bytes(4) + fields)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                self._clients.append(client)
                _Connection(self, client, socket.create_connection(self._server))


class _Connection:
    """Two threads that pass on bytes, each in its direction."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self._wire, self._client, self._server = wire, client, server
        self._begun = False
        self._lost: Moment | None = None
        self._sql: dict[bytes, str] = {}
        self._next = ""
        for pass_on in (self._ask, self._answer):
            threading.Thread(target=self._run, args=(pass_on,), daemon=True).start()

    def _run(self, pass_on: Callable[[], None]) -> None:
        with suppress(OSError):
            pass_on()
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _ask(self) -> None:
        pending = b""
        while data := self._client.recv(65_536):
            pending = self._note(pending + data)
            if self._lost == "before":
                return
            self._server.sendall(data)

    def _answer(self) -> None:
        while data := self._server.recv(65_536):
            if self._lost == "after":
                return
            self._client.sendall(data)

    def _note(self, data: bytes) -> bytes:
        """Takes whole messages (a letter, a length that counts itself, a body); answers the rest.

        Before a connection has begun, messages have no letter.
        """
        while True:
            head = 1 if self._begun else 0
            if len(data) < head + 4:
                return data
            end = head + int.from_bytes(data[head : head + 4])
            if len(data) < end:
                return data
            if self._begun:
                self._note_message(data[:1], data[head + 4 : end])
            else:
                self._begun = data[4:6] == b"\x00\x03"  # StartupMessage, of version 3; others ask for TLS and the like
            data = data[end:]

    def _note_message(self, kind: bytes, body: bytes) -> None:
        match kind:
            case b"Q":
                self._note_round_trip(body[:-1].decode())
            case b"P":
                name, sql, _ = body.split(b"\0", 2)
                self._sql[name] = sql.decode()
                self._next = f"PARSE {sql.decode()}"
            case b"B":
                _, name, _ = body.split(b"\0", 2)
                self._next = self._sql[name]
            case b"S":
                self._note_round_trip(self._next)

    def _note_round_trip(self, sql: str) -> None:
        self._wire.round_trips.append(sql.strip())
        if sql == "COMMIT":
            self._lost, self._wire.lose_commit = self._wire.lose_commit, None
