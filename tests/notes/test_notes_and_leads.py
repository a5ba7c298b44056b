"""What becomes of notes when their lead is deleted, merged, brought back or asked about."""

import asyncio
from typing import Any

from leadlight.errors import LeadNotFound
from leadlight.leads.service import Deleted
from leadlight.notes.service import Added
from leadlight.principal import Actor, Principal, Scope
from tests.conftest import Client, MovableClock, Server
from tests.imports.uploads import begin, work_on
from tests.notes.test_notes_api import of, texts, write
from tests.operations.changes import delete, undo

MONTH = 30 * 86_400


def rows(server: Server, api: Client) -> int:
    async def count(tx: Any) -> int:
        row = await tx.row("SELECT count(*) FROM notes WHERE workspace_id = :id", id=api.workspace_id)
        return int(row[0])

    return server.do(server.database.scan(count))


def merge(api: Client, lead: dict[str, Any], duplicate: dict[str, Any]) -> str:
    merged = api.post(f"/api/v1/leads/{lead['id']}/merge", {"duplicateId": duplicate["id"]})
    assert merged.ok, merged.text
    return str(merged.json()["data"]["operationId"])


def test_they_are_erased_with_their_lead(server: Server, api: Client) -> None:
    lead, other = api.create(), api.create()
    note = write(api, lead)
    api.post(of(lead), {"text": "Secret"}, headers={"Idempotency-Key": "one"})
    write(api, other)

    api.delete(f"/api/v1/leads/{lead['id']}")

    assert (rows(server, api), texts(api, other)) == (1, ["Call her"])
    assert (api.get(of(lead)).status_code, api.get(f"/api/v1/notes/{note['id']}").status_code) == (404, 404)
    again = api.post(of(lead), {"text": "Secret"}, headers={"Idempotency-Key": "one"})
    assert again.json()["code"] == "CONFLICT"


def test_a_batch_that_is_taken_back_brings_them_back(api: Client) -> None:
    lead = api.create()
    note = write(api, lead)
    path = f"/api/v1/notes/{note['id']}"

    operation_id = delete(api, [lead])
    gone = [api.get(of(lead)), api.get(path), api.put(path, {"text": "x"}), api.delete(path)]
    undo(api, operation_id)

    assert [answer.status_code for answer in gone] == [404] * 4
    assert texts(api, lead) == ["Call her"]


def test_of_a_deletion_that_can_not_be_taken_back_any_more_they_are_erased(
    server: Server, api: Client, clock: MovableClock
) -> None:
    lead = api.create()
    write(api, lead)
    delete(api, [lead])
    clock.advance(seconds=MONTH)

    server.do(server.services.operation_log.clean())

    assert rows(server, api) == 0


def test_a_lead_shows_those_of_the_leads_that_were_merged_into_it(api: Client) -> None:
    first, second, third = api.create(), api.create(), api.create()
    for lead, text in ((first, "one"), (second, "two"), (third, "three")):
        write(api, lead, text)
    merge(api, second, third)
    merge(api, first, second)

    by_old_id = write(api, third, "four")

    assert by_old_id["leadId"] == first["id"]
    assert texts(api, first) == texts(api, third) == ["four", "three", "two", "one"]


def test_each_has_its_own_again_when_a_merge_is_taken_back(api: Client) -> None:
    left, gone = api.create(), api.create()
    write(api, left, "left's")
    write(api, gone, "gone's")
    operation_id = merge(api, left, gone)
    write(api, gone, "while they were one")

    undo(api, operation_id)

    assert texts(api, left) == ["while they were one", "left's"]
    assert texts(api, gone) == ["gone's"]


def test_the_deletion_of_what_is_left_erases_those_of_both(server: Server, api: Client) -> None:
    left, gone = api.create(), api.create()
    write(api, left)
    write(api, gone)
    merge(api, left, gone)

    api.delete(f"/api/v1/leads/{left['id']}")

    assert rows(server, api) == 0


def test_an_import_that_is_taken_back_leaves_leads_that_were_written_on(server: Server, api: Client) -> None:
    import_id = begin(api, "name,email\nIda,ida@example.com\nOtto,otto@example.com\n")["id"]
    work_on(server, api, import_id)
    [otto, ida] = sorted(api.get("/api/v1/leads").json()["data"]["leads"], key=lambda lead: str(lead["name"]))[::-1]
    write(api, ida)

    undone = undo(api, api.get(f"/api/v1/imports/{import_id}").json()["data"]["operationId"])

    assert undone["skippedLeads"] == [{"id": ida["id"], "reason": "changed"}]
    assert (texts(api, ida), api.get(f"/api/v1/leads/{otto['id']}").status_code) == (["Call her"], 404)


def test_they_are_told_to_who_asks_what_is_held(api: Client) -> None:
    left, gone = api.create(), api.create()
    notes = [write(api, gone, "first"), write(api, left, "second")]
    merge(api, left, gone)
    write(api, api.create(), "of somebody else")

    held = api.get(f"/api/v1/leads/{left['id']}/export").json()["data"]

    assert held["notes"] == notes


def test_a_lead_that_is_being_deleted_keeps_none_that_was_being_written(server: Server, api: Client) -> None:
    caller = Principal(Actor.of(api.key_id), api.workspace_id, frozenset({Scope.LEADS_WRITE}), None, None)
    notes, leads = server.services.notes, server.services.leads

    async def race(lead_id: str) -> list[object]:
        writing = [notes.add_note(caller, lead_id, f"note {number}") for number in range(20)]
        return await asyncio.gather(
            *writing[:10], leads.delete_lead(caller, lead_id), *writing[10:], return_exceptions=True
        )

    for _ in range(10):
        results = server.do(race(str(api.create()["id"])))
        assert all(isinstance(result, Added | Deleted | LeadNotFound) for result in results), results

    assert rows(server, api) == 0
