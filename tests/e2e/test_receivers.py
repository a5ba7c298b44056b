"""The example receivers, as processes, called by a real server and by those who would like to be one."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from leadlight.webhooks.signing import new_secret, sign
from tests.conftest import Client
from tests.e2e.processes import ServerProcess, wait_until

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.parametrize("language", ["node", "python"])]

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMANDS = {
    "node": ["node", str(EXAMPLES / "receive_webhooks.mjs")],
    "python": [sys.executable, str(EXAMPLES / "receive_webhooks.py")],
}
EVENT = {"id": "evt_1", "type": "lead.created", "leadId": "lead_1", "data": {"id": "lead_1", "status": "new"}}
BODY = json.dumps(EVENT).encode()

Receive = Callable[[str], "Example"]


class Example:
    """A receiver as a process; what it has taken is what it prints."""

    def __init__(self, language: str, secret: str, folder: Path) -> None:
        self.secret = secret
        self._output = folder / "receiver.out"
        environment = {**os.environ, "SECRET": secret, "PORT": "0"}
        with self._output.open("w") as out, (folder / "receiver.err").open("w") as errors:
            self.process = subprocess.Popen(COMMANDS[language], env=environment, stdout=out, stderr=errors)
        wait_until(lambda: self._output.read_text().endswith("\n"))
        self.url = self._output.read_text().strip()

    @property
    def taken(self) -> list[str]:
        return self._output.read_text().splitlines()[1:]

    def post(self, body: bytes = BODY, *, signed_at: float | None = None, **changes: str | None) -> int:
        """A delivery whose headers are changed, or left out with None; the status that it gets."""
        timestamp = int(time.time() if signed_at is None else signed_at)
        headers = sign(BODY, [self.secret], event_id="evt_1", timestamp=timestamp)
        changed = {**headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
        return requests.post(self.url, body, headers=changed, timeout=20).status_code


@pytest.fixture
def receive(language: str, tmp_path: Path) -> Iterator[Receive]:
    """Starts the example of the language with a secret."""
    if shutil.which(COMMANDS[language][0]) is None:
        pytest.skip(f"{COMMANDS[language][0]} is not installed")
    started: list[Example] = []

    def start(secret: str) -> Example:
        started.append(Example(language, secret, tmp_path))
        return started[-1]

    yield start
    for example in started:
        example.process.kill()
        example.process.wait(timeout=20)


@pytest.fixture
def example(receive: Receive) -> Example:
    return receive(new_secret())


class Endpoint:
    """A webhook on a server; `url` may be given later, for the receiver needs the secret first."""

    def __init__(self, server: ServerProcess) -> None:
        self.api = Client(f"http://127.0.0.1:{server.port}", str(server.key), "", "")
        draft = {"url": "http://127.0.0.1:3000/", "events": ["*"], "active": False}
        made = self.api.post("/api/v1/webhooks", draft).json()["data"]
        self.path, self.secret = f"/api/v1/webhooks/{made['id']}", made["secret"]

    def lead_to(self, url: str) -> None:
        assert self.api.put(self.path, {"url": url, "active": True}).status_code == 200

    def deliveries(self) -> list[dict[str, Any]]:
        """The oldest first."""
        return list(reversed(self.api.get(f"{self.path}/deliveries").json()["data"]["deliveries"]))

    def delivered(self, count: int) -> list[dict[str, Any]]:
        wait_until(lambda: [each["status"] for each in self.deliveries()] == ["succeeded"] * count)
        return self.deliveries()


@pytest.fixture
def endpoint(serve: Callable[..., ServerProcess]) -> Endpoint:
    return Endpoint(serve("--webhook-allow-private"))


def test_takes_what_the_server_sends(endpoint: Endpoint, receive: Receive) -> None:
    example = receive(endpoint.secret)
    endpoint.lead_to(example.url)

    lead = endpoint.api.create("Zoë 🦊", metadata={"note": "ünïcode \u2028"})
    delivery = endpoint.delivered(1)[0]

    wait_until(lambda: example.taken == [f"lead.created {lead['id']} new"])
    attempts = endpoint.api.get(f"/api/v1/deliveries/{delivery['id']}").json()["data"]["attempts"]
    assert [attempt["status"] for attempt in attempts] == [204]


def test_takes_once_what_is_sent_again(endpoint: Endpoint, receive: Receive) -> None:
    example = receive(endpoint.secret)
    endpoint.lead_to(example.url)
    lead = endpoint.api.create()
    delivery = endpoint.delivered(1)[0]

    endpoint.api.post(f"/api/v1/deliveries/{delivery['id']}/retry")
    wait_until(lambda: endpoint.deliveries()[0]["attemptCount"] == 2)
    endpoint.delivered(1)
    endpoint.api.delete(f"/api/v1/leads/{lead['id']}")

    wait_until(lambda: len(example.taken) > 1)
    assert example.taken == [f"lead.created {lead['id']} new", f"lead.deleted {lead['id']} gone"]


def test_keeps_its_secret_for_a_while_when_that_is_rotated(endpoint: Endpoint, receive: Receive) -> None:
    example = receive(endpoint.secret)
    endpoint.lead_to(example.url)

    endpoint.api.post(f"{endpoint.path}/rotate-secret")
    endpoint.api.post(f"{endpoint.path}/test")

    assert endpoint.delivered(1)[0]["eventType"] == "webhook.test"


def test_believes_a_delivery_that_is_signed(example: Example) -> None:
    assert example.post() == 204
    assert example.post(signed_at=time.time() - 200) == 204
    wait_until(lambda: example.taken == ["lead.created lead_1 new"])


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_signature": None},
        {"webhook_id": None},
        {"webhook_timestamp": None},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": ""},
        {"webhook_id": "evt_2"},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,AAAA v2,AAAA"},
    ],
    ids=str,
)
def test_refuses_headers_that_prove_nothing(example: Example, changes: dict[str, str | None]) -> None:
    assert example.post(**changes) == 401
    assert example.taken == []


def test_refuses_a_body_that_was_forged(example: Example) -> None:
    assert example.post(BODY.replace(b"new", b"won")) == 401
    assert example.post(BODY + b" ") == 401
    assert example.post(b"") == 401
    assert example.taken == []


def test_refuses_another_ones_signature(example: Example) -> None:
    theirs = sign(BODY, [new_secret()], event_id="evt_1", timestamp=int(time.time()))

    assert requests.post(example.url, BODY, headers=theirs, timeout=20).status_code == 401


def test_refuses_an_old_delivery_and_one_of_the_future(example: Example) -> None:
    assert example.post(signed_at=time.time() - 310) == 401
    assert example.post(signed_at=time.time() + 310) == 401
    assert example.taken == []


def test_refuses_more_than_any_event_is_and_lives_on(example: Example) -> None:
    connection = http.client.HTTPConnection(example.url.removeprefix("http://"), timeout=20)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "1048577")
    connection.endheaders()

    assert connection.getresponse().status == 413
    assert example.post() == 204
    connection.close()


def test_lives_on_when_a_connection_breaks_off(example: Example) -> None:
    host, _, port = example.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf")

    assert example.post() == 204


def test_does_not_begin_without_a_secret(language: str) -> None:
    if shutil.which(COMMANDS[language][0]) is None:
        pytest.skip(f"{COMMANDS[language][0]} is not installed")
    environment = {name: value for name, value in os.environ.items() if name != "SECRET"}

    ran = subprocess.run(COMMANDS[language], env=environment, capture_output=True, text=True, timeout=30, check=False)

    assert ran.returncode == 1
    assert re.search(r"\bSECRET\b", ran.stderr)
