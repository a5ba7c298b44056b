"""Processes that send from one store: side by side, one for another, and to who lives among many that are dead."""

import json
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.processes import ServerProcess, ask, soft_limit, wait_until
from tests.webhooks.receiver import Reaction, Receiver, Request, answer, hang

pytestmark = pytest.mark.slow

Serve = Callable[..., ServerProcess]

QUIET = ("--rate-limit", "0", "--log-level", "error")
SECONDS = 2.0
"""In which an event reaches a receiver that lives, among many that are dead."""


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLIGHT_WEBHOOK_ALLOW_PRIVATE", "true")


class Worker:
    """`leadlight worker` on the store of a test."""

    def __init__(self, data: Path, log: Path) -> None:
        command = [sys.executable, "-m", "leadlight", "worker", "--data", str(data)]
        with log.open("w") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            wait_until(lambda: "background work begins" in log.read_text())
        except BaseException:
            self.process.kill()
            raise

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Starts workers."""
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker(tmp_path / "data", tmp_path / f"worker-{len(started)}"))
        return started[-1]

    yield start
    for worker in started:
        worker.process.kill()
        worker.process.wait()


def subscribe(server: ServerProcess, urls: list[str], key: str | None = None) -> None:
    connection = server.connect()
    for url in urls:
        status, _ = ask(connection, "POST", "/api/v1/webhooks", {"url": url, "events": ["*"]}, key or server.key)
        assert status == 201
    connection.close()


def create(server: ServerProcess, count: int) -> list[str]:
    """Leads, one after another."""
    connection = server.connect()
    ids = []
    for number in range(count):
        lead = {"name": "Ada", "email": f"{number}@example.com"}
        ids.append(ask(connection, "POST", "/api/v1/leads", lead, server.key)[1]["data"]["id"])
    connection.close()
    return ids


def sent(receiver: Receiver) -> Counter[tuple[str, str]]:
    """How often each event was sent to each endpoint."""
    return Counter((request.path, request.headers["webhook-id"]) for request in list(receiver.requests))


def test_a_worker_sends_for_a_server_that_does_not(serve: Serve, work: Callable[[], Worker]) -> None:
    server = serve("--no-background", *QUIET)
    with Receiver() as receiver:
        subscribe(server, [receiver.url])
        create(server, 1)
        time.sleep(1)
        assert receiver.requests == []

        work()
        receiver.wait_for(1)
        create(server, 1)
        receiver.wait_for(2, seconds=1 * soft_limit())


def test_several_send_no_event_twice(serve: Serve, work: Callable[[], Worker]) -> None:
    server = serve(*QUIET)
    workers = [work(), work()]
    with Receiver(lambda _: answer(after_seconds=0.005)) as receiver:
        subscribe(server, [f"{receiver.url}/{number}" for number in range(10)])
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: create(server, 20), range(8)))
        receiver.wait_for(1_600, seconds=30)
        time.sleep(0.5)

    assert set(sent(receiver).values()) == {1}
    assert [worker.stop() for worker in workers] == [0, 0]


def test_who_is_told_to_stop_hands_over_at_once(serve: Serve, work: Callable[[], Worker]) -> None:
    server = serve("--no-background", *QUIET)
    first = work()
    with Receiver(lambda _: answer(after_seconds=0.5)) as receiver:
        subscribe(server, [receiver.url])
        create(server, 600)  # enough for ten seconds, in which the second begins
        receiver.wait_for(50)
        work()
        assert first.stop() == 0
        stopped = len(receiver.requests)
        assert stopped < 600
        receiver.react = lambda _: answer()

        receiver.wait_for(stopped + 1, seconds=1 * soft_limit())
        receiver.wait_for(600)
        time.sleep(0.5)

    assert set(sent(receiver).values()) == {1}


def test_who_is_killed_is_taken_over_after_a_while(serve: Serve, work: Callable[[], Worker]) -> None:
    server = serve("--no-background", *QUIET)
    first = work()
    with Receiver(lambda _: answer(after_seconds=0.5)) as receiver:
        subscribe(server, [receiver.url])
        create(server, 200)
        receiver.wait_for(50)
        work()
        first.process.kill()
        wait_until(lambda: len(sent(receiver)) == 200, seconds=25)

    assert sum(sent(receiver).values()) - 200 <= 32


@contextmanager
def few_files(soft: int) -> Iterator[None]:
    """What is started here may open only so many files, unless it asks for more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_ten_that_live_are_served_among_990_that_are_dead(serve: Serve, engine: str) -> None:
    with few_files(256):  # as on macOS
        server = serve(*QUIET)

    def react(request: Request) -> Reaction:
        return answer() if request.path.startswith("/hook/live") else hang()

    with Receiver(react) as receiver:
        urls = [f"{receiver.url}/{'live' if number % 100 == 50 else 'dead'}/{number}" for number in range(1_000)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda start: subscribe(server, urls[start::4]), range(4)))
        created: dict[str, float] = {}
        for _ in range(31):
            [lead_id] = create(server, 1)
            created[lead_id] = time.monotonic()
            wait_until(lambda: len(live(receiver)) >= 10, seconds=30)
            time.sleep(0.1)
        wait_until(lambda: len(live(receiver)) == 310, seconds=30)

    first, later = max(took(receiver, created)[:10]), sorted(took(receiver, created)[10:])
    p99 = later[len(later) * 99 // 100]
    print(  # noqa: T201  (how long it takes is to be seen with -s)
        f"\n{engine}: the first event reached all ten in {first:.3f} s, 99 % of the others did in {p99:.3f} s"
    )
    assert first < SECONDS
    assert p99 < SECONDS


def live(receiver: Receiver) -> list[Request]:
    return [request for request in list(receiver.requests) if request.path.startswith("/hook/live")]


def took(receiver: Receiver, created: dict[str, float]) -> list[float]:
    """Seconds from the answer to who created a lead, until its event came."""
    return [request.arrived_at - created[json.loads(request.body)["leadId"]] for request in live(receiver)]
