"""The leads that a filter lets through, for features that go through all of them."""

from leadlight.leads import listing
from leadlight.leads.filter import LeadFilter
from leadlight.leads.listing import LeadPage, LeadSort, Place
from leadlight.store.database import Transaction


async def count_leads(tx: Transaction, workspace_id: str, which: LeadFilter) -> int:
    page = await listing.list_leads(
        tx, workspace_id, which, sort=LeadSort.CREATED_AT, limit=1, offset=0, behind=None, with_total=True
    )
    return page.total or 0


async def next_leads(
    tx: Transaction, workspace_id: str, which: LeadFilter, *, behind: Place | None, limit: int
) -> LeadPage:
    """Some of them behind a place, oldest first: an order that no change of theirs alters."""
    return await listing.list_leads(
        tx, workspace_id, which, sort=LeadSort.CREATED_AT, limit=limit, offset=0, behind=behind, with_total=False
    )
