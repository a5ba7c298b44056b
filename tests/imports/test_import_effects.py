"""What an import leaves behind: events, timelines, webhooks if asked, and an operation that takes it back."""

import json
from collections.abc import Callable, Iterator

import pytest

from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server
from tests.imports.uploads import begin, bring_in, counts, end_of, leads, wait_for
from tests.webhooks.receiver import Receiver

CHANGES = "name,email,status\nAda Again,ada@example.com,lost\nBen,ben@example.com,\nAda Thrice,ada@example.com,\n"


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """May send to this machine."""
    return start_server(webhook_allow_private=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def test_the_feed_tells_of_each_lead_as_of_any_other_change(api: Client) -> None:
    lead = api.create()

    bring_in(api, CHANGES, onDuplicate="update")

    events = api.get("/api/v1/events").json()["data"]["events"]
    [ben] = [lead_id for lead_id, name in leads(api, "id", "name") if name == "Ben"]
    assert [(event["type"], event["leadId"]) for event in events] == [
        ("lead.created", lead["id"]),
        ("lead.updated", lead["id"]),
        ("lead.status_changed", lead["id"]),
        ("lead.created", ben),
        ("lead.updated", lead["id"]),
    ]
    assert {(event["actor"]["type"], event["actor"]["id"]) for event in events} == {("api_key", api.key_id)}
    assert events[1]["changes"] == {
        "name": {"from": "Ada Park", "to": "Ada Again"},
        "status": {"from": "new", "to": "lost"},
    }
    assert events[3]["data"]["email"] == "ben@example.com"


def test_each_lead_has_its_timeline(api: Client) -> None:
    bring_in(api)

    for [lead_id] in leads(api, "id"):
        events = api.get(f"/api/v1/leads/{lead_id}/events").json()["data"]["events"]
        assert [event["type"] for event in events] == ["lead.created"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [({}, ["Last"]), ({"webhooks": "false"}, ["Last"]), ({"webhooks": "true"}, ["Ada Park", "Ben Ito", "Last"])],
)
def test_webhooks_are_told_only_if_asked(
    server: Server, api: Client, receiver: Receiver, asked: dict[str, str], told: list[str]
) -> None:
    manager = server.client(api.workspace_id, Scope.WEBHOOKS_MANAGE)
    manager.post("/api/v1/webhooks", {"url": receiver.url, "events": ["*"]})

    bring_in(api, **asked)
    api.create("Last", "last@example.com")
    sent = receiver.wait_for(len(told))

    assert sorted(json.loads(request.body)["data"]["name"] for request in sent) == told


def undo(api: Client, job: dict[str, str]) -> dict[str, object]:
    response = api.post(f"/api/v1/operations/{job['operationId']}/undo")
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def test_its_operation_says_whose_it_is(api: Client) -> None:
    api.create()
    job = bring_in(api, CHANGES, onDuplicate="update")

    [operation] = api.get("/api/v1/operations?kind=import").json()["data"]["operations"]

    assert (operation["id"], operation["status"], operation["subjectId"]) == (
        job["operationId"],
        "completed",
        job["id"],
    )
    assert operation["actor"] == {"type": "api_key", "id": api.key_id}


def test_taken_back_nothing_of_it_is_left(api: Client) -> None:
    api.create()
    before = leads(api, "id", "name", "email", "status", "metadata")
    job = bring_in(api, CHANGES, onDuplicate="update")

    undone = undo(api, job)

    assert (undone["status"], undone["restored"], undone["skipped"]) == ("undone", 2, 0)
    assert leads(api, "id", "name", "email", "status", "metadata") == before


def test_what_was_changed_since_is_left_alone_and_listed(api: Client, clock: MovableClock) -> None:
    api.create()
    job = bring_in(api, CHANGES, onDuplicate="update")
    [ada, ben] = sorted(leads(api, "id", "name"), key=lambda lead: lead[1])
    clock.advance(seconds=1)
    api.patch(f"/api/v1/leads/{ada[0]}", {"status": "converted"})
    api.delete(f"/api/v1/leads/{ben[0]}")
    api.create("Cleo", "cleo@example.com")

    undone = undo(api, job)

    assert (undone["restored"], undone["skipped"]) == (0, 1)
    assert undone["skippedLeads"] == [{"id": ada[0], "reason": "changed"}]
    assert sorted(leads(api, "name", "status")) == [("Ada Thrice", "converted"), ("Cleo", "new")]


@pytest.mark.slow
def test_it_can_not_be_taken_back_while_it_runs(api: Client) -> None:
    many = "name,email\n" + "".join(f"P,p{number}@example.com\n" for number in range(20_000))
    job = wait_for(api, begin(api, many)["id"], lambda found: found["processed"])

    response = api.post(f"/api/v1/operations/{job['operationId']}/undo")
    api.post(f"/api/v1/imports/{job['id']}/cancel")

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert end_of(api, job["id"])["status"] == "cancelled"


@pytest.mark.slow
def test_what_came_in_before_it_was_cancelled_is_taken_back_too(api: Client) -> None:
    many = "name,email\n" + "".join(f"P,p{number}@example.com\n" for number in range(20_000))
    job = wait_for(api, begin(api, many)["id"], lambda found: found["processed"])
    api.post(f"/api/v1/imports/{job['id']}/cancel")
    end_of(api, job["id"])

    undo(api, job)
    for _ in range(100):
        if undo(api, job)["status"] == "undone":
            break

    assert leads(api) == []


def test_a_file_that_changes_nothing_is_an_operation_on_no_lead(api: Client) -> None:
    bring_in(api)

    job = bring_in(api, onDuplicate="update")

    assert counts(job) == (0, 2, 0, 0)
    assert api.get(f"/api/v1/operations/{job['operationId']}").json()["data"]["leads"] == 0
