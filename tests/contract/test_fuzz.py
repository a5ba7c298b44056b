"""What no client should send: it is refused with a 4xx in our envelope, and the server goes on as if nothing was."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from leadlight.http.errors import STATUS
from leadlight.http.operation import Operation
from leadlight.ids import IMPORT, OPERATION
from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server

DEEP = 100_000
TEN_MEGABYTES = 10 << 20

# Bodies that are wrong for whatever operation.
BODIES: dict[str, bytes] = {
    "blank": b"   ",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"text"',
    "a number": b"1",
    "truncated": b'{"name": "Ada", "em',
    "not closed": b'{"name": "Ada"',
    "a trailing comma": b'{"name": "Ada",}',
    "two values": b'{"name": "Ada"} {}',
    "a comment": b'{"name": "Ada" /* hi */}',
    "single quotes": b"{'name': 'Ada'}",
    "no quotes": b"{name: 1}",
    "NaN": b'{"name": NaN}',
    "-Infinity": b'{"name": -Infinity}',
    "a leading zero": b'{"name": 007}',
    "a bare control character": b'{"name": "A\x01da"}',
    "a bare NUL": b'{"name": "A\x00da"}',
    "a bad escape": rb'{"name": "\x41da"}',
    "a byte order mark": b'\xef\xbb\xbf{"name": "Ada"}',
    "UTF-16": '{"name": "Ada"}'.encode("utf-16"),
    "Latin-1": b'{"name": "Jos\xe9"}',
    "an overlong NUL": b'{"name": "\xc0\x80"}',
    "a surrogate's bytes": b'{"name": "\xed\xa0\x80"}',
    "beyond Unicode": b'{"name": "\xf4\x90\x80\x80"}',
    "a form": b"name=Ada&email=ada%40example.com",
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep lists, not closed": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep metadata": b'{"name": "Ada", "metadata": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "an unknown field": b'{"surprise": 1}',
    "a field named by a NUL": rb'{"\u0000": 1}',
    "a field named by half a surrogate pair": rb'{"\ud800": 1}',
    "the empty field": b'{"": 1}',
    "a name twice": b'{"name": "Ada", "name": "Ben"}',
    "a long number": b'{"name": ' + b"9" * 5_000 + b"}",
    "prototypes": b'{"__proto__": {"admin": true}, "constructor": 1}',
}

# Values that no field takes, at whatever depth.
VALUES: dict[str, bytes] = {
    "half a surrogate pair": rb'"\ud83d"',
    "the other half": rb'"\udc00 and more"',
    "halves the wrong way": rb'"\udc00\ud800"',
    "NUL": rb'"a\u0000b"',
    "5,000 digits": b"9" * 5_000,
    "5,000 digits, negative": b"-" + b"9" * 5_000,
    "beyond a double": b"1e999",
    "beyond a double, negative": b"-1e400",
    "a name twice": b'{"a": 1, "a": 2}',
    "half a pair as a name": rb'{"\ud800": 1}',
    "NUL as a name": rb'{"\u0000": 1}',
    "33 levels": b"[" * 33 + b"]" * 33,
    "many values": b"[" + b"0," * 40_000 + b"0]",
}

# Bodies of nearly a megabyte that are as dear as can be to read; what they say may be wrong or, for metadata, right.
COSTLY: dict[str, bytes] = {
    "many names, one of them twice": b'{%s, "1": 1}' % b", ".join(b'"%d": 1' % number for number in range(70_000)),
    "the same name": b"{%s}" % b",".join([b'"a":1'] * 150_000),
    "names twice, deep down": b'{"metadata": {"a": {%s}}}' % b",".join(b'"%d":1' % (n // 2) for n in range(90_000)),
    "many empty objects": b'{"metadata": {"a": [%s]}}' % b",".join([b"{}"] * 300_000),
    "many long numbers": b'{"metadata": {"a": [%s]}}' % b",".join([b"9" * 309] * 3_000),
    "many small fractions": b'{"metadata": {"a": [%s]}}' % b",".join([b"1e-300"] * 140_000),
    "many escapes": b'{"name": "%s"}' % (rb"\u00e9" * 160_000),
    "white space": b'{"name":' + b" " * 1_000_000 + b'"Ada Park"}',
    "an email of dots": b'{"name": "Ada", "email": "%s@example.com"}' % (b"a." * 500_000),
}

QUERIES: dict[str, bytes] = {
    "unknown": b"surprise=1",
    "without a value": b"surprise",
    "without a name": b"=1",
    "twice": b"limit=1&limit=1",
    "bad UTF-8": b"search=%ff",
    "an encoded surrogate": b"search=%ed%a0%80",
    "NUL": b"search=a%00b",
    "NUL in a name": b"%00=1",
    "bad percent-encoding": b"limit=%zz",
    "a lone percent": b"limit=%",
    "not a number": b"limit=ten",
    "a huge number": b"limit=" + b"9" * 5_000,
    "a negative number": b"limit=-1",
    "a fraction": b"limit=1.5",
    "an exponent": b"limit=1e2",
    "a sign": b"limit=%2B1",
    "hexadecimal": b"limit=0x1",
    "underscores": b"limit=1_0",
    "foreign digits": b"limit=%D9%A3",
    "nothing": b"limit=",
    "brackets": b"limit[]=1",
    "a long text": b"search=" + b"a" * 20_000,
    "many": b"&".join(b"a%d=1" % number for number in range(2_000)),
    "no cursor": b"cursor=!!!&after=x",
    "a cursor of something else": b"cursor=WyJhIiwxXQ&after=-1",
    "a cursor with a huge number": b"cursor=WyJjcmVhdGVkQXQiLDk5OTk5OTk5OTk5OTk5OTk5OTk5OTksImxlYWRfYSJd&after="
    + b"9" * 19,
    "a metadata key with a quote": b"metadata.a%22b=1",
    "a metadata key with a backslash": b"metadata.a%5C=1",
    "no metadata key": b"metadata.=1",
    "times": b"createdAfter=yesterday&updatedBefore=99999-01-01",
    "a time before time": b"createdAfter=0000-00-00T00:00:00Z",
    "SQL": b"sort=name;DROP%20TABLE%20leads",
    "prototypes": b"__proto__=1",
}

# Values by JSON type, and the fields that take them.
TYPES: dict[str, Any] = {
    "true": True,
    "number": 7,
    "fraction": 1.5,
    "blank": " ",
    "list": [],
    "texts": ["a"],
    "object": {},
    "null": None,
}
TAKEN = {
    ("phone", "null"), ("source", "null"), ("metadata", "null"), ("metadata", "object"),
    ("followUpAt", "null"), ("followUpNote", "null"),
    ("id", "blank"), ("createdAt", "blank"), ("updatedAt", "blank"), ("workspaceId", "blank"),
    ("rateLimit", "number"), ("rateLimit", "null"), ("expiresAt", "null"), ("graceSeconds", "number"),
    ("description", "blank"), ("description", "null"), ("active", "true"), ("until", "null"), ("types", "null"),
    ("allowedOrigins", "list"), ("redirectUrl", "null"), ("fieldMap", "object"), ("defaults", "object"),
    ("defaults", "null"), ("onDuplicate", "null"), ("matchOn", "null"), ("honeypot", "null"),
    ("rateLimitPerMinute", "number"), ("minimumFillSeconds", "number"), ("googleAdsKey", "null"),
    ("metaVerifyToken", "null"), ("metaAppSecret", "null"), ("metaAccessToken", "null"), ("typeformSecret", "null"),
    ("tallySecret", "null"), ("ids", "null"), ("filter", "null"), ("filter", "object"), ("prefer", "object"),
    ("dryRun", "true"), ("atomic", "true"), ("confirm", "number"), ("leads", "texts"),
}  # fmt: skip


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    def check_refusal(self) -> dict[str, Any]:
        """Sees to it that this is a 4xx in the envelope (contract §1), and gives its body."""
        assert 400 <= self.status < 500, (self.status, self.content[:500])
        body: dict[str, Any] = json.loads(self.content)
        assert body["success"] is False
        assert STATUS[body["code"]] == self.status
        assert body["error"]
        assert body["requestId"] == self.headers["X-Request-Id"]
        assert self.headers["Content-Type"] == "application/json"
        assert "Traceback" not in body["error"]
        assert len(self.content) < 200_000
        return body


class Target:
    """A server, with one of each for the operations that name one: a lead, a note, a key, a webhook …"""

    def __init__(self, server: Server) -> None:
        self.server = server
        workspace_id = server.workspace()
        self.admin: Client = server.client(workspace_id, Scope.ADMIN)
        self.spare = server.client(workspace_id)
        self.lead_id = self.admin.create()["id"]
        sent = {"url": "http://93.184.215.14/", "events": ["*"]}
        self.webhook = self.admin.post("/api/v1/webhooks", sent).json()["data"]
        self.delivery = self.admin.post(f"/api/v1/webhooks/{self.webhook['id']}/test").json()["data"]
        self.form = self.admin.post("/api/v1/forms", {"name": "Contact"}).json()["data"]
        requests.post(f"{server.url}/capture/{self.form['id']}", json={}, timeout=5)
        [self.submission] = self.submissions()
        self.note = self.admin.post(f"/api/v1/leads/{self.lead_id}/notes", {"text": "Call her"}).json()["data"]
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self.operations = {operation.id: operation for operation in server.services.operations()}

    def submissions(self) -> list[dict[str, Any]]:
        answer = self.admin.get(f"/api/v1/forms/{self.form['id']}/submissions")
        return list(answer.json()["data"]["submissions"])

    def path(self, operation: Operation) -> str:
        id_ = {
            "lead": self.lead_id,
            "key": self.spare.key_id,
            "webhook": self.webhook["id"],
            "delivery": self.delivery["id"],
            "form": self.form["id"],
            "submission": self.submission["id"],
            "note": self.note["id"],
            "operation": f"{OPERATION.prefix}none",
            "import": f"{IMPORT.prefix}none",
        }
        start, _, end = operation.path.partition("{")
        return start + (id_[operation.path_id.name] + end.partition("}")[2] if operation.path_id else "")

    def send(
        self,
        operation: Operation,
        body: bytes | None = None,
        query: bytes = b"",
        headers: dict[str, bytes | None] | None = None,
    ) -> Answer:
        target = self.path(operation).encode() + (b"?" + query if query else b"")
        lines: dict[str, bytes | None] = {
            "Host": b"localhost",
            "Authorization": b"Bearer " + self.admin.key.encode(),
            "Connection": b"close",
        }
        if body is not None:
            lines |= {"Content-Type": b"application/json", "Content-Length": b"%d" % len(body)}
        lines |= headers or {}
        head = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in lines.items() if value is not None)
        return self.send_raw(b"%s %s HTTP/1.1\r\n%s\r\n%s" % (operation.method.encode(), target, head, body or b""))

    def send_raw(self, request: bytes) -> Answer:
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            answer = Answer(response.status, response.headers, response.read())
            response.close()
            return answer

    def check_health(self) -> None:
        """Lead, note, webhook, delivery and form are as they were, nothing was added, and the server serves."""
        data = self.admin.get("/api/v1/leads").json()["data"]
        assert [lead["name"] for lead in data["leads"]] == ["Ada Park"]
        assert len(self.admin.get("/api/v1/keys").json()["data"]["keys"]) == 2
        [webhook] = self.admin.get("/api/v1/webhooks").json()["data"]["webhooks"]
        assert webhook | {"secret": self.webhook["secret"]} == self.webhook
        deliveries = self.admin.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").json()["data"]["deliveries"]
        assert deliveries == [self.delivery]
        assert self.admin.get("/api/v1/forms").json()["data"]["forms"] == [self.form]
        assert self.submissions() == [self.submission]
        assert self.admin.get(f"/api/v1/leads/{self.lead_id}/notes").json()["data"]["notes"] == [self.note]


@pytest.fixture(scope="module")
def target(new_store: Callable[[], dict[str, Any]]) -> Iterator[Target]:
    server = Server(new_store(), MovableClock(), background=False)  # which sends nothing
    target = Target(server)
    yield target
    target.check_health()
    target.connection.close()
    server.stop()


@pytest.mark.parametrize("name", BODIES)
def test_refuses_a_body_that_is(target: Target, name: str) -> None:
    for operation in _with_body(target):
        target.send(operation, BODIES[name]).check_refusal()


def test_refuses_at_once_although_the_connection_closes(target: Target) -> None:
    started = time.monotonic()

    target.send(target.operations["createLead"], b"{}", headers={"Connection": b"close"}).check_refusal()

    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", VALUES)
def test_refuses_in_any_field(target: Target, name: str) -> None:
    for operation in _with_body(target):
        for field in _field_names(operation):
            if field == "leads" and VALUES[name].startswith(b"[["):
                continue  # a list of one lead, which is refused by itself
            body = target.send(operation, _with_field(operation, field, VALUES[name])).check_refusal()
            if body["code"] == "VALIDATION_ERROR":
                assert field in str(body["details"]["errors"]), (operation.id, field)


@pytest.mark.parametrize("name", VALUES)
def test_refuses_deep_in_metadata(target: Target, name: str) -> None:
    for operation_id in ("createLead", "updateLead", "patchLead"):
        operation = target.operations[operation_id]
        nested = b'{"a": [{"b": %s}]}' % VALUES[name]
        target.send(operation, _with_field(operation, "metadata", nested)).check_refusal()


@pytest.mark.parametrize("type_", TYPES)
def test_refuses_the_wrong_type_in_any_field(target: Target, type_: str) -> None:
    for operation in _with_body(target):
        for field in _field_names(operation):
            if (field, type_) not in TAKEN:
                wrong = _with_field(operation, field, json.dumps(TYPES[type_]).encode())
                body = target.send(operation, wrong).check_refusal()
                assert body["code"] == "VALIDATION_ERROR", (operation.id, field)
                assert field in {problem["field"] for problem in body["details"]["errors"]}, (operation.id, field)


def test_refuses_ten_megabytes(target: Target) -> None:
    text = b'"' + b"a" * TEN_MEGABYTES + b'"'
    for operation in _with_body(target):
        answer = target.send(operation, _with_field(operation, "name", text))
        assert answer.check_refusal()["code"] == "PAYLOAD_TOO_LARGE"


def test_refuses_ten_megabytes_that_were_not_announced(target: Target) -> None:
    operation = target.operations["createLead"]
    chunks = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    body = chunks * 160 + b"0\r\n\r\n"

    answer = target.send(operation, body, headers={"Transfer-Encoding": b"chunked", "Content-Length": None})

    assert answer.check_refusal()["code"] == "PAYLOAD_TOO_LARGE"


def test_answers_many_problems_in_few_words(target: Target) -> None:
    many = b", ".join(b'"field %d": 1' % number for number in range(40_000))
    for operation in _with_body(target):
        target.send(operation, b"{%s}" % many).check_refusal()
    nuls = b"[%s]" % b",".join([rb'"\u0000"'] * 50_000)
    target.send(target.operations["createLead"], b'{"metadata": {"a": %s}}' % nuls).check_refusal()


@pytest.mark.parametrize("name", COSTLY)
def test_does_not_stand_still_over(target: Target, name: str) -> None:
    started = time.process_time()  # the server is in this process; others may have the machine

    for operation_id in ("createLead", "patchLead"):
        target.send(target.operations[operation_id], COSTLY[name])

    assert time.process_time() - started < 4


@pytest.mark.parametrize("name", QUERIES)
def test_refuses_a_query_with(target: Target, name: str) -> None:
    for operation in target.operations.values():
        if operation.id not in (
            "revokeKey",
            "rotateKey",
            "deleteLead",
        ):  # these take none, and do harm if it is ignored
            answer = target.send(operation, _example(operation), QUERIES[name])
            assert answer.check_refusal()["code"] == "VALIDATION_ERROR", operation.id
    for operation_id in ("revokeKey", "rotateKey", "deleteLead"):
        target.send(target.operations[operation_id], None, QUERIES[name]).check_refusal()


def test_refuses_a_head_that_is_too_large(target: Target) -> None:
    for operation in target.operations.values():
        body = target.send(operation, _example(operation), b"search=" + b"a" * 40_000).check_refusal()
        assert body["code"] == "HEADERS_TOO_LARGE"


@pytest.mark.parametrize(
    "key",
    [b"", b" ", b"a" * 256, b"caf\xc3\xa9", b"\xff\xfe", b"a\tb", b"\x7f"],
    ids=["none", "blank", "long", "é", "bytes", "tab", "DEL"],
)
def test_refuses_an_idempotency_key_like(target: Target, key: bytes) -> None:
    operation = target.operations["createLead"]

    target.send(operation, _example(operation), headers={"Idempotency-Key": key}).check_refusal()


@pytest.mark.parametrize(
    "tag", [b"", b"garbage", b'"', b'"no such"', b"W/", b',,,"a"', b"\xff\xfe", b'"' + b"a" * 20_000 + b'"']
)
def test_changes_nothing_on_an_if_match_like(target: Target, tag: bytes) -> None:
    for operation_id in ("updateLead", "patchLead", "deleteLead"):
        operation = target.operations[operation_id]
        answer = target.send(operation, _example(operation), headers={"If-Match": tag})
        assert answer.check_refusal()["code"] == "PRECONDITION_FAILED"


@pytest.mark.parametrize("tag", [b"", b"garbage", b'"', b"W/", b"\xff\xfe", b'"' + b"a" * 20_000 + b'"'])
def test_answers_in_full_to_an_if_none_match_like(target: Target, tag: bytes) -> None:
    answer = target.send(target.operations["getLead"], headers={"If-None-Match": tag})

    assert (answer.status, json.loads(answer.content)["data"]["id"]) == (200, target.lead_id)


@pytest.mark.parametrize("given", [b"", b"a b", b"a" * 129, b'"><script>', b"\xff\xfe", b"caf\xc3\xa9", b"a;b"])
def test_makes_its_own_request_id_instead_of(target: Target, given: bytes) -> None:
    for operation_id in ("getLead", "listLeads"):
        answer = target.send(target.operations[operation_id], headers={"X-Request-Id": given})
        assert answer.status == 200
        assert answer.headers["X-Request-Id"].startswith("req_")
    answer = target.send(target.operations["getLead"], query=b"a=1", headers={"X-Request-Id": given})
    assert answer.check_refusal()["requestId"].startswith("req_")


@pytest.mark.parametrize(
    "media_type",
    [
        b"",
        b"text/plain",
        b"text/json",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"application/json; charset=utf-16",
        b"application/jsonp",
        b"application/json, text/plain",
        b"\xff\xfe",
        b"a" * 20_000,
    ],
)
def test_refuses_a_media_type_like(target: Target, media_type: bytes) -> None:
    for operation in _with_body(target):
        answer = target.send(operation, _example(operation), headers={"Content-Type": media_type})
        assert answer.check_refusal()["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("length", [b"-1", b"+5", b"five", b"5, 5", b"5.0", b"0x10", b"9" * 30, b"\xff"])
def test_refuses_a_content_length_like(target: Target, length: bytes) -> None:
    for operation in _with_body(target):
        target.send(operation, b'{"name": 1}', headers={"Content-Length": length}).check_refusal()


@pytest.mark.parametrize(
    "header",
    [b"", b"Bearer", b"Bearer ", b"Basic YTpi", b"Bearer a b", b"Bearer \xff\xfe", b"Bearer " + b"a" * 20_000, b"\x01"],
)
def test_refuses_an_authorization_like(target: Target, header: bytes) -> None:
    for operation in target.operations.values():
        answer = target.send(operation, _example(operation), headers={"Authorization": header})
        code = answer.check_refusal()["code"]
        assert code in (
            "MISSING_AUTH_HEADER",
            "MALFORMED_AUTH_HEADER",
            "INVALID_API_KEY",
            "BAD_REQUEST",
            "RATE_LIMIT_EXCEEDED",
        )


@pytest.mark.parametrize(
    "path",
    [
        b"/api/v1/leads/%00",
        b"/api/v1/leads/%ff",
        b"/api/v1/leads/lead_%00",
        b"/api/v1/leads/lead_a%2F..%2Fkeys",
        b"/api/v1/leads/lead_%F0%9F%98%80",
        b"/api/v1/leads/lead_" + b"a" * 10_000,
        b"/api/v1/leads/../../etc/passwd",
        b"/api/v1/leads//events",
        b"/api/v1//leads",
        b"/api/v1/leads/",
        b"/api/v1/leads;a=1",
        b"/api/",
        b"/api/v2/leads",
        b"/%2e%2e/%2e%2e/etc/passwd",
        b"/caf\xc3\xa9",
        b"*",
    ],
)
def test_refuses_a_path_like(target: Target, path: bytes) -> None:
    key = target.admin.key.encode()
    for method in (b"GET", b"DELETE", b"PATCH"):
        head = b"Host: a\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n" % key
        target.send_raw(b"%s %s HTTP/1.1\r\n%s" % (method, path, head)).check_refusal()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET\r\n\r\n",
        b"FOO / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/v1/leads HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET /api/v1/leads HTTP/1.1\r\nHost: a\r\nA\x00B: c\r\n\r\n",
        b"POST /api/v1/leads HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        b"POST /api/v1/leads HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/leads HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=range(9),
)
def test_refuses_what_is_no_http(target: Target, request_: bytes) -> None:
    target.send_raw(request_ + b"\r\n").check_refusal()


@settings(max_examples=80, deadline=None, database=None)
@given(
    body=st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
        lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    ).map(lambda value: json.dumps(value).encode())
)
def test_never_fails_on_a_body(target: Target, body: bytes) -> None:
    connection = target.connection
    for operation in _with_body(target):
        if operation.id in ("createKey", "rotateKey") and body.strip()[:1] in (b"{", b""):
            continue  # might be right by chance, and make a key
        connection.request(operation.method, target.path(operation), body, _headers(target))
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        if answer.status != 200:
            answer.check_refusal()
    connection.request("GET", target.path(target.operations["getLead"]), headers=_headers(target))
    usable = connection.getresponse().read()
    assert json.loads(usable)["data"]["name"] == "Ada Park"


@settings(max_examples=80, deadline=None, database=None)
@given(
    query=st.lists(
        st.tuples(
            st.sampled_from(
                [b"page", b"limit", b"cursor", b"search", b"status", b"metadata.a", b"email", b"after", b"sort"]
            )
            | st.binary(max_size=8),
            st.binary(max_size=30) | st.from_regex(rb"[%0-9a-fA-F]{0,30}", fullmatch=True),
        ),
        max_size=4,
    )
)
def test_never_fails_on_a_query(target: Target, query: list[tuple[bytes, bytes]]) -> None:
    connection = target.connection
    text = "&".join(f"{_visible(name)}={_visible(value)}" for name, value in query)
    for operation_id in (
        *("listLeads", "listEvents", "listLeadEvents", "listKeys", "getLead"),
        *("listWebhooks", "getWebhook", "listDeliveries", "getDelivery"),
    ):
        path = target.path(target.operations[operation_id])
        connection.request("GET", f"{path}?{text}", headers=_headers(target))
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        if answer.status != 200:
            answer.check_refusal()


def _with_body(target: Target) -> list[Operation]:
    return [operation for operation in target.operations.values() if operation.body is not None]


def _field_names(operation: Operation) -> list[str]:
    assert operation.body is not None
    return list(operation.body.__struct_encode_fields__)


def _example(operation: Operation) -> bytes | None:
    return None if operation.body is None else json.dumps(dict(operation.request_example or {})).encode()


def _with_field(operation: Operation, field: str, value: bytes) -> bytes:
    """The operation's own example with one field put in raw."""
    others = {name: given for name, given in (operation.request_example or {}).items() if name != field}
    return b'{"%s": %s' % (field.encode(), value) + json.dumps(others).encode().replace(
        b"{", b", " if others else b"", 1
    )


def _headers(target: Target) -> dict[str, str]:
    return {"Authorization": f"Bearer {target.admin.key}", "Content-Type": "application/json"}


def _visible(raw: bytes) -> str:
    """What can stand in a request line; the rest is percent-encoded."""
    return "".join(chr(byte) if 33 <= byte < 127 and byte not in b"&=#" else f"%{byte:02x}" for byte in raw)
