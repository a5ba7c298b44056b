"""Clients that ask a server with several workers for things, and readers of what was done."""

import http.client
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tests.e2e.processes import ServerProcess, ask, is_refused, wait_until

LEAD = {"name": "Ada", "email": "ada@example.com"}


class Load:
    """Clients that ask until they are stopped: some on a new connection each time, some on one that they keep."""

    def __init__(self, server: ServerProcess, *, fresh: int, kept: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.errors: list[Exception] = []
        self.created: list[list[str]] = [[] for _ in range(fresh + kept)]
        """By each client, in its order."""
        self._server, self._stopped = server, threading.Event()
        clients = [self._ask_afresh] * fresh + [self._ask_again] * kept
        self._clients = [
            threading.Thread(target=client, args=(created,))
            for client, created in zip(clients, self.created, strict=True)
        ]

    def __enter__(self) -> "Load":
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for client in self._clients:
            client.join(timeout=40)

    def all_created(self) -> set[str]:
        return {lead_id for created in self.created for lead_id in created}

    def wait_for(self, answers: int) -> None:
        """Until there are so many more answers."""
        before = self.statuses.total()
        wait_until(lambda: self.statuses.total() >= before + answers)

    def _ask_afresh(self, created: list[str]) -> None:
        for number in itertools.count():
            if self._stopped.is_set():
                return
            connection = self._server.connect()
            try:
                self._ask(connection, number, created)
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(error)
            finally:
                connection.close()

    def _ask_again(self, created: list[str]) -> None:
        connection = self._server.connect()
        for number in itertools.count():
            if self._stopped.is_set():
                break
            was_idle = connection.sock is not None
            try:
                self._ask(connection, number, created)
            except (OSError, http.client.HTTPException) as error:
                if not was_idle:  # a server may close an idle connection whenever it likes
                    self.errors.append(error)
                connection.close()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, number: int, created: list[str]) -> None:
        if number % 4:
            status, _ = ask(connection, "GET", "/api/v1/workspace", key=self._server.key)
        else:
            status, answer = ask(connection, "POST", "/api/v1/leads", LEAD, self._server.key)
            if status == 201:
                created.append(answer["data"]["id"])
        self.statuses[status] += 1


def feed(server: ServerProcess, key: str) -> Iterator[dict[str, Any]]:
    """Every event, in its order."""
    connection, after, has_next = server.connect(), "0", True
    while has_next:
        _, answer = ask(connection, "GET", f"/api/v1/events?limit=1000&after={after}", key=key)
        yield from answer["data"]["events"]
        after, has_next = answer["data"]["pagination"]["nextCursor"], answer["data"]["pagination"]["hasNext"]
    connection.close()


def lead_ids(serve: Callable[..., ServerProcess], ended: ServerProcess) -> list[str]:
    """The leads in the store of a server that has ended, by the feed."""
    server = serve("--rate-limit", "0")
    return [event["leadId"] for event in feed(server, str(ended.key))]


def follow(server: ServerProcess, followed: list[str], after: str) -> None:
    """Reads on behind what was read last, from whichever worker answers, until there is none."""
    while not is_refused(server):
        connection = server.connect()
        try:
            _, answer = ask(connection, "GET", f"/api/v1/events?limit=1000&after={after}", key=server.key)
        except (OSError, http.client.HTTPException):
            continue  # its worker was killed
        finally:
            connection.close()
        followed += [event["leadId"] for event in answer["data"]["events"]]
        after = answer["data"]["pagination"]["nextCursor"]
