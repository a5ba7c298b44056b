"""Leads through the client, on a real server."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from leadlight.client import (
    Conflict,
    InsufficientScope,
    Leadlight,
    LeadStatus,
    NotFound,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from tests.conftest import Client, MovableClock, Server

pytestmark = pytest.mark.engine("sqlite")

Connect = Callable[..., Leadlight]


def test_a_lead_comes_back_as_it_was_stored(client: Leadlight, api: Client) -> None:
    made = client.leads.create("Ada Park", "ada@example.com", phone="+44 20 7946 0958", metadata={"a": [1, None]})

    assert client.leads.get(made.id) == made
    assert (made.name, made.email, made.phone, made.source) == (
        "Ada Park",
        "ada@example.com",
        "+44 20 7946 0958",
        "api",
    )
    assert (made.status, made.metadata) == (LeadStatus.NEW, {"a": [1, None]})
    assert made.created_at == datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    assert made.workspace_id == api.workspace_id


def test_only_what_is_given_changes(client: Leadlight, api: Client) -> None:
    lead = api.create(phone="+1 555", source="website", metadata={"a": 1, "b": 2})

    changed = client.leads.update(lead["id"], status=LeadStatus.LOST, phone=None, metadata={"a": None})

    assert (changed.name, changed.source) == ("Ada Park", "website")
    assert (changed.status, changed.phone, changed.metadata) == ("lost", None, {"b": 2})


def test_a_lead_that_has_moved_on_is_left_alone(client: Leadlight, api: Client) -> None:
    read = client.leads.get(api.create()["id"])
    now = client.leads.update(read.id, if_match=read.etag, name="Ada")

    with pytest.raises(PreconditionFailed) as refused:
        client.leads.update(read.id, if_match=read.etag, name="Ben")

    assert refused.value.etag == now.etag
    assert client.leads.get(read.id).name == "Ada"


def test_a_deleted_lead_is_gone(client: Leadlight, api: Client) -> None:
    lead_id = api.create()["id"]

    deleted = client.leads.delete(lead_id)

    assert (deleted.id, deleted.deleted_at) == (lead_id, datetime(2026, 1, 15, 10, 30, tzinfo=UTC))
    with pytest.raises(NotFound) as missing:
        client.leads.get(lead_id)
    assert missing.value.code == "LEAD_NOT_FOUND"
    assert missing.value.details["leadId"] == lead_id


def test_a_list_is_walked_to_its_end(client: Leadlight, api: Client, clock: MovableClock) -> None:
    for number in range(7):
        clock.advance(seconds=1)
        api.create(f"Lead {number}", status="new" if number % 2 else "lost")

    assert [lead.name for lead in client.leads.list(page_size=3)] == [f"Lead {number}" for number in range(6, -1, -1)]
    assert [lead.name for lead in client.leads.list(status=["new"], sort="createdAt", page_size=1)] == [
        "Lead 1",
        "Lead 3",
        "Lead 5",
    ]


def test_a_list_takes_every_filter(client: Leadlight, api: Client) -> None:
    api.create("Ben", "ben@example.com")
    lead = api.create("Ada Park", phone="+1 555", source="web", metadata={"vip": True, "score": 4.5})
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)

    found = client.leads.list(
        status="new,lost",
        source=["web", "ads"],
        search="park",
        email="ADA@example.com",
        phone="+1 555",
        created_after="2026-01-15",
        created_before=noon,
        updated_after="2026-01-15",
        updated_before=noon,
        metadata={"vip": True, "score": 4.5},
    )

    assert [each.id for each in found] == [lead["id"]]


def test_a_page_by_its_number_has_totals(client: Leadlight, api: Client) -> None:
    for number in range(3):
        api.create(f"Lead {number}")

    page = client.leads.page(2, limit=2, sort="name")

    assert [lead.name for lead in page.items] == ["Lead 2"]
    assert (page.pagination.total, page.pagination.total_pages, page.pagination.has_next) == (3, 2, False)


def test_what_happened_to_a_lead_is_told(client: Leadlight, api: Client) -> None:
    lead = api.create(source="web")
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})

    events = list(client.leads.events(lead["id"], page_size=1))

    assert [event.type for event in events] == ["lead.created", "lead.updated", "lead.status_changed"]
    assert (events[2].changes["status"].before, events[2].changes["status"].after) == ("new", "lost")
    assert events[0].actor.id == api.key_id


def test_a_duplicate_names_the_lead_that_is_there(client: Leadlight, api: Client) -> None:
    lead = api.create()

    with pytest.raises(Conflict) as refused:
        client.leads.create("Ada", "ada@example.com", on_duplicate="reject")

    assert refused.value.existing_id == lead["id"]


def test_every_problem_is_told(client: Leadlight) -> None:
    with pytest.raises(ValidationFailed) as refused:
        client.leads.create(" ", "ada", status="nope")

    assert {problem.field for problem in refused.value.problems} == {"name", "email", "status"}
    assert "email: must" in str(refused.value)
    assert refused.value.request_id is not None


def test_a_key_without_the_scope_is_told(reader: Client, connect: Connect) -> None:
    with pytest.raises(InsufficientScope) as refused:
        connect(reader.url, reader.key).leads.create("Ada", "ada@example.com")

    assert refused.value.required == "leads:write"


def test_a_key_that_is_unknown_is_told(server: Server, connect: Connect) -> None:
    with pytest.raises(Unauthenticated) as refused:
        connect(server.url).leads.get("lead_1")

    assert (refused.value.status, refused.value.code) == (401, "INVALID_API_KEY")


def test_another_workspaces_lead_is_not_there(api: Client, stranger: Client, connect: Connect) -> None:
    with pytest.raises(NotFound):
        connect(stranger.url, stranger.key).leads.get(api.create()["id"])
