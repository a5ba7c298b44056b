"""`leadlight webhooks listen`: what happens on a real server reaches a real receiver, signed, in order, once."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook
from typer.testing import CliRunner, Result

from leadlight import __version__, verify_webhook
from leadlight.cli.main import app
from leadlight.principal import Scope
from tests.client import scripted
from tests.client.scripted import Scripted, closed_port
from tests.conftest import Client, Server
from tests.e2e.processes import ServerProcess, wait_until
from tests.webhooks.receiver import Receiver, Request, answer, break_off, in_turn, redirect

pytestmark = pytest.mark.engine("sqlite")

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
KEY = "sk-workspace_" + "0" * 32 + "2wjyrI"
LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)  (\S+) +(lead_\S+)  (.+)  (\d+) ms")


class Listening:
    """The command as a process, once it says that it listens."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._output, self._errors = folder / "listen.out", folder / "listen.err"
        command = [sys.executable, "-m", "leadlight", "webhooks", "listen", *options]
        with self._output.open("w") as out, self._errors.open("w") as errors:
            self.process = subprocess.Popen(command, stdout=out, stderr=errors)
        try:
            wait_until(lambda: self.says("Ctrl-C ends it.") or self.process.poll() is not None)
        except BaseException:
            self.kill()
            raise
        assert self.process.poll() is None, self.errors

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def says(self, text: str) -> bool:
        return text in self.output

    def told(self) -> list[tuple[str, str, str]]:
        """Type, lead and result of each event."""
        return [(found[2], found[3], found[4]) for found in LINE.finditer(self.output)]

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=20)


Listen = Callable[..., Listening]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def listen(tmp_path: Path, server: Server) -> Iterator[Listen]:  # noqa: ARG001  (which is to end after us)
    """Starts the command for a key and a receiver; nothing is left behind."""
    started: list[Listening] = []

    def start(api: Client, receiver: Receiver, *options: str) -> Listening:
        known = ["--url", api.url, "--key", api.key, "--forward", receiver.url, *options]
        started.append(Listening(tmp_path, *known))
        return started[-1]

    yield start
    for listening in started:
        listening.kill()


def run(*options: str) -> Result:
    """The command in this process, for when it does not come to listening."""
    environment = {"LEADLIGHT_URL": None, "LEADLIGHT_KEY": None, "COLUMNS": "240"}
    return CliRunner().invoke(app, ["webhooks", "listen", *options], env=environment)


def refusal(*options: str, code: int = 1) -> str:
    """The one sentence of a command that ends with an exit code, and does nothing."""
    result = run("--key", KEY, "--forward", "http://127.0.0.1:3000/hook", *options)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("leadlight: ").removesuffix("\n")


def types(requests: list[Request]) -> list[str]:
    return [verify_webhook(request.body, request.headers, SECRET)["type"] for request in requests]


# What is sent


def test_sends_what_happens_from_now_on_as_a_webhook_is_sent(api: Client, receiver: Receiver, listen: Listen) -> None:
    api.create("Before")
    listening = listen(api, receiver, "--secret", SECRET)

    api.create("Zoë 🦊", metadata={"note": "\u2028"})
    request = receiver.wait_for(1)[0]

    event = verify_webhook(request.body, request.headers, SECRET)
    assert event == api.get("/api/v1/events?after=1").json()["data"]["events"][0]
    assert Webhook(SECRET).verify(request.body, request.headers) == event
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["webhook-id"] == event["id"]
    assert request.headers["x-webhook-signature"].startswith("sha256=")
    assert request.headers["user-agent"] == f"Leadlight/{__version__}"
    assert request.headers["content-type"] == "application/json"
    assert listening.stop() == 0
    assert len(receiver.requests) == 1


