"""The wall between workspaces: no answer to one ever shows another's data, or that it exists.

All data of a workspace carries its mark. Whatever a request says, its answer must not hold the mark,
the ids or the keys of another workspace, but for what the request itself brought along.
"""

import base64
import http.client
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from leadlight.http.operation import Operation
from leadlight.principal import Scope
from leadlight.workspaces.service import KeySpec
from tests.conftest import Client, MovableClock, Server
from tests.webhooks.receiver import Receiver

EMAILS = ("ann@example.com", "ANN@example.com", "bob@example.com")
STATUSES = ("new", "contacted", "lost")
WORKSPACES = st.integers(0, 2)
NUMBERS = st.integers(0, 3)
ON_A_WEBHOOK = [
    ("GET", "", None),
    ("PUT", "", {"active": False}),
    ("PUT", "", {"active": True}),
    ("DELETE", "", None),
    ("POST", "/rotate-secret", None),
    ("POST", "/test", None),
    ("POST", "/replay", {"since": "2026-01-01", "until": "2027-01-01"}),
    ("GET", "/deliveries", None),
]
"""Method, what follows its id, body."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def code(self) -> str:
        return str(self.body["code"])

    def text(self) -> str:
        """All that it says, cursors decoded."""
        shown = json.dumps([self.headers, self.body], ensure_ascii=False)
        cursor = self.body.get("data", {}).get("pagination", {}).get("nextCursor") if self.body else None
        if isinstance(cursor, str) and not cursor.isdigit() and not cursor.startswith(("key_", "wh_", "dlv_")):
            shown += base64.urlsafe_b64decode(cursor + "==").decode()
        return shown.lower()

    def without_ids(self, id_: str) -> tuple[int, str, dict[str, str]]:
        """What is left to compare when the id that was asked for is taken out."""
        body = {name: value for name, value in self.body.items() if name != "requestId"}
        headers = {name: value for name, value in self.headers.items() if name not in ("x-request-id", "date")}
        return self.status, json.dumps(body).replace(id_, "<id>"), headers


@dataclass
class World:
    """One workspace as its owner knows it."""

    id: str
    mark: str
    keys: dict[str, str]
    leads: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[int, str, str]] = field(default_factory=list)
    position: int = 0
    done_once: dict[str, tuple[Any, str, bool]] = field(default_factory=dict)
    cursors: list[str] = field(default_factory=lambda: [""])
    feed_cursors: list[str] = field(default_factory=lambda: ["0"])
    etags: list[str] = field(default_factory=lambda: ['"none"'])
    gone: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    webhooks: dict[str, str] = field(default_factory=dict)
    deleted_webhooks: list[str] = field(default_factory=list)
    deliveries: dict[str, None] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return next(secret for id_, secret in self.keys.items() if id_ not in self.revoked)

    def record(self, type_: str, lead_id: str) -> None:
        self.position += 1
        self.events.append((self.position, type_, lead_id))

    def told(self, *, after: int = 0, lead_id: str | None = None) -> list[tuple[str, str]]:
        """The events that a reader gets, by type and lead."""
        return [(type_, id_) for at, type_, id_ in self.events if at > after and lead_id in (None, id_)]

    def secrets(self) -> list[str]:
        hooks = [*self.webhooks, *self.webhooks.values(), *self.deleted_webhooks, *self.deliveries]
        return [self.id, self.mark, *self.keys, *self.keys.values(), *self.leads, *self.gone, *hooks]

    def find_by_email(self, email: str) -> str | None:
        return min((id_ for id_, lead in self.leads.items() if lead["email"].lower() == email.lower()), default=None)


class Walls(RuleBasedStateMachine):
    """Three workspaces on one server, beside those of the runs before."""

    server: Server
    receiver: Receiver

    def __init__(self) -> None:
        super().__init__()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.worlds: list[World] = []
        for number in range(3):
            self.worlds.append(self._new_world(number))
            self._create_webhook(self.worlds[-1])

    def teardown(self) -> None:
        self.connection.close()
        self._see_what_was_sent()

    # What the clients do

    @rule(
        w=WORKSPACES,
        n=NUMBERS,
        email=st.sampled_from(EMAILS),
        once=st.none() | st.sampled_from(["k1", "k2"]),
        duplicates=st.sampled_from(["", "?onDuplicate=reject", "?onDuplicate=update"]),
    )
    def create(self, w: int, n: int, email: str, once: str | None, duplicates: str) -> None:
        world = self.worlds[w]
        sent = {"name": f"{world.mark} {n}", "email": email, "metadata": {f"k{n}": world.mark}}
        answer = self.ask(world, "POST", f"/api/v1/leads{duplicates}", sent, **_if_given("Idempotency-Key", once))
        asked_before = world.done_once.get(once) if once else None
        existing = world.find_by_email(email) if duplicates else None
        if asked_before is not None:
            request, lead_id, erased = asked_before
            if erased or request != (sent, duplicates):
                assert (answer.status, answer.code) == (409, "CONFLICT")
            else:
                assert (answer.data["id"], answer.headers["idempotency-replayed"]) == (lead_id, "true")
            return
        if existing is not None and duplicates.endswith("reject"):
            assert (answer.status, answer.code) == (409, "CONFLICT")
            assert answer.body["details"]["existingId"] == existing
            return
        if existing is not None:
            assert (answer.status, answer.data["id"]) == (200, existing)
            self._change(world, existing, sent)
        else:
            assert answer.status == 201
            existing = answer.data["id"]
            world.leads[existing] = sent | {"status": "new"}
            world.record("lead.created", existing)
        assert _told(answer.data) == world.leads[existing]
        world.etags.append(answer.headers["etag"])
        if once:
            world.done_once[once] = ((sent, duplicates), existing, False)

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS, status=st.sampled_from(STATUSES), blind=st.booleans())
    def update(self, w: int, whose: int, n: int, status: str, blind: bool) -> None:
        world, lead_id = self.worlds[w], self._lead_of(whose, n)
        patch = {"status": status, "metadata": {"by": world.mark}}
        headers = {} if blind else {"If-Match": ", ".join(self.worlds[whose].etags[-3:])}
        answer = self.ask(world, "PATCH", f"/api/v1/leads/{lead_id}", patch, **headers)
        if lead_id not in world.leads:
            self._same_as_for_nothing(answer, world, "PATCH", "/api/v1/leads/{}", lead_id, patch, **headers)
        elif answer.status == 412:
            assert not blind
        else:
            assert answer.status == 200
            self._change(world, lead_id, patch)
            assert _told(answer.data) == world.leads[lead_id]
            world.etags.append(answer.headers["etag"])

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS)
    def delete(self, w: int, whose: int, n: int) -> None:
        world, lead_id = self.worlds[w], self._lead_of(whose, n)
        answer = self.ask(world, "DELETE", f"/api/v1/leads/{lead_id}")
        if lead_id not in world.leads:
            self._same_as_for_nothing(answer, world, "DELETE", "/api/v1/leads/{}", lead_id)
            return
        assert (answer.status, answer.data["id"]) == (200, lead_id)
        del world.leads[lead_id]
        world.gone.append(lead_id)
        world.events = [event for event in world.events if event[2] != lead_id]
        world.record("lead.deleted", lead_id)
        for key, (request, made, _) in world.done_once.items():
            if made == lead_id:
                world.done_once[key] = (request, made, True)

    # What they read

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS, known=st.booleans())
    def get(self, w: int, whose: int, n: int, known: bool) -> None:
        world, lead_id = self.worlds[w], self._lead_of(whose, n)
        headers = {"If-None-Match": ", ".join(self.worlds[whose].etags)} if known else {}
        answer = self.ask(world, "GET", f"/api/v1/leads/{lead_id}", **headers)
        if lead_id not in world.leads:
            self._same_as_for_nothing(answer, world, "GET", "/api/v1/leads/{}", lead_id, **headers)
        elif answer.status != 304:
            assert (answer.status, _told(answer.data)) == (200, world.leads[lead_id])
            assert answer.data["workspaceId"] == world.id

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS)
    def read_timeline(self, w: int, whose: int, n: int) -> None:
        world, lead_id = self.worlds[w], self._lead_of(whose, n)
        answer = self.ask(world, "GET", f"/api/v1/leads/{lead_id}/events")
        if lead_id not in world.leads:
            self._same_as_for_nothing(answer, world, "GET", "/api/v1/leads/{}/events", lead_id)
        else:
            assert _events(answer) == world.told(lead_id=lead_id)

    @rule(w=WORKSPACES, whose=WORKSPACES, status=st.sampled_from(("", *STATUSES)), email=st.sampled_from(("", *EMAILS)))
    def filter(self, w: int, whose: int, status: str, email: str) -> None:
        world, other = self.worlds[w], self.worlds[whose]
        query = f"metadata.by={other.mark}" + (f"&status={status}" if status else "")
        query += f"&email={email}" if email else ""
        answer = self.ask(world, "GET", f"/api/v1/leads?limit=100&{query}")
        self._expect(
            answer,
            world,
            lambda lead: (
                lead["metadata"].get("by") == other.mark
                and status in ("", lead["status"])
                and email.lower() in ("", lead["email"].lower())
            ),
        )

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS, length=st.sampled_from([2, 6, 40]))
    def search(self, w: int, whose: int, n: int, length: int) -> None:
        world = self.worlds[w]
        text = f"{self.worlds[whose].mark} {n}"[:length].upper()
        answer = self.ask(world, "GET", f"/api/v1/leads?limit=100&search={quote(text)}")
        self._expect(answer, world, lambda lead: text.lower() in lead["name"] or text.lower() in lead["email"].lower())

    @rule(
        w=WORKSPACES, whose=WORKSPACES, n=NUMBERS, limit=st.integers(1, 3), sort=st.sampled_from(["name", "-createdAt"])
    )
    def page_with_any_cursor(self, w: int, whose: int, n: int, limit: int, sort: str) -> None:
        world, cursors = self.worlds[w], self.worlds[whose].cursors
        cursor = cursors[-1 - n % len(cursors)]
        query = f"limit={limit}&cursor={cursor}&total=true" + ("" if cursor else f"&sort={sort}")
        answer = self.ask(world, "GET", f"/api/v1/leads?{query}")
        assert answer.status == 200
        assert answer.data["pagination"]["total"] == len(world.leads)
        assert {lead["id"] for lead in answer.data["leads"]} <= world.leads.keys()
        if answer.data["pagination"]["nextCursor"]:
            world.cursors.append(answer.data["pagination"]["nextCursor"])

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS, limit=st.integers(1, 4))
    def read_feed_from_any_cursor(self, w: int, whose: int, n: int, limit: int) -> None:
        world, cursors = self.worlds[w], self.worlds[whose].feed_cursors
        after = cursors[-1 - n % len(cursors)]
        answer = self.ask(world, "GET", f"/api/v1/events?limit={limit}&after={after}")
        if int(after) > world.position:
            assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
        else:
            assert _events(answer) == world.told(after=int(after))[:limit]
            world.feed_cursors.append(answer.data["pagination"]["nextCursor"])

    # Keys

    @rule(w=WORKSPACES)
    def create_key(self, w: int) -> None:
        world = self.worlds[w]
        answer = self.ask(world, "POST", "/api/v1/keys", {"name": world.mark, "scopes": ["admin"]})
        assert answer.status == 201
        world.keys[answer.data["id"]] = answer.data["key"]

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS, verb=st.sampled_from(["revoke", "rotate"]))
    def end_key(self, w: int, whose: int, n: int, verb: str) -> None:
        world, other = self.worlds[w], self.worlds[whose]
        key_id = list(other.keys)[-1 - n % len(other.keys)]
        method, path = ("DELETE", "/api/v1/keys/{}") if verb == "revoke" else ("POST", "/api/v1/keys/{}/rotate")
        if world is not other:
            answer = self.ask(world, method, path.format(key_id))
            self._same_as_for_nothing(answer, world, method, path, key_id)
        elif key_id != next(iter(world.keys)):  # the first one stays, or nobody could go on
            answer = self.ask(world, method, path.format(key_id))
            if verb == "rotate" and answer.status == 201:
                world.keys[answer.data["id"]] = answer.data["key"]
            elif verb == "revoke":
                assert answer.status == 200
                world.revoked.add(key_id)

    @rule(w=WORKSPACES)
    def list_keys(self, w: int) -> None:
        world = self.worlds[w]
        listed = self.ask(world, "GET", "/api/v1/keys").data["keys"]
        assert {key["id"] for key in listed} == world.keys.keys()
        assert self.ask(world, "GET", "/api/v1/workspace").data["id"] == world.id

    # Webhooks

    @rule(w=WORKSPACES)
    def create_webhook(self, w: int) -> None:
        if len(self.worlds[w].webhooks) < 3:
            self._create_webhook(self.worlds[w])

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS, asked=st.sampled_from(ON_A_WEBHOOK))
    def use_webhook(self, w: int, whose: int, n: int, asked: tuple[str, str, Any]) -> None:
        world, other = self.worlds[w], self.worlds[whose]
        method, suffix, body = asked
        known = [*other.webhooks, *other.deleted_webhooks] or [f"wh_{secrets.token_hex(13)}"]
        webhook_id = known[-1 - n % len(known)]
        path = f"/api/v1/webhooks/{{}}{suffix}"
        answer = self.ask(world, method, path.format(webhook_id), body)
        if webhook_id not in world.webhooks:
            self._same_as_for_nothing(answer, world, method, path, webhook_id, body)
            return
        assert answer.status < 300 or (answer.status, answer.code) == (409, "CONFLICT")  # for it may be inactive
        if method == "DELETE":
            del world.webhooks[webhook_id]
            world.deleted_webhooks.append(webhook_id)
        elif suffix == "/rotate-secret":
            world.webhooks[webhook_id] = answer.data["secret"]

    @rule(w=WORKSPACES, whose=WORKSPACES, n=NUMBERS, asked=st.sampled_from([("GET", ""), ("POST", "/retry")]))
    def use_delivery(self, w: int, whose: int, n: int, asked: tuple[str, str]) -> None:
        world, other = self.worlds[w], self.worlds[whose]
        for webhook_id in other.webhooks:
            listed = self.ask(other, "GET", f"/api/v1/webhooks/{webhook_id}/deliveries")
            other.deliveries |= dict.fromkeys(delivery["id"] for delivery in listed.data["deliveries"])
        known = [*other.deliveries] or [f"dlv_{secrets.token_hex(13)}"]
        delivery_id = known[-1 - n % len(known)]
        method, path = asked[0], f"/api/v1/deliveries/{{}}{asked[1]}"
        answer = self.ask(world, method, path.format(delivery_id))
        if delivery_id not in world.deliveries or answer.status == 404:  # it went with its webhook
            self._same_as_for_nothing(answer, world, method, path, delivery_id)
        else:
            assert answer.status in (200, 202, 409)

    @rule(w=WORKSPACES, whose=WORKSPACES)
    def list_webhooks(self, w: int, whose: int) -> None:
        world, behind = self.worlds[w], min(self.worlds[whose].webhooks, default="wh_0")
        everything = self.ask(world, "GET", "/api/v1/webhooks").data["webhooks"]
        rest = self.ask(world, "GET", f"/api/v1/webhooks?after={behind}").data["webhooks"]
        assert {webhook["id"] for webhook in everything} == world.webhooks.keys()
        assert {webhook["id"] for webhook in rest} == {id_ for id_ in world.webhooks if id_ > behind}

    # What holds at all times

    @invariant()
    def each_sees_its_own_leads_and_events(self) -> None:
        for world in self.worlds:
            answer = self.ask(world, "GET", "/api/v1/leads?limit=100")
            self._expect(answer, world, lambda _: True)
            assert _events(self.ask(world, "GET", "/api/v1/events?limit=1000")) == world.told()

    # How

    def ask(self, world: World, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Sends a request, and sees to it that the answer shows nothing of the others."""
        headers["Authorization"] = f"Bearer {world.key}"
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, headers)
        response = self.connection.getresponse()
        raw = response.read()
        answer = Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            json.loads(raw) if raw else {},
        )
        assert answer.status < 500
        sent, shown = f"{path} {content} {headers}".lower(), answer.text()
        foreign = [secret for other in self.worlds if other is not world for secret in other.secrets()]
        assert [secret for secret in foreign if secret.lower() in shown and secret.lower() not in sent] == []
        return answer

    def _see_what_was_sent(self) -> None:
        """Nothing of the others was sent to a workspace's webhooks."""
        by_mark = {world.mark: world for world in self.worlds}
        for request in list(self.receiver.requests):
            world = by_mark.get(request.path.rpartition("/")[2])
            if world is not None:
                shown = f"{request.headers} {request.body.decode()}".lower()
                foreign = [secret for other in self.worlds if other is not world for secret in other.secrets()]
                assert json.loads(request.body)["workspaceId"] == world.id
                assert [secret for secret in foreign if secret.lower() in shown] == []

    def _same_as_for_nothing(
        self, answer: Answer, world: World, method: str, path: str, id_: str, body: Any = None, **headers: str
    ) -> None:
        """Nothing in the answer tells an id that another workspace has from one that never was."""
        never = id_[:-20] + secrets.token_hex(10)
        expected = self.ask(world, method, path.format(never), body, **headers)
        assert expected.status == 404
        assert answer.without_ids(id_) == expected.without_ids(never)

    def _expect(self, answer: Answer, world: World, matches: Callable[[dict[str, Any]], bool]) -> None:
        expected = {id_: lead for id_, lead in world.leads.items() if matches(lead)}
        assert {lead["id"]: _told(lead) for lead in answer.data["leads"]} == expected
        assert answer.data["pagination"]["total"] == len(expected)

    def _change(self, world: World, lead_id: str, sent: dict[str, Any]) -> None:
        lead = world.leads[lead_id]
        after = lead | sent | {"metadata": lead["metadata"] | sent["metadata"]}
        if after != lead:
            world.record("lead.updated", lead_id)
        if after["status"] != lead["status"]:
            world.record("lead.status_changed", lead_id)
        world.leads[lead_id] = after

    def _lead_of(self, whose: int, n: int) -> str:
        known = [*self.worlds[whose].leads, *self.worlds[whose].gone]
        return known[-1 - n % len(known)] if known else f"lead_{secrets.token_hex(13)}"

    def _create_webhook(self, world: World) -> None:
        sent = {"url": f"{self.receiver.url}/{world.mark}", "events": ["*"], "description": world.mark}
        answer = self.ask(world, "POST", "/api/v1/webhooks", sent)
        assert answer.status == 201
        world.webhooks[answer.data["id"]] = answer.data["secret"]

    def _new_world(self, number: int) -> World:
        mark = f"{'xyz'[number]}{secrets.token_hex(8)}"
        workspace_id = self.server.workspace(mark)
        spec = KeySpec(mark, (Scope.ADMIN,))
        issued = self.server.do(self.server.services.workspaces.create_key(workspace_id, spec))
        return World(workspace_id, mark, {issued.key.id: issued.secret})


