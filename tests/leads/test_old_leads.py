"""Leads that a version stored which knew no name_code and no mailbox."""

from leadlight.store.database import Transaction
from tests.conftest import Client, Server


def test_are_found_as_duplicates_after_an_upgrade(server: Server, api: Client) -> None:
    ada = api.create("Ada Park", "ada.park@gmail.com")
    again = api.create("Park, Ada", "adapark@gmail.com")
    server.do(server.database.write(forget_codes, api.workspace_id))

    server.do(server.services.leads.code_old_leads(api.workspace_id))

    [found] = api.get(f"/api/v1/leads/{ada['id']}/duplicates").json()["data"]["duplicates"]
    assert found["lead"]["id"] == again["id"]
    assert api.get(f"/api/v1/leads/{ada['id']}").json()["data"] == ada


async def forget_codes(tx: Transaction, workspace_id: str) -> None:
    sql = "UPDATE leads SET name_code = '', mailbox = NULL WHERE workspace_id = :workspace_id"
    await tx.execute(sql, workspace_id=workspace_id)
