"""The SQL of leads, for single leads and for the counts behind exact totals. Lists are in `listing`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from leadlight.leads import rollups
from leadlight.leads.lead import Lead, LeadStatus, fold, to_e164
from leadlight.leads.sameness import mailbox, name_code
from leadlight.store.database import Row, Table, Transaction, Value, besides, one_of

LEAD_COLUMNS = (
    "id, workspace_id, name, email, phone, source, status, metadata, created_at, updated_at, version, "
    "follow_up_at, follow_up_note, reached, contacted_at"
)
_TABLE = Table(
    "leads",
    (
        "workspace_id",
        "id",
        "number",
        "name",
        "name_key",
        "name_code",
        "email",
        "email_key",
        "mailbox",
        "phone",
        "phone_key",
        "source",
        "status",
        "metadata",
        "created_at",
        "updated_at",
        "version",
        "follow_up_at",
        "follow_up_note",
        "reached",
        "contacted_at",
    ),
    ("workspace_id", "id"),
)
_MUTABLE = [column for column in _TABLE.columns if column not in ("workspace_id", "id", "number", "created_at")]
_FIND = f"SELECT {LEAD_COLUMNS} FROM leads WHERE workspace_id = :workspace_id AND id = :lead_id"
_FIND_SOME = f"SELECT {LEAD_COLUMNS} FROM leads WHERE workspace_id = :workspace_id AND"
_FIRST_IDS = "SELECT min(id) FROM leads WHERE workspace_id = :workspace_id AND {column} {among} GROUP BY {column}"
_UNCODED = f"SELECT {LEAD_COLUMNS} FROM leads WHERE workspace_id = :workspace_id AND name_code = '' LIMIT :limit"
_UPDATE = f"""
UPDATE leads SET {", ".join(f"{column} = :{column}" for column in _MUTABLE)}
WHERE workspace_id = :workspace_id AND id = :id
"""
_DELETE = "DELETE FROM leads WHERE workspace_id = :workspace_id AND id = :id"
_COUNT_UP = """
INSERT INTO lead_counts (workspace_id, status, source, leads)
VALUES (:workspace_id, :status, :source, :leads)
ON CONFLICT (workspace_id, status, source) DO UPDATE SET leads = lead_counts.leads + excluded.leads
"""
# A source may be personal ("sent by Jane Roe"): it does not outlive its last lead.
_FORGET_COUNT = """
DELETE FROM lead_counts
WHERE workspace_id = :workspace_id AND status = :status AND source = :source AND leads = :leads
"""
_COUNT_DOWN = """
UPDATE lead_counts SET leads = leads - :leads
WHERE workspace_id = :workspace_id AND status = :status AND source = :source AND leads > :leads
"""
_FEW = 4

_STATUS = {status.value: status for status in LeadStatus}


async def find_lead(tx: Transaction, workspace_id: str, lead_id: str) -> Lead | None:
    row = await tx.row(_FIND, workspace_id=workspace_id, lead_id=lead_id)
    return None if row is None else to_lead(row)


async def find_leads(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> list[Lead]:
    """Those of some ids that there are, in the order of their ids."""
    if not lead_ids:
        return []
    among, names = one_of(lead_ids)
    rows = await tx.rows(f"{_FIND_SOME} id {among} ORDER BY id", workspace_id=workspace_id, **names)
    return [to_lead(row) for row in rows]


async def find_oldest(
    tx: Transaction, workspace_id: str, column: str, values: Sequence[str], *, excluded: Sequence[str]
) -> list[Lead]:
    """For each of some values, the first lead that has it in a column, besides some; the column's name is ours.

    A value may be a placeholder that thousands have: the rows of the others are not read.
    """
    if not values:
        return []
    among, names = one_of(values)
    others, more = besides("id", excluded)
    first = _FIRST_IDS.format(column=column, among=among + others)
    rows = await tx.rows(f"{_FIND_SOME} id IN ({first}) ORDER BY id", workspace_id=workspace_id, **names, **more)
    return [to_lead(row) for row in rows]


async def find_uncoded(tx: Transaction, workspace_id: str, *, limit: int) -> list[Lead]:
    """Some that were stored before leads had a name_code and a mailbox."""
    return [to_lead(row) for row in await tx.rows(_UNCODED, workspace_id=workspace_id, limit=limit)]


async def insert_leads(tx: Transaction, leads: Sequence[tuple[Lead, int]]) -> None:
    """Each with its number: the position of an event of its own, which rises and is never taken twice."""
    await tx.load(_TABLE, [_row(lead, number) for lead, number in leads])


async def update_leads(tx: Transaction, leads: Sequence[Lead]) -> None:
    await put(tx, _UPDATE, [_updated(lead) for lead in leads])


async def delete_leads(tx: Transaction, leads: Sequence[Lead]) -> None:
    await put(tx, _DELETE, [{"workspace_id": lead.workspace_id, "id": lead.id} for lead in leads])


async def count(tx: Transaction, workspace_id: str, before: Sequence[Lead], after: Sequence[Lead]) -> None:
    """Keeps the counts by status and source, and the roll-ups, where some leads take the place of others."""
    differences: dict[tuple[str, str], int] = {}
    for leads, each in ((before, -1), (after, 1)):
        for lead in leads:
            kind = (lead.status.value, lead.source or "")
            differences[kind] = differences.get(kind, 0) + each
    for (status, source), difference in differences.items():
        counted: dict[str, Value] = {"workspace_id": workspace_id, "status": status, "source": source}
        counted["leads"] = abs(difference)
        if difference > 0:
            await tx.later(_COUNT_UP, **counted)
        elif difference < 0:
            await tx.later(_FORGET_COUNT, **counted)
            await tx.later(_COUNT_DOWN, **counted)
    rollups.keep(tx, workspace_id, before, after)


def to_lead(row: Any) -> Lead:
    """A row of LEAD_COLUMNS as a Lead; the schema keeps the types of its columns."""
    id_, workspace_id, name, email, phone, source, status, metadata, created, updated, version, due, note, had, met = (
        row
    )
    return Lead(
        id_,
        workspace_id,
        name,
        email,
        phone,
        source,
        _STATUS[status],
        msgspec.Raw(metadata),
        created,
        updated,
        version,
        due,
        note,
        had,
        met,
    )


async def put(tx: Transaction, sql: str, rows: Sequence[dict[str, Value]]) -> None:
    if len(rows) > _FEW:
        await tx.each(sql, rows)
        return
    for row in rows:
        await tx.later(sql, **row)


def _row(lead: Lead, number: int) -> Row:
    email_key, box = fold(lead.email), mailbox(lead.email)
    return (
        lead.workspace_id,
        lead.id,
        number,
        lead.name,
        fold(lead.name),
        name_code(lead.name),
        lead.email,
        email_key,
        None if box == email_key else box,
        lead.phone,
        to_e164(lead.phone),
        lead.source,
        lead.status.value,
        bytes(lead.metadata).decode(),
        lead.created_at,
        lead.updated_at,
        lead.version,
        lead.follow_up_at,
        lead.follow_up_note,
        lead.reached,
        lead.contacted_at,
    )


def _updated(lead: Lead) -> dict[str, Value]:
    values = dict(zip(_TABLE.columns, _row(lead, 0), strict=True))
    return {name: values[name] for name in (*_MUTABLE, "workspace_id", "id")}