@pytest.fixture(scope="module")
def shared_server(new_store: Callable[[], dict[str, Any]]) -> Iterator[Server]:
    server = Server(new_store(), MovableClock(), webhook_allow_private=True)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def shared_receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def test_no_workspace_ever_sees_another(shared_server: Server, shared_receiver: Receiver) -> None:
    Walls.server, Walls.receiver = shared_server, shared_receiver
    Walls.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None, database=None)
    Walls.TestCase().runTest()


@pytest.mark.slow
def test_no_workspace_ever_sees_another_in_long_runs(shared_server: Server, shared_receiver: Receiver) -> None:
    Walls.server, Walls.receiver = shared_server, shared_receiver
    Walls.TestCase.settings = settings(max_examples=25, stateful_step_count=50, deadline=None, database=None)
    Walls.TestCase().runTest()


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(background=False)  # which sends nothing


def test_every_operation_says_of_anothers_id_what_it_says_of_none(
    server: Server, admin: Client, stranger: Client
) -> None:
    lead_id, key_id = stranger.create()["id"], stranger.key_id
    own = {"lead": admin.create()["id"], "key": admin.key_id}
    sent = {"url": "http://93.184.215.14/", "events": ["*"]}
    webhook_id = stranger.post("/api/v1/webhooks", sent).json()["data"]["id"]
    delivery = stranger.post(f"/api/v1/webhooks/{webhook_id}/test").json()["data"]
    form_id = stranger.post("/api/v1/forms", {"name": "Contact"}).json()["data"]["id"]
    requests.post(f"{server.url}/capture/{form_id}", json={}, timeout=5)
    [submission] = stranger.get(f"/api/v1/forms/{form_id}/submissions").json()["data"]["submissions"]
    batch = stranger.post("/api/v1/leads/batch-update", {"filter": {}, "set": {"source": "fair"}}).json()["data"]
    import_ = stranger.request("POST", "/api/v1/imports", files={"file": ("a.csv", b"name,email\n")}).json()["data"]
    note = stranger.post(f"/api/v1/leads/{lead_id}/notes", {"text": "Call her"}).json()["data"]
    foreign = {
        "lead": lead_id,
        "key": key_id,
        "webhook": webhook_id,
        "delivery": delivery["id"],
        "form": form_id,
        "submission": submission["id"],
        "operation": batch["operationId"],
        "import": import_["id"],
        "note": note["id"],
    }
    tried = []

    for operation in server.services.operations():
        if operation.path_id is not None:
            kind = operation.path_id.name
            never = operation.path_id.prefix + "0" * 26
            answers = [_try(admin, operation, id_) for id_ in (foreign[kind], never)]
            assert answers[0] == answers[1], operation.id
            assert answers[0][0] == 404, operation.id
            tried.append(operation.id)

    assert len(tried) >= 16
    assert stranger.get(f"/api/v1/leads/{lead_id}").status_code == 200
    assert stranger.get(f"/api/v1/webhooks/{webhook_id}/deliveries").json()["data"]["deliveries"] == [delivery]
    assert stranger.get(f"/api/v1/forms/{form_id}/submissions").json()["data"]["submissions"] == [submission]
    assert stranger.get(f"/api/v1/leads/{lead_id}/notes").json()["data"]["notes"] == [note]
    assert admin.get(f"/api/v1/leads/{own['lead']}").status_code == 200


def _try(client: Client, operation: Operation, id_: str) -> tuple[int, str]:
    start, _, end = operation.path.partition("{")
    path = start + id_ + end.partition("}")[2]
    body = dict(operation.request_example) if operation.request_example else None
    response = client.request(operation.method, path, json=body, headers={"Idempotency-Key": "one"})
    answer = {name: value for name, value in response.json().items() if name != "requestId"}
    return response.status_code, json.dumps(answer).replace(id_, "<id>")


def _told(lead: dict[str, Any]) -> dict[str, Any]:
    return {name: lead[name] for name in ("name", "email", "metadata", "status")}


def _events(answer: Answer) -> list[tuple[str, str]]:
    return [(event["type"], event["leadId"]) for event in answer.data["events"]]


def _if_given(name: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {name: value}