def test_sends_in_order_and_says_so(api: Client, receiver: Receiver, listen: Listen) -> None:
    receiver.react = in_turn(answer(204), answer(500), redirect("http://127.0.0.1/"), break_off(), answer(200))
    listening = listen(api, receiver, "--secret", SECRET)

    lead = api.create()["id"]
    api.patch(f"/api/v1/leads/{lead}", {"name": "Ada", "status": "lost"})
    api.patch(f"/api/v1/leads/{lead}", {"name": "Ben"})
    wait_until(lambda: len(listening.told()) == 4)
    api.delete(f"/api/v1/leads/{lead}")
    wait_until(lambda: len(listening.told()) == 5)

    assert listening.told() == [
        ("lead.created", lead, "204"),
        ("lead.updated", lead, "500"),
        ("lead.status_changed", lead, "307 redirect"),
        ("lead.updated", lead, "200 connection_lost"),
        ("lead.deleted", lead, "200"),
    ]
    assert [told[0] for told in listening.told()] == types(receiver.requests)
    assert SECRET not in listening.output
    assert api.key not in listening.output
    assert listening.errors == ""


def test_signs_with_a_new_secret_and_shows_it(api: Client, receiver: Receiver, listen: Listen) -> None:
    listening = listen(api, receiver)
    secret = re.findall(r"^The receiver's secret: (whsec_\S{44})$", listening.output, re.MULTILINE)[0]

    api.create()
    request = receiver.wait_for(1)[0]

    assert verify_webhook(request.body, request.headers, secret)["type"] == "lead.created"


@pytest.mark.parametrize(
    ("events", "sent"),
    [
        ("lead.created,lead.deleted", ["lead.created"]),
        ("lead.*", ["lead.created", "lead.updated", "lead.status_changed"]),
        (" lead.status_changed ,", ["lead.status_changed"]),
    ],
)
def test_sends_the_events_that_were_asked_for(
    api: Client, receiver: Receiver, listen: Listen, events: str, sent: list[str]
) -> None:
    listening = listen(api, receiver, "--secret", SECRET, "--events", events)

    lead = api.create()["id"]
    api.patch(f"/api/v1/leads/{lead}", {"status": "lost"})
    wait_until(lambda: len(listening.told()) == len(sent))

    assert types(receiver.requests) == sent


def test_goes_on_while_the_receiver_is_away_and_sends_nothing_twice(
    api: Client, receiver: Receiver, listen: Listen
) -> None:
    listening = listen(api, receiver, "--secret", SECRET)
    receiver.stop()

    lead = api.create()["id"]
    wait_until(lambda: len(listening.told()) == 1)

    assert listening.told() == [("lead.created", lead, "connection_refused")]


# How it ends, and what it outlives


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_when_it_is_told_to(api: Client, receiver: Receiver, listen: Listen, number: signal.Signals) -> None:
    listening = listen(api, receiver)

    assert listening.stop(number) == 0
    assert listening.errors == ""


def test_ends_in_the_midst_of_a_call(api: Client, receiver: Receiver, listen: Listen) -> None:
    receiver.react = in_turn(answer(after_seconds=20))
    listening = listen(api, receiver)

    api.create()
    receiver.wait_for(1)

    assert listening.stop() == 0
    assert listening.errors == ""


def test_misses_nothing_when_the_server_restarts(tmp_path: Path, receiver: Receiver) -> None:
    first = ServerProcess(tmp_path / "data", tmp_path / "first")
    api = Client(f"http://127.0.0.1:{first.port}", str(first.key), "", "")
    listening = Listening(tmp_path, "--url", api.url, "--key", api.key, "--forward", receiver.url, "--secret", SECRET)
    second = None
    try:
        ids = [api.create()["id"]]
        receiver.wait_for(1)
        first.kill()
        wait_until(lambda: listening.says("The connection to the server is lost; it is tried again."))
        second = ServerProcess(tmp_path / "data", tmp_path / "second", "--port", str(first.port))
        again = Client(api.url, api.key, "", "")
        ids += [again.create()["id"] for _ in range(3)]
        receiver.wait_for(4, seconds=30)
        wait_until(lambda: len(listening.told()) == 4)
    finally:
        listening.kill()
        for server in (first, second):
            if server is not None:
                server.kill()

    assert listening.told() == [("lead.created", each, "200") for each in ids]
    assert listening.output.count("is lost") == 1
    assert listening.output.count("Connected again; nothing was missed.") == 1


