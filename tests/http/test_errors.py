"""Failures: one shape for all of them, each with its status, its headers and the request's id."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import requests
from starlette.applications import Starlette

from leadlight.errors import StoreUnavailable
from leadlight.http.auth import Authenticator
from leadlight.http.dispatch import Dispatch
from leadlight.http.operation import Operation
from leadlight.http.ratelimit import SlidingWindows
from leadlight.http.streaming import OpenStreams, StreamTimes
from leadlight.principal import Actor, Principal, Scope
from tests.conftest import Client, MovableClock, Server

ADA = {"name": "Ada Park", "email": "ada@example.com"}


# One shape


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("GET", "/api/v1/leads/lead_1", None, {}, 404, "LEAD_NOT_FOUND"),
        ("GET", "/api/v1/leads/1", None, {}, 400, "INVALID_ID_FORMAT"),
        ("DELETE", "/api/v1/keys/key_1", None, {}, 404, "NOT_FOUND"),
        ("DELETE", "/api/v1/keys/1", None, {}, 400, "INVALID_ID_FORMAT"),
        ("GET", "/api/v1/nothing", None, {}, 404, "NOT_FOUND"),
        ("GET", "/api/", None, {}, 404, "NOT_FOUND"),
        ("GET", "/api", None, {}, 404, "NOT_FOUND"),
        ("GET", "/nothing", None, {}, 404, "NOT_FOUND"),
        ("POST", "/health/live", None, {}, 405, "METHOD_NOT_ALLOWED"),
        ("PATCH", "/api/v1/leads", "{}", {}, 405, "METHOD_NOT_ALLOWED"),
        ("BREW", "/api/v1/leads", None, {}, 400, "BAD_REQUEST"),
        ("TRACE", "/api/v1/leads", None, {}, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/api/v1/leads", "{}", {}, 400, "VALIDATION_ERROR"),
        ("POST", "/api/v1/leads", "{", {}, 400, "INVALID_JSON"),
        ("POST", "/api/v1/leads", "{}", {"Content-Type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", "/api/v1/leads", " " * 1_048_577, {}, 413, "PAYLOAD_TOO_LARGE"),
        ("PUT", "/api/v1/leads/lead_1", "{}", {"If-Match": '"x"'}, 404, "LEAD_NOT_FOUND"),
        ("GET", "/api/v1/leads?nope=1", None, {}, 400, "VALIDATION_ERROR"),
        ("GET", "/api/v1/leads", None, {"Authorization": "x"}, 401, "MALFORMED_AUTH_HEADER"),
        ("GET", "/api/v1/leads", None, {"Authorization": "Bearer x"}, 401, "INVALID_API_KEY"),
    ],
)
def test_every_failure_has_the_envelope(
    admin: Client, method: str, path: str, body: str | None, headers: dict[str, str], status: int, code: str
) -> None:
    response = admin.request(method, path, data=body, headers=headers)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["success"] is False
    assert response.json()["error"]
    assert response.json()["requestId"] == response.headers["X-Request-Id"]
    assert response.headers["Content-Type"] == "application/json"
    assert "Traceback" not in response.text
    assert set(response.json()) <= {"success", "error", "code", "details", "requestId"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/leads/",
        "/api/v1/leads//events",
        "/api/v1//leads",
        "/api/v1",
        "/api/v2/leads",
        "/api/v1/leads/lead_1/events/1",
        "/api/v1/leads/lead_1%2Fevents%2Fx",
        "/api/v1/Leads",
    ],
)
def test_an_address_that_is_almost_right_is_wrong(api: Client, path: str) -> None:
    response = api.get(path)

    assert response.status_code == 404
    assert response.json()["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/api/v1/leads", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/api/v1/leads/lead_1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("POST", "/api/v1/events", "GET, HEAD, OPTIONS"),
        ("GET", "/api/v1/keys/key_1/rotate", "OPTIONS, POST"),
        ("HEAD", "/api/v1/keys/key_1", "DELETE, OPTIONS"),
    ],
)
def test_a_method_that_is_not_possible_is_told_which_are(server: Server, method: str, path: str, allow: str) -> None:
    response = requests.request(method, server.url + path, timeout=5)

    assert response.status_code == 405
    assert response.headers["Allow"] == allow


def test_the_possible_methods_stand_in_the_body_too(api: Client) -> None:
    response = api.delete("/api/v1/events")

    assert response.json()["error"] == "DELETE is not possible here; possible are GET, HEAD, OPTIONS"
    assert response.json()["details"] == {"allowed": ["GET", "HEAD", "OPTIONS"]}


# HEAD and OPTIONS


def test_options_says_what_is_possible_to_anyone(server: Server) -> None:
    response = requests.options(f"{server.url}/api/v1/leads/lead_1", timeout=5)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"


def test_options_of_no_address_is_not_found(server: Server) -> None:
    assert requests.options(f"{server.url}/api/v1/nothing", timeout=5).status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/leads", "/api/v1/leads/lead_1", "/api/v1/leads?page=x", "/api/v1/nothing"])
def test_head_is_get_without_its_body(api: Client, path: str) -> None:
    get, head = api.get(path, headers={"X-Request-Id": "r"}), api.request("HEAD", path, headers={"X-Request-Id": "r"})

    assert head.status_code == get.status_code
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


# Troubles of our own


class Nothing(msgspec.Struct):
    pass


async def answer(error: Exception) -> tuple[int, dict[str, str], dict[str, Any]]:
    """What a client is told when a handler raises this."""
    caller = Principal(Actor.of("key_1"), "ws_1", frozenset(Scope), 0, None)

    async def find_principal(_: str) -> Principal:
        return caller

    async def fail(_: Principal) -> Nothing:
        raise error

    authenticator = Authenticator(find_principal, MovableClock())
    dispatch = Dispatch(
        [Operation("fail", "GET", "/api/fail", "", "", "", scope=None, response=Nothing, example={}, handler=fail)],
        authenticator=authenticator,
        windows=SlidingWindows(),
        failures=SlidingWindows(),
        note=lambda _: None,
        clock=MovableClock(),
        rate_limit=0,
        failure_limit=0,
        max_body_bytes=1024,
        max_upload_bytes=1024,
        streams=OpenStreams(authenticator, MovableClock(), StreamTimes()),
        elsewhere=Starlette(),
    )
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer x"), (b"x-request-id", b"r")]
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/api/fail", "headers": headers}
    await dispatch({**scope, "query_string": b""}, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, msgspec.json.decode(sent[1]["body"])


async def test_a_bug_is_a_500_that_gives_nothing_away(caplog: pytest.LogCaptureFixture) -> None:
    status, _, body = await answer(ZeroDivisionError("a secret"))

    assert status == 500
    assert body == {
        "success": False,
        "error": "Something went wrong on our side; the log has the details under this requestId",
        "code": "INTERNAL_ERROR",
        "requestId": "r",
    }
    assert [(record.message, vars(record)["request_id"]) for record in caplog.records] == [("fail failed", "r")]
    assert "ZeroDivisionError: a secret" in caplog.text


async def test_a_store_that_is_away_is_a_503_that_says_when_to_try_again() -> None:
    status, headers, body = await answer(StoreUnavailable())

    assert (status, headers["retry-after"]) == (503, "1")
    assert (body["code"], body["error"]) == ("SERVICE_UNAVAILABLE", "The store is not available right now")


# Bodies that are not read


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/json; charset=latin-1",
        "x",
        "",
    ],
)
def test_a_body_that_is_not_json_by_its_media_type_is_refused(api: Client, media_type: str) -> None:
    response = api.post("/api/v1/leads", data=b'{"name":"Ada","email":"a@b.co"}', headers={"Content-Type": media_type})

    assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.json()["error"] == "Send JSON, with the header Content-Type: application/json"
    assert response.json()["details"] == {"given": media_type}


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "Application/JSON", 'application/json;charset="UTF-8"', "application/merge-patch+json", None],
)
def test_json_by_any_of_its_names_is_read(api: Client, media_type: str | None) -> None:
    response = api.post("/api/v1/leads", data=b'{"name":"Ada","email":"a@b.co"}', headers={"Content-Type": media_type})

    assert response.status_code == 201


def test_a_body_that_is_too_large_is_refused_by_its_announced_size(start_server: Callable[..., Server]) -> None:
    server = start_server(max_body_bytes=2048)
    client = server.client(server.workspace())

    refused = client.post("/api/v1/leads", {**ADA, "metadata": {"a": "b" * 2048}})
    taken = client.post("/api/v1/leads", {**ADA, "metadata": {"a": "b" * 1024}})

    assert (refused.status_code, refused.json()["details"]) == (413, {"limit": 2048})
    assert refused.json()["error"] == "The body is larger than 2048 bytes"
    assert taken.status_code == 201


def test_a_body_that_is_too_large_is_refused_without_an_announced_size_too(
    start_server: Callable[..., Server],
) -> None:
    server = start_server(max_body_bytes=2048)
    client = server.client(server.workspace())

    response = client.post("/api/v1/leads", data=iter([b" " * 1024] * 3))

    assert (response.status_code, response.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("body", "error", "details"),
    [
        (
            b'{"name": "Ada",\n "email": }',
            "The body is not JSON: Expecting value (line 2, column 11)",
            {"line": 2, "column": 11, "position": 26},
        ),
        (b"", "The body is not JSON: Expecting value (line 1, column 1)", {"line": 1, "column": 1, "position": 0}),
        (b'{"name": "\xff"}', "The body is not UTF-8 (byte 10)", {"position": 10}),
        (
            b'{"name": "NaN",\n "metadata": {"a": NaN}}',
            "The body is not JSON: NaN is no number (line 2, column 20)",
            {"line": 2, "column": 20, "position": 35},
        ),
    ],
)
def test_a_body_that_is_not_json_is_told_where(api: Client, body: bytes, error: str, details: dict[str, int]) -> None:
    response = api.post("/api/v1/leads", data=body, headers={"Content-Type": "application/json"})

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_JSON")
    assert response.json()["error"] == error
    assert response.json()["details"] == details


# The request's id


@pytest.mark.parametrize("given", ["a", "req-7.a_b:c", "0" * 128])
def test_a_sane_request_id_comes_back(api: Client, given: str) -> None:
    response = api.get("/api/v1/leads/lead_1", headers={"X-Request-Id": given})

    assert response.headers["X-Request-Id"] == given
    assert response.json()["requestId"] == given


@pytest.mark.parametrize("given", ["", "a b", "0" * 129, '"quoted"', "<script>", b"\xff", "a;b"])
def test_an_insane_request_id_is_replaced(api: Client, given: str | bytes) -> None:
    response = api.get("/api/v1/leads/lead_1", headers={"X-Request-Id": given})

    assert re.fullmatch("req_[0-9a-f]{16}", response.headers["X-Request-Id"])
    assert response.json()["requestId"] == response.headers["X-Request-Id"]


def test_requests_without_an_id_get_different_ones(api: Client) -> None:
    first, second = api.get("/api/v1/leads"), api.get("/api/v1/leads")

    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_a_success_has_a_request_id_in_its_header_alone(api: Client) -> None:
    response = api.get("/api/v1/leads")

    assert "X-Request-Id" in response.headers
    assert "requestId" not in response.json()


@pytest.mark.parametrize("path", ["/api/v1/leads", "/api/v1/nothing"])
def test_answers_are_not_sniffed_for_other_types(api: Client, path: str) -> None:
    assert api.get(path).headers["X-Content-Type-Options"] == "nosniff"
