"""When the time of an operation is over, what was kept of its leads is erased."""

from collections.abc import Callable
from typing import Any

from leadlight.operations.queries import list_entries
from tests.conftest import Client, MovableClock, Server
from tests.operations.changes import create, delete, read, total, undo, update

MONTH = 30 * 86_400


def clean(server: Server) -> None:
    server.do(server.services.operation_log.clean())


def kept(server: Server, api: Client, operation_id: str) -> int:
    """How many leads the operation still knows of."""

    async def count(tx: Any) -> int:
        return len(await list_entries(tx, api.workspace_id, operation_id, limit=10_000))

    return server.do(server.database.scan(count))


def test_of_leads_that_a_batch_deleted_only_the_deletion_stays(
    server: Server, api: Client, clock: MovableClock
) -> None:
    leads = create(api, 3, metadata={"company": "Parkside"})
    operation_id = delete(api, leads)
    clock.advance(seconds=MONTH)

    clean(server)

    feed = api.get("/api/v1/events")
    assert [(event["type"], event["leadId"]) for event in feed.json()["data"]["events"]] == [
        ("lead.deleted", lead["id"]) for lead in leads
    ]
    assert "Parkside" not in feed.text
    assert kept(server, api, operation_id) == 0
    assert api.get(f"/api/v1/operations/{operation_id}").json()["data"]["status"] == "expired"
    assert api.delete(f"/api/v1/leads/{leads[0]['id']}").status_code == 404
    assert server.do(server.services.leads.check()) == []


def test_leads_that_a_batch_changed_keep_their_history(server: Server, api: Client, clock: MovableClock) -> None:
    [lead] = create(api, 1)
    operation_id = update(api, [lead], name="After")
    clock.advance(seconds=MONTH)

    clean(server)

    events = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"]
    assert [event["type"] for event in events] == ["lead.created", "lead.updated"]
    assert kept(server, api, operation_id) == 0
    assert read(api, lead)[0]["name"] == "After"


def test_before_its_time_is_over_nothing_is_erased(server: Server, api: Client, clock: MovableClock) -> None:
    leads = create(api, 2)
    operation_id = delete(api, leads)
    clock.advance(seconds=MONTH - 1)

    clean(server)

    assert kept(server, api, operation_id) == 2
    assert undo(api, operation_id)["restored"] == 2


def test_what_an_undo_left_alone_is_not_kept(server: Server, api: Client) -> None:
    [lead] = create(api, 1)
    operation_id = update(api, [lead], status="lost")
    api.patch(f"/api/v1/leads/{lead['id']}", {"name": "Changed"})

    undo(api, operation_id)

    assert kept(server, api, operation_id) == 0


def test_an_operation_that_was_taken_back_does_not_expire(server: Server, api: Client, clock: MovableClock) -> None:
    operation_id = update(api, create(api, 1), status="lost")
    undone = undo(api, operation_id)
    clock.advance(seconds=MONTH)

    clean(server)

    assert api.get(f"/api/v1/operations/{operation_id}").json()["data"] == undone


def test_more_than_a_part_is_erased_as_well(server: Server, api: Client, clock: MovableClock) -> None:
    operation_id = delete(api, create(api, 1_200))
    clock.advance(seconds=MONTH)

    clean(server)

    assert kept(server, api, operation_id) == 0
    assert len(api.get("/api/v1/events?limit=1000").json()["data"]["events"]) == 1_000
    assert api.get("/api/v1/events?types=lead.created").json()["data"]["events"] == []


def test_each_workspace_is_cleaned_for_itself(
    server: Server, api: Client, stranger: Client, clock: MovableClock
) -> None:
    ours = delete(api, create(api, 2))
    clock.advance(seconds=MONTH / 2)
    theirs = delete(stranger, create(stranger, 2))
    clock.advance(seconds=MONTH / 2)

    clean(server)

    assert (kept(server, api, ours), kept(server, stranger, theirs)) == (0, 2)
    assert (undo(stranger, theirs)["restored"], total(stranger)) == (2, 2)


def test_the_time_is_a_setting(start_server: Callable[..., Server], clock: MovableClock) -> None:
    server = start_server(undo_days=1)
    api = server.client(server.workspace())
    operation_id = update(api, create(api, 1), status="lost")

    told = api.get(f"/api/v1/operations/{operation_id}").json()["data"]
    clock.advance(seconds=86_400)

    assert told["undoUntil"] == "2026-01-16T10:30:00.000Z"
    assert api.post(f"/api/v1/operations/{operation_id}/undo").status_code == 409


def test_to_clean_again_finds_nothing_more_to_do(server: Server, api: Client, clock: MovableClock) -> None:
    operation_id = delete(api, create(api, 2))
    clock.advance(seconds=MONTH)
    for _ in range(3):
        clean(server)

    assert api.get(f"/api/v1/operations/{operation_id}").json()["data"]["status"] == "expired"
    assert total(api) == 0