def test_ends_with_a_sentence_when_the_key_does(
    server: Server, admin: Client, receiver: Receiver, listen: Listen
) -> None:
    api = server.client(admin.workspace_id, Scope.LEADS_READ)
    listening = listen(api, receiver)

    admin.delete(f"/api/v1/keys/{api.key_id}")

    assert listening.process.wait(timeout=30) == 1
    assert listening.errors == (
        "leadlight: the server does not know this key, or no longer; give another --key (LEADLIGHT_KEY)\n"
    )


# What it refuses


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--forward", "localhost:3000"], "--forward must be a URL that begins with https:// or http://"),
        (["--forward", "http://a b/"], "--forward must not hold spaces, control characters or backslashes; "),
        (["--url", "ftp://x/"], "the server's address has to begin with https:// or http://, and name a host; look at"),
        (["--url", "http://x/?a=b"], "the server's address must not hold a question mark or a fragment; look at --url"),
        (["--key", "schlüssel\n"], "the API key holds what no key does; copy it as it was shown; look at --url"),
        (["--key", ""], "an API key is needed: set LEADLIGHT_KEY, or give --key; `leadlight keys create` makes one"),
        (["--events", "lead.archived"], "--events: there is no event type lead.archived; known are lead.created, "),
        (["--events", ","], "--events: must name at least one event type; * stands for all"),
        (["--events", "lead.*,webhook.test"], "--events: webhook.test is in no feed; "),
        (["--secret", "secret!"], "--secret is no webhook's secret: that is whsec_ and base64 after it; "),
        (["--secret", "whsec_"], "--secret is no webhook's secret: "),
    ],
    ids=str,
)
def test_a_bad_option_is_told(options: list[str], sentence: str) -> None:
    assert refusal(*options).startswith(sentence)


def test_a_missing_receiver_is_a_usage_error() -> None:
    result = run("--key", KEY)

    assert result.exit_code == 2
    assert "Missing option '--forward'" in result.stderr
    assert KEY not in result.output


def test_a_key_that_the_server_does_not_know_is_told(server: Server) -> None:
    said = refusal("--url", server.url)

    assert said == "the server does not know this key, or no longer; give another --key (LEADLIGHT_KEY)"


def test_a_key_without_the_scope_is_told(server: Server, api: Client) -> None:
    writer = server.client(api.workspace_id, Scope.LEADS_WRITE)

    said = refusal("--url", server.url, "--key", writer.key)

    assert said == "this key lacks the scope leads:read; give a --key (LEADLIGHT_KEY) that has it"


def test_a_server_that_is_not_there_is_told() -> None:
    address = closed_port()

    said = refusal("--url", address, code=3)

    assert said.startswith(f"{address} can't be reached: ")
    assert said.endswith("; see that the server runs there, or give another --url (LEADLIGHT_URL)")


@pytest.mark.parametrize("status", [200, 302])
def test_an_address_where_something_else_answers_is_told(status: int) -> None:
    with Scripted(scripted.answer(status, b"<html>", Content_Type="text/html")) as server:
        said = refusal("--url", server.url)

    assert said == f"the answer ({status}) is none that a Leadlight server gives; look at --url (LEADLIGHT_URL)"


def test_a_stream_of_something_else_is_told() -> None:
    with Scripted(scripted.answer(200, b"id: 1\n\nid: 2\ndata: hello\n\n", Content_Type="text/event-stream")) as server:
        result = run("--key", KEY, "--url", server.url, "--forward", "http://127.0.0.1:3000/hook")

    assert result.exit_code == 1
    assert result.stderr.startswith("leadlight: the stream has what is no event of Leadlight: ")
    assert result.stderr.endswith("; look at --url (LEADLIGHT_URL)\n")
