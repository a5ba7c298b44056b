"""A bit of everything that issue from bringing leads in: what a copy of a store has to carry."""

from collections.abc import AsyncIterator
from typing import Any

from leadlight.imports.job import ImportOptions
from tests.conftest import Client, Server
from tests.imports.uploads import begin, work_on

PEOPLE = "name,email,plan\nIda,ida@example.com,gold\nNobody,nowhere,x\nOtto,otto+crm@example.com,tin\n"


def bring_leads_in(server: Server, admin: Client) -> None:
    """Imports that ended, wait, or were looked at, a merge, a batch taken back in part, forms, submissions, notes."""
    first = begin(admin, PEOPLE, matchOn="metadata.plan", onDuplicate="update")
    work_on(server, admin, first["id"])
    work_on(server, admin, begin(admin, "", "empty.csv")["id"])
    work_on(server, admin, _sent_to_be_looked_at(server, admin))
    begin(admin, PEOPLE)
    more = {"followUpAt": "2026-02-02", "followUpNote": "Ask again", "metadata": {"utm_campaign": "spring"}}
    one, other = (admin.create(name="Max Roe", email=f"max{number}@example.com", **more) for number in range(2))
    _write_on(admin, one["id"])
    _done(admin.post(f"/api/v1/leads/{one['id']}/merge", {"duplicateId": other["id"]}))
    _take_back(admin, [admin.create(email=f"x{number}@example.com")["id"] for number in range(2)])
    _submit(admin)


def _sent_to_be_looked_at(server: Server, admin: Client) -> str:
    async def file() -> AsyncIterator[bytes]:
        yield PEOPLE.encode()

    async def send() -> str:
        caller = await server.services.workspaces.find_principal(admin.key)
        assert caller is not None
        options = ImportOptions(caller.duplicates, dry_run=True, looks_only=True)
        return (await server.services.imports.receive(caller, "people.csv", options, file())).id

    return server.do(send())


def _take_back(admin: Client, ids: list[str]) -> None:
    batch = _done(admin.post("/api/v1/leads/batch-update", {"ids": ids, "set": {"status": "lost"}}))
    admin.patch(f"/api/v1/leads/{ids[0]}", {"status": "new"})
    _done(admin.post(f"/api/v1/operations/{batch['operationId']}/undo"))


def _submit(admin: Client) -> None:
    form, gone = (_done(admin.post("/api/v1/forms", {"name": name})) for name in ("Contact", "Old"))
    fields = {"name": "Uma", "email": "uma@example.com"}
    for form_id, body in ((form["id"], fields), (form["id"], {"name": "Uma"}), (gone["id"], fields)):
        admin.post(f"/capture/{form_id}", body, headers={"Idempotency-Key": "one"} if "email" in body else {})
    admin.delete(f"/api/v1/forms/{gone['id']}")


def _write_on(admin: Client, lead_id: str) -> None:
    for text in ("Call her", "Sent the offer"):
        note = _done(admin.post(f"/api/v1/leads/{lead_id}/notes", {"text": text}))
    _done(admin.put(f"/api/v1/notes/{note['id']}", {"text": "Sent the offer on Monday"}))


def _done(response: Any) -> Any:
    assert response.ok, response.text
    return response.json()["data"]
