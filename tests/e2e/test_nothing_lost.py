"""Ten thousand changes, a receiver that fails in every way, a sender that is killed: every event arrives."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from tests.e2e.load import feed
from tests.e2e.processes import ServerProcess, ask, leadlight, wait_until
from tests.webhooks.receiver import Reaction, Receiver, Request, answer, break_off, hang

pytestmark = pytest.mark.slow

Serve = Callable[..., ServerProcess]

KILLS = 5
CHANGES = 2_000
"""In each of as many workspaces as there are kills."""
WRITERS = 20
AT_ONCE = 32
"""How many deliveries an endpoint is sent at a time, at the most."""
WELL = answer(200)
MOODS = (WELL, WELL, answer(500), WELL, WELL, hang(), WELL, WELL, break_off(), WELL, WELL, answer(429, Retry_After="1"))
MOOD_SECONDS = 0.25


class Moody:
    """A receiver's mind: well most of the time, and in between it fails in each of four ways."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()
        """By path and `webhook-id`, how often it answered that all was well."""

    def __call__(self, request: Request) -> Reaction:
        mood = MOODS[int(request.arrived_at / MOOD_SECONDS) % len(MOODS)]
        if mood is WELL:
            self.taken[request.path, request.headers["webhook-id"]] += 1
        return mood

    def count(self, path: str) -> int:
        """The events that it has, but for those that were taken from it meanwhile."""
        return sum(at == path for at, _ in list(self.taken))


class Running:
    """The server that runs now. Each is killed and another started on the same store."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.server = serve()
        self.key = str(self.server.key)

    def kill_and_start_anew(self) -> None:
        self.server.kill()
        self.server = self._serve()


@dataclass
class Workspace:
    """One that is written to. `acknowledged`: by lead, how many changes were answered, its creation included."""

    key: str
    path: str
    secret: str = ""
    acknowledged: Counter[str] = field(default_factory=Counter)

    def write(self, running: Running, number: int, count: int) -> None:
        """Makes so many changes to leads of its own, however often the server goes away."""
        mine: list[str] = []
        connection = running.server.connect()
        while count:
            try:
                if count % 4 and mine:
                    lead_id = mine[count % len(mine)]
                    patch = {"metadata": {"count": count}}
                    status, _ = ask(connection, "PATCH", f"/api/v1/leads/{lead_id}", patch, self.key)
                else:
                    lead = {"name": f"Writer {number}", "email": f"{number}-{count}@example.com"}
                    status, body = ask(connection, "POST", "/api/v1/leads", lead, self.key)
                    lead_id = body["data"]["id"]
                    mine.append(lead_id)
                assert status in {200, 201}
                self.acknowledged[lead_id] += 1
                count -= 1
            except (OSError, http.client.HTTPException):
                connection.close()
                time.sleep(0.05)
                connection = running.server.connect()
        connection.close()


@contextmanager
def writing(workspace: Workspace, running: Running) -> Iterator[list[Future[None]]]:
    """Clients of one workspace at once."""
    with ThreadPoolExecutor(WRITERS) as pool:
        yield [pool.submit(workspace.write, running, number, CHANGES // WRITERS) for number in range(WRITERS)]


def test_every_event_arrives_whatever_becomes_of_receiver_and_sender(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("LEADLIGHT_WEBHOOK_ALLOW_PRIVATE", "true")
    monkeypatch.setenv("LEADLIGHT_WEBHOOK_RETRY_SCHEDULE", ",".join(["0", *["0.2"] * 49]))
    monkeypatch.setenv("LEADLIGHT_WEBHOOK_TIMEOUT_SECONDS", "1")
    began = time.monotonic()
    moody = Moody()
    with Receiver(moody) as receiver:
        running = Running(lambda: serve("--rate-limit", "0", "--log-level", "error"))
        workspaces = [Workspace(key, f"/hook/{number}") for number, key in enumerate(keys(running, tmp_path))]
        for workspace in workspaces:
            subscribe(running, workspace, receiver)
        for workspace in workspaces:
            with writing(workspace, running):
                wait_until(lambda workspace=workspace: moody.count(workspace.path) >= CHANGES // 4)  # type: ignore[misc]
                running.kill_and_start_anew()
        written = time.monotonic()
        expected = {(one.path, event["id"]) for one in workspaces for event in feed(running.server, one.key)}
        wait_until(lambda: moody.taken.keys() >= expected, seconds=120)
        arrived = time.monotonic()
        wait_until(lambda: all(is_settled(running, workspace) for workspace in workspaces))

    taken, requests = moody.taken, receiver.requests
    duplicates = taken.total() - len(taken)
    print(  # noqa: T201  (what a kill costs in duplicates is to be seen with -s)
        f"\n{engine}: {len(expected)} events, {len(requests)} requests, {duplicates} duplicates after {KILLS} kills; "
        f"{written - began:.1f} s to write them, {arrived - written:.1f} s more until all had arrived"
    )
    assert taken.keys() == expected
    assert duplicates <= KILLS * AT_ONCE * 2
    for workspace in workspaces:
        check_feed(running.server, workspace)
        check_requests(workspace, [request for request in requests if request.path == workspace.path])


def keys(running: Running, data: Path) -> Iterator[str]:
    """One of each workspace."""
    yield running.key
    folder = data / "data"
    for number in range(1, KILLS):
        made = json.loads(leadlight("workspaces", "create", f"Other {number}", "--json", data=folder).stdout)
        options = ("--workspace", made["id"], "--name", "test", "--scope", "admin", "--json")
        yield json.loads(leadlight("keys", "create", *options, data=folder).stdout)["key"]


def subscribe(running: Running, workspace: Workspace, receiver: Receiver) -> None:
    connection = running.server.connect()
    wanted = {"url": f"http://127.0.0.1:{receiver.port}{workspace.path}", "events": ["*"]}
    status, body = ask(connection, "POST", "/api/v1/webhooks", wanted, workspace.key)
    connection.close()
    assert status == 201
    workspace.secret = body["data"]["secret"]


def is_settled(running: Running, workspace: Workspace) -> bool:
    """Whether nothing of it is being sent, nor waits to be."""
    connection = running.server.connect()
    _, body = ask(connection, "GET", "/api/v1/webhooks", key=workspace.key)
    path = f"/api/v1/webhooks/{body['data']['webhooks'][0]['id']}/deliveries?limit=1&status="
    found = [ask(connection, "GET", path + status, key=workspace.key)[1] for status in ("pending", "sending", "failed")]
    connection.close()
    return not any(each["data"]["deliveries"] for each in found)


def check_feed(server: ServerProcess, workspace: Workspace) -> None:
    """All that was acknowledged is in it."""
    told = Counter(event["leadId"] for event in feed(server, workspace.key))
    assert sum(workspace.acknowledged.values()) == CHANGES
    assert all(told[lead_id] >= count for lead_id, count in workspace.acknowledged.items())


def check_requests(workspace: Workspace, requests: list[Request]) -> None:
    """Each is signed, and is one event: the same one under the same id."""
    bodies: dict[str, bytes] = {}
    for request in requests:
        event = Webhook(workspace.secret).verify(request.body, request.headers)
        assert event["id"] == request.headers["webhook-id"]
        assert bodies.setdefault(event["id"], request.body) == request.body
