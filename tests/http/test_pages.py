"""Everything outside of /api/: health, metrics, the document, and headers that keep browsers safe."""

import contextlib
import io
import json
import re
from typing import Any

import pytest
import requests

from leadlight.http.access_log import AccessLog
from leadlight.http.metrics import Metrics
from leadlight.http.pages import pages
from leadlight.store.database import Statistics
from tests.conftest import Client, MovableClock, Server


def get(server: Server, path: str, **headers: str) -> requests.Response:
    return requests.get(server.url + path, headers=headers, timeout=20, allow_redirects=False)


@pytest.mark.parametrize(
    ("path", "body"), [("/health/live", {"status": "ok"}), ("/health/ready", {"status": "ok", "store": "ok"})]
)
def test_a_server_that_is_well_says_so(server: Server, path: str, body: dict[str, str]) -> None:
    response = get(server, path)

    assert (response.status_code, response.json()) == (200, body)
    assert response.headers["Cache-Control"] == "no-store"


def test_a_server_whose_store_takes_no_writes_is_alive_but_not_ready(server: Server) -> None:
    server.do(server.database.close())

    ready, live = get(server, "/health/ready"), get(server, "/health/live")

    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert ready.headers["Retry-After"] == "1"
    assert live.status_code == 200


def test_metrics_count_requests_by_operation_and_status(server: Server, api: Client) -> None:
    lead = api.create()
    api.get(f"/api/v1/leads/{lead['id']}")
    api.get(f"/api/v1/leads/{lead['id']}")
    api.get("/api/v1/leads/lead_1")
    api.get("/api/v1/nothing")

    response = get(server, "/metrics")

    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = response.text.splitlines()
    assert 'leadlight_requests_total{operation="getLead",status="200"} 2.0' in lines
    assert 'leadlight_requests_total{operation="getLead",status="404"} 1.0' in lines
    assert 'leadlight_requests_total{operation="createLead",status="201"} 1.0' in lines
    assert 'leadlight_requests_total{operation="unmatched",status="404"} 1.0' in lines
    assert 'leadlight_request_duration_seconds_count{operation="getLead"} 3.0' in lines
    assert 'leadlight_request_duration_seconds_bucket{le="+Inf",operation="getLead"} 3.0' in lines
    assert "leadlight_waiting_writes 0.0" in lines
    assert "leadlight_write_batches_total 3.0" in lines
    assert "leadlight_writes_total 3.0" in lines  # the workspace, its key, the lead
    assert re.search(r"^leadlight_store_bytes (\d{5,}\.0|\d\.\d+e\+\d+)$", response.text, re.MULTILINE)


async def test_metrics_of_one_worker_of_several_say_which() -> None:
    async def statistics() -> Statistics:
        return Statistics(1, 2, 3, 4)

    metrics = Metrics(statistics, worker=2)
    metrics.observe("getLead", 200, 0.001)

    lines = (await metrics.render()).decode().splitlines()

    assert 'leadlight_requests_total{operation="getLead",status="200",worker="2"} 1.0' in lines
    assert [line for line in lines if not line.startswith("#") and 'worker="2"' not in line] == []


def test_metrics_name_no_lead_no_key_and_no_workspace(server: Server, api: Client) -> None:
    lead = api.create()
    api.get(f"/api/v1/leads/{lead['id']}?search=secret")

    text = get(server, "/metrics").text

    assert lead["id"] not in text
    assert api.workspace_id not in text
    assert api.key_id not in text
    assert "secret" not in text


def test_the_document_describes_the_api(server: Server) -> None:
    response = get(server, "/openapi.json")

    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["openapi"].startswith("3.1")
    assert "/api/v1/leads/{leadId}" in response.json()["paths"]


def test_the_page_of_the_api_loads_nothing_from_elsewhere(server: Server) -> None:
    response = get(server, "/docs")

    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "/api/v1/leads/{leadId}" in response.text
    assert not re.search(r"<script|<link|<img|url\(|@import", response.text)


def test_the_home_page_leads_to_the_sign_in_and_that_to_the_documentation(server: Server) -> None:
    response = get(server, "/")

    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")
    assert 'href="/docs"' in get(server, "/sign-in").text


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/health/live", "/health/ready", "/metrics", "/nothing", "/docs/x", "/api"]
)
def test_every_page_has_the_security_headers_and_a_request_id(server: Server, path: str) -> None:
    headers = get(server, path, **{"X-Request-Id": "mine"}).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Request-Id"] == "mine"
    assert "Server" not in headers


@pytest.mark.parametrize("path", ["/nothing", "/health", "/api", "/.env", "/%00"])
def test_an_address_without_a_page_is_a_404_in_the_envelope(server: Server, path: str) -> None:
    response = get(server, path)

    assert response.status_code == 404
    assert response.json() == {
        "success": False,
        "error": "There is nothing at this address",
        "code": "NOT_FOUND",
        "requestId": response.headers["X-Request-Id"],
    }


async def test_a_page_that_fails_is_a_500_that_gives_nothing_away(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Statistics:
        raise ZeroDivisionError("a secret")

    async def beat() -> None: ...

    metrics = Metrics(fail)
    application = pages(
        document=dict,
        metrics=metrics,
        access_log=AccessLog(metrics, io.StringIO()),
        clock=MovableClock(),
        beat=beat,
        lifespan=lambda _: contextlib.nullcontext(),
    )
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": [(b"x-request-id", b"r")], "state": {}}
    await application(scope, receive, send)

    assert sent[0]["status"] == 500
    assert (b"x-content-type-options", b"nosniff") in sent[0]["headers"]
    assert json.loads(sent[1]["body"]) == {
        "success": False,
        "error": "Something went wrong on our side; the log has the details under this requestId",
        "code": "INTERNAL_ERROR",
        "requestId": "r",
    }
    assert "ZeroDivisionError: a secret" in caplog.text


def test_a_page_can_only_be_read(server: Server) -> None:
    response = requests.post(f"{server.url}/metrics", timeout=5)

    assert (response.status_code, response.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == "GET, HEAD"


def test_head_of_a_page_has_no_body(server: Server) -> None:
    response = requests.head(f"{server.url}/health/live", timeout=5)

    assert (response.status_code, response.content) == (200, b"")
