"""Batches and operations through both clients, on a real server."""

from datetime import UTC, datetime, timedelta

import pytest

from leadlight.client import Conflict, InvalidArgument, Leadlight, NotFound, OperationStatus, ValidationFailed
from tests.conftest import Client, MovableClock

pytestmark = pytest.mark.engine("sqlite")


def test_good_leads_are_stored_and_bad_ones_named(client: Leadlight, api: Client) -> None:
    there = api.create("Ada", "ada@example.com")

    made = client.leads.create_many(
        [
            {"name": "Ada Park", "email": "ADA@example.com", "metadata": {"score": 1}},
            {"name": "Ben", "email": "ben@example.com", "phone": None},
            {"name": " ", "email": "cleo"},
        ],
        on_duplicate="update",
    )

    assert [result.status for result in made.results] == ["updated", "created", "error"]
    assert [result.index for result in made.results] == [0, 1, 2]
    assert made.results[0].id == there["id"]
    assert made.results[2].id is None
    error = made.results[2].error
    assert error is not None
    assert (error.code, {each["field"] for each in error.details["errors"]}) == ("VALIDATION_ERROR", {"name", "email"})
    assert (made.counts.created, made.counts.updated, made.counts.skipped, made.counts.error) == (1, 1, 0, 1)
    assert client.leads.get(there["id"]).name == "Ada Park"


def test_a_batch_is_stored_whole_or_not_at_all(client: Leadlight) -> None:
    made = client.leads.create_many(
        [{"name": "Ada", "email": "ada@example.com"}, {"name": "Ben", "email": "ben"}], atomic=True
    )

    assert [result.error.code for result in made.results if result.error] == ["NOT_STORED", "VALIDATION_ERROR"]
    assert made.counts.created == 0
    assert list(client.leads.list()) == []


def test_a_batch_with_the_same_key_is_the_same_one(client: Leadlight) -> None:
    batch = [{"name": "Ada", "email": "ada@example.com"}]

    first = client.leads.create_many(batch, idempotency_key="monday")  # type: ignore[arg-type]  # of such a literal
    second = client.leads.create_many(batch, idempotency_key="monday")  # type: ignore[arg-type]  # the same

    assert first == second
    assert len(list(client.leads.list())) == 1


def test_whatever_is_done_with_the_same_key_is_done_once(client: Leadlight, api: Client) -> None:
    ada, ben, cleo = (api.create(name)["id"] for name in ("Ada", "Ben", "Cleo"))

    for _ in range(2):
        client.leads.update_many([ada], set={"status": "lost"}, idempotency_key="update")
        client.leads.merge(ada, ben, idempotency_key="merge")
        client.leads.delete_many([cleo], confirm=1, idempotency_key="delete")

    assert len(list(client.operations.list())) == 3
    with pytest.raises(Conflict):
        client.leads.delete_many([ada], confirm=1, idempotency_key="delete")


def test_a_thousand_leads_and_no_more_go_into_a_batch(client: Leadlight) -> None:
    made = client.leads.create_many([{"name": f"Lead {n}", "email": f"{n}@example.com"} for n in range(1000)])

    assert made.counts.created == 1000
    with pytest.raises(ValidationFailed, match="must hold 1 to 1000 leads"):
        client.leads.create_many([])


def test_what_a_filter_lets_through_is_changed_and_taken_back(client: Leadlight, api: Client) -> None:
    fair = [api.create(f"Lead {n}", source="fair", metadata={"vip": n < 2}) for n in range(3)]
    api.create("Other")
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)

    tried = client.leads.update_many(filter={"source": "fair"}, set={"status": "lost"}, dry_run=True)
    done = client.leads.update_many(
        filter={"source": ["fair"], "metadata": {"vip": True}, "created_before": noon, "created_after": "2026-01-15"},
        set={"status": "lost", "metadata": {"why": "late"}},
    )

    assert (tried.matched, tried.updated, tried.operation_id) == (3, 3, None)
    assert (done.matched, done.updated, done.unchanged, done.missing) == (2, 2, 0, [])
    assert [lead.metadata for lead in client.leads.list(status="lost")] == [{"vip": True, "why": "late"}] * 2

    operation = client.operations.undo(str(done.operation_id))

    assert (operation.status, operation.restored, operation.skipped) == (OperationStatus.UNDONE, 2, 0)
    assert {client.leads.get(lead["id"]).status for lead in fair} == {"new"}


