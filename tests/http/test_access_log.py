"""The log: JSON, one line a request, with nothing in it that is secret or personal."""

import io
import json
import logging
import re
from collections.abc import Callable
from select import PIPE_BUF

import pytest
import requests

from leadlight.http.access_log import AccessLog, JsonFormatter, Noted
from leadlight.http.metrics import Metrics
from leadlight.store.database import Statistics
from tests.conftest import START, Server

Log = Callable[[Callable[[Server], object]], str]


@pytest.fixture
def log_of(
    start_server: Callable[..., Server], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> Log:
    """Uses a server that logs requests, and gives all that it logged."""
    caplog.set_level(logging.INFO, logger="leadlight.access")

    def run(use: Callable[[Server], object]) -> str:
        server = start_server()
        use(server)
        server.stop()
        return capsys.readouterr().err

    return run


def test_a_request_is_one_line(log_of: Log) -> None:
    def use(server: Server) -> None:
        server.client(server.workspace()).get("/api/v1/leads/lead_1", headers={"X-Request-Id": "mine"})

    line = json.loads(log_of(use))

    assert line.pop("milliseconds") >= 0
    assert line.pop("workspaceId").startswith("ws_")
    assert line.pop("keyId").startswith("key_")
    assert line == {
        "time": "2026-01-15T10:30:00.000Z",
        "level": "info",
        "message": "request",
        "requestId": "mine",
        "method": "GET",
        "operation": "getLead",
        "status": 404,
    }


def test_every_request_has_its_line_and_the_anonymous_no_key(log_of: Log) -> None:
    def use(server: Server) -> None:
        for path in ("/api/v1/leads", "/api/v1/nothing", "/health/live", "/nothing"):
            requests.get(server.url + path, timeout=5)
        requests.options(f"{server.url}/api/v1/leads", timeout=5)

    lines = [json.loads(line) for line in log_of(use).splitlines()]

    assert [(line["method"], line["operation"], line["status"], line.get("keyId")) for line in lines] == [
        ("GET", "listLeads", 401, None),
        ("GET", "unmatched", 404, None),
        ("GET", "page", 200, None),
        ("GET", "page", 404, None),
        ("OPTIONS", "unmatched", 204, None),
    ]


def test_no_secret_and_nothing_personal_is_logged(log_of: Log) -> None:
    keys: list[str] = []

    def use(server: Server) -> None:
        client = server.client(server.workspace())
        keys.append(client.key)
        lead = client.create("Ada Park", "ada@example.com", phone="+15551234567", metadata={"company": "Parkside"})
        client.get("/api/v1/leads?search=Ada&email=ada@example.com&metadata.company=Parkside")
        client.get(f"/api/v1/leads?search={client.key}")
        client.patch(f"/api/v1/leads/{lead['id']}", {"email": "ada park", "ada@example.com": 1})
        client.post("/api/v1/leads", data="{Ada", headers={"Idempotency-Key": "Ada", "X-Request-Id": "Ada Park"})
        client.get("/api/v1/leads/ada@example.com")
        client.get("/Ada/ada@example.com?Parkside")
        client.get("/api/v1/leads", headers={"Authorization": f"Basic {client.key}"})

    log = log_of(use)

    assert len(log.splitlines()) == 8
    assert keys[0].removeprefix("sk-workspace_") not in log
    told = re.sub("(req|ws|key)_[0-9a-z]+", "", log)  # by chance, an id spells a name
    assert not re.search("ada|park|5551234567|Bearer", told, re.IGNORECASE)


def test_nothing_is_written_when_the_level_says_so(
    start_server: Callable[..., Server], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.WARNING, logger="leadlight.access")
    server = start_server()
    requests.get(f"{server.url}/health/live", timeout=5)
    server.stop()

    assert capsys.readouterr().err == ""


def test_an_event_is_one_line_of_json() -> None:
    record = logging.LogRecord("leadlight.x", logging.WARNING, "", 0, "two\nlines %s", ("é",), None)
    record.created = 1_768_473_000.5
    record.request_id = "r"

    line = JsonFormatter().format(record)

    assert line.count("\n") == 0
    assert json.loads(line) == {
        "time": "2026-01-15T10:30:00.500Z",
        "level": "warning",
        "logger": "leadlight.x",
        "message": "two\nlines é",
        "requestId": "r",
    }


def test_what_went_wrong_stands_in_the_same_line() -> None:
    error = ZeroDivisionError("oh")
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (ZeroDivisionError, error, None))

    line = json.loads(JsonFormatter().format(record))

    assert line["exception"] == "ZeroDivisionError: oh"


async def test_a_log_that_nobody_reads_any_more_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="leadlight.access")

    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    async def statistics() -> Statistics:
        return Statistics(0, 0, 0, 0)

    metrics = Metrics(statistics)
    log = AccessLog(metrics, Closed())
    log.note(Noted(START, b"req_1", "GET", "getLead", 200, 0.001, None))

    log.flush()

    assert b'leadlight_requests_total{operation="getLead",status="200"} 1.0' in await metrics.render()


def test_lines_are_written_in_pieces_that_do_not_mix_with_those_of_other_processes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="leadlight.access")
    pieces: list[str] = []

    class Stream(io.StringIO):
        def write(self, piece: str) -> int:
            pieces.append(piece)
            return len(piece)

    async def statistics() -> Statistics:
        return Statistics(0, 0, 0, 0)

    log = AccessLog(Metrics(statistics), Stream())
    for number in range(100):
        log.note(Noted(START, b"req_%d" % number, "GET", "getLead", 200, 0.001, None))

    log.flush()

    assert max(map(len, pieces)) <= PIPE_BUF
    assert 1 < len(pieces) < 100
    lines = [json.loads(line) for piece in pieces for line in piece.splitlines()]
    assert [line["requestId"] for line in lines] == [f"req_{number}" for number in range(100)]
