"""The SQL of who may be the same as whom: leads that share what each is stored with to be found by.

What thousands share (a placeholder, a common name) is never read whole: each question has its bound.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import cast

from leadlight.leads import queries
from leadlight.leads.lead import Lead, fold, to_e164
from leadlight.leads.sameness import mailbox, name_code
from leadlight.store.database import Transaction, Value


class Shared(StrEnum):
    """What leads have in common, by its column. Cursors hold the values, so they may never change."""

    EMAIL = "email_key"
    MAILBOX = "mailbox"
    PHONE = "phone_key"
    NAME = "name_code"


NEAREST = 100
"""Of the leads that share something with one, so many that were made before it and so many after it are looked at."""

_BESIDE = """
SELECT id FROM (
    SELECT id FROM leads WHERE workspace_id = :workspace_id AND {column} = :value_{number} AND id {beyond} :lead_id
    ORDER BY id {direction} LIMIT :nearest
) AS {side}_{number}
"""
_AMONG = "workspace_id = :workspace_id AND id IN ({ids}) ORDER BY id"
_WALK = """
SELECT {column}, id FROM leads
WHERE workspace_id = :workspace_id AND {column} IS NOT NULL AND ({column}, id) > (:key, :behind)
ORDER BY {column}, id LIMIT :limit
"""
_FIRST = """
SELECT id FROM leads WHERE workspace_id = :workspace_id AND {column} = walked.{shared} ORDER BY id LIMIT 1
"""
_OLDEST_OF_EACH = {
    Shared.EMAIL: f"({_FIRST.format(column=Shared.EMAIL, shared=Shared.EMAIL)})",
    # The mailbox of an address that is spelt as its mailbox is stands in no column of its own.
    Shared.MAILBOX: f"coalesce(({_FIRST.format(column=Shared.EMAIL, shared=Shared.MAILBOX)}), "
    f"({_FIRST.format(column=Shared.MAILBOX, shared=Shared.MAILBOX)}))",
}


async def find_alike(tx: Transaction, lead: Lead) -> list[Lead]:
    """The leads that share an address, a mailbox, a phone number or the sound of the name with one, by age.

    Of more than NEAREST on either side, the nearest by age.
    """
    email, box = fold(lead.email), mailbox(lead.email)
    shared = [(Shared.EMAIL, email), (Shared.MAILBOX, box)]
    if box != email:
        shared.append((Shared.EMAIL, box))
    shared += [
        (column, value)
        for column, value in ((Shared.PHONE, to_e164(lead.phone)), (Shared.NAME, name_code(lead.name)))
        if value is not None
    ]
    values: dict[str, Value] = {f"value_{number}": value for number, (_, value) in enumerate(shared)}
    sql = _alike(tuple(column for column, _ in shared))
    values |= {"workspace_id": lead.workspace_id, "lead_id": lead.id, "nearest": NEAREST}
    return [queries.to_lead(row) for row in await tx.rows(sql, **values)]


async def find_leads(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> dict[str, Lead]:
    """Those of some leads that there are, by id."""
    return {lead.id: lead for lead in await queries.find_leads(tx, workspace_id, lead_ids)}


async def walk(
    tx: Transaction, workspace_id: str, shared: Shared, *, key: str, behind: str, limit: int
) -> list[tuple[str, str]]:
    """What leads could share and their ids, in the order of the first: those behind a place in it."""
    sql = _WALK.format(column=shared)
    rows = await tx.rows(sql, workspace_id=workspace_id, key=key, behind=behind, limit=limit)
    return cast("list[tuple[str, str]]", rows)


async def walk_addresses(
    tx: Transaction, workspace_id: str, shared: Shared, *, key: str, behind: str, limit: int
) -> list[tuple[str, str, str]]:
    """The same of EMAIL or MAILBOX, each with the id of the lead that stands for all who share it.

    That is the oldest, among those whose address is spelt as its mailbox if there is one.
    """
    sql = _walk_addresses(shared)
    rows = await tx.rows(sql, workspace_id=workspace_id, key=key, behind=behind, limit=limit)
    return cast("list[tuple[str, str, str]]", rows)


@cache
def _alike(columns: Sequence[Shared]) -> str:
    """One statement, whatever is asked for: on a server, each costs a round trip."""
    ids = " UNION ".join(
        _BESIDE.format(column=column, number=number, beyond=beyond, direction=direction, side=side)
        for number, column in enumerate(columns)
        for beyond, direction, side in (("<", "DESC", "older"), (">", "ASC", "younger"))
    )
    return f"SELECT {queries.LEAD_COLUMNS} FROM leads WHERE {_AMONG.format(ids=ids)}"  # noqa: S608  (our own texts)


@cache
def _walk_addresses(shared: Shared) -> str:
    walked = _WALK.format(column=shared)
    return (
        f"SELECT walked.{shared}, walked.id, {_OLDEST_OF_EACH[shared]} "  # noqa: S608  (our own texts)
        f"FROM ({walked}) AS walked ORDER BY walked.{shared}, walked.id"
    )