def test_ids_that_stand_for_nothing_are_named(client: Leadlight, api: Client) -> None:
    lead = api.create(status="lost")

    done = client.leads.update_many([lead["id"], "lead_nobody"], set={"status": "lost"})

    assert (done.matched, done.updated, done.unchanged, done.missing) == (1, 0, 1, ["lead_nobody"])
    assert done.operation_id is None


def test_leads_are_deleted_by_their_number_and_brought_back(client: Leadlight, api: Client) -> None:
    for n in range(2):
        api.create(f"Lead {n}", status="lost")

    counted = client.leads.delete_many(filter={"status": ["lost"]}, dry_run=True)
    with pytest.raises(Conflict) as refused:
        client.leads.delete_many(filter={"status": "lost"}, confirm=1)
    done = client.leads.delete_many(filter={"status": "lost"}, confirm=counted.matched)

    assert (counted.matched, counted.deleted, counted.operation_id) == (2, 0, None)
    assert refused.value.matched == 2
    assert (done.matched, done.deleted) == (2, 2)
    assert list(client.leads.list()) == []
    assert client.operations.undo(str(done.operation_id)).restored == 2
    assert len(list(client.leads.list())) == 2


@pytest.mark.parametrize("both", [{}, {"ids": ["lead_1"], "filter": {}}], ids=["neither", "both"])
def test_either_ids_or_a_filter_choose(client: Leadlight, both: dict[str, object]) -> None:
    with pytest.raises(ValidationFailed, match="send either ids or filter"):
        client.leads.update_many(**both, set={"status": "lost"})  # type: ignore[arg-type]  # both of their types


def test_a_number_that_json_has_not_is_not_sent(client: Leadlight) -> None:
    with pytest.raises(InvalidArgument):
        client.leads.create_many([{"name": "Ada", "email": "a@example.com", "metadata": {"score": float("nan")}}])


# Operations


def test_operations_are_listed_newest_first(client: Leadlight, api: Client, clock: MovableClock) -> None:
    lead = api.create()
    updated = client.leads.update_many([lead["id"]], set={"status": "lost"})
    clock.advance(seconds=1)
    deleted = client.leads.delete_many([lead["id"]], confirm=1)

    found = list(client.operations.list(page_size=1))

    assert [operation.id for operation in found] == [deleted.operation_id, updated.operation_id]
    assert [operation.kind for operation in found] == ["batch_delete", "batch_update"]
    assert [operation.id for operation in client.operations.list(kind="batch_update")] == [updated.operation_id]
    assert found[0].actor.id == api.key_id
    assert found[0].undo_until == found[0].created_at + timedelta(days=30)
    assert (found[0].leads, found[0].subject_id, found[0].undone_at, found[0].skipped_leads) == (1, None, None, ())


def test_an_undo_leaves_what_was_changed_since_and_names_it(client: Leadlight, api: Client) -> None:
    one, other = api.create("One"), api.create("Other")
    done = client.leads.update_many([one["id"], other["id"]], set={"status": "lost"})
    client.leads.update(one["id"], name="Changed")

    undone = client.operations.undo(str(done.operation_id))
    again = client.operations.undo(str(done.operation_id))

    assert (undone.restored, undone.skipped) == (1, 1)
    assert [(each.id, each.reason) for each in undone.skipped_leads] == [(one["id"], "changed")]
    assert client.operations.get(undone.id) == again == undone
    assert client.operations.wait(undone.id) == undone


def test_an_operation_is_over_after_its_days(client: Leadlight, api: Client, clock: MovableClock) -> None:
    done = client.leads.update_many([api.create()["id"]], set={"status": "lost"})
    clock.advance(seconds=31 * 86_400)

    with pytest.raises(Conflict, match="days, which are over"):
        client.operations.undo(str(done.operation_id))

    assert client.operations.get(str(done.operation_id)).status == OperationStatus.EXPIRED


def test_an_operation_that_is_not_there_is_told(client: Leadlight) -> None:
    with pytest.raises(NotFound):
        client.operations.undo("op_nothing")
