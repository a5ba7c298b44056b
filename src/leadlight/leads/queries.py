"""The SQL of leads, for single leads and for the counts behind exact totals. Lists are in `listing`."""

from typing import Any

import msgspec

from leadlight.leads.lead import Lead, LeadStatus, fold, to_e164
from leadlight.store.database import Transaction

LEAD_COLUMNS = "id, workspace_id, name, email, phone, source, status, metadata, created_at, updated_at, version"
_FIND = f"SELECT {LEAD_COLUMNS} FROM leads WHERE workspace_id = :workspace_id AND id = :lead_id"
_FIND_BY_EMAIL = f"""
SELECT {LEAD_COLUMNS} FROM leads WHERE workspace_id = :workspace_id AND email_key = :email_key
ORDER BY id LIMIT 1
"""
_INSERT = """
INSERT INTO leads (workspace_id, id, number, name, name_key, email, email_key, phone, phone_key,
    source, status, metadata, created_at, updated_at, version)
VALUES (:workspace_id, :id, :number, :name, :name_key, :email, :email_key, :phone, :phone_key,
    :source, :status, :metadata, :created_at, :updated_at, :version)
"""
_UPDATE = """
UPDATE leads SET name = :name, name_key = :name_key, email = :email, email_key = :email_key,
    phone = :phone, phone_key = :phone_key, source = :source, status = :status,
    metadata = :metadata, updated_at = :updated_at, version = :version
WHERE workspace_id = :workspace_id AND id = :id
"""
_DELETE = "DELETE FROM leads WHERE workspace_id = :workspace_id AND id = :lead_id"
_COUNT = """
INSERT INTO lead_counts (workspace_id, status, source, leads)
VALUES (:workspace_id, :status, :source, 1)
ON CONFLICT (workspace_id, status, source) DO UPDATE SET leads = lead_counts.leads + 1
"""
# A source may be personal ("sent by Jane Roe"): it does not outlive its last lead.
_FORGET_COUNT = """
DELETE FROM lead_counts
WHERE workspace_id = :workspace_id AND status = :status AND source = :source AND leads = 1
"""
_COUNT_DOWN = """
UPDATE lead_counts SET leads = leads - 1
WHERE workspace_id = :workspace_id AND status = :status AND source = :source AND leads > 1
"""

_STATUS = {status.value: status for status in LeadStatus}


async def find_lead(tx: Transaction, workspace_id: str, lead_id: str) -> Lead | None:
    row = await tx.row(_FIND, workspace_id=workspace_id, lead_id=lead_id)
    return None if row is None else to_lead(row)


async def find_oldest_by_email(tx: Transaction, workspace_id: str, email: str) -> Lead | None:
    row = await tx.row(_FIND_BY_EMAIL, workspace_id=workspace_id, email_key=fold(email))
    return None if row is None else to_lead(row)


async def insert_lead(tx: Transaction, lead: Lead, *, number: int) -> None:
    """`number`: the position of its event, which rises and is never taken twice."""
    await tx.later(
        _INSERT,
        workspace_id=lead.workspace_id,
        id=lead.id,
        number=number,
        created_at=lead.created_at,
        **_mutable_columns(lead),
    )
    await tx.later(_COUNT, **_counted(lead))


async def update_lead(tx: Transaction, before: Lead, after: Lead) -> None:
    await tx.later(_UPDATE, workspace_id=after.workspace_id, id=after.id, **_mutable_columns(after))
    if (before.status, before.source) != (after.status, after.source):
        await _count_down(tx, before)
        await tx.later(_COUNT, **_counted(after))


async def delete_lead(tx: Transaction, lead: Lead) -> None:
    await tx.later(_DELETE, workspace_id=lead.workspace_id, lead_id=lead.id)
    await _count_down(tx, lead)


def to_lead(row: Any) -> Lead:
    """A row of LEAD_COLUMNS as a Lead; the schema keeps the types of its columns."""
    id_, workspace_id, name, email, phone, source, status, metadata, created_at, updated_at, version = row
    return Lead(
        id_,
        workspace_id,
        name,
        email,
        phone,
        source,
        _STATUS[status],
        msgspec.Raw(metadata),
        created_at,
        updated_at,
        version,
    )


def _mutable_columns(lead: Lead) -> dict[str, Any]:
    return {
        "name": lead.name,
        "name_key": fold(lead.name),
        "email": lead.email,
        "email_key": fold(lead.email),
        "phone": lead.phone,
        "phone_key": to_e164(lead.phone),
        "source": lead.source,
        "status": lead.status.value,
        "metadata": bytes(lead.metadata).decode(),
        "updated_at": lead.updated_at,
        "version": lead.version,
    }


def _counted(lead: Lead) -> dict[str, str]:
    return {"workspace_id": lead.workspace_id, "status": lead.status.value, "source": lead.source or ""}


async def _count_down(tx: Transaction, lead: Lead) -> None:
    await tx.later(_FORGET_COUNT, **_counted(lead))
    await tx.later(_COUNT_DOWN, **_counted(lead))
