"""What `leadlight doctor` asks of the leads: do rows, totals and events tell the same story?

These run over every workspace at once; they belong to the operator, not to a caller.
"""

from leadlight.store.database import Transaction

_CHECKS = {
    "leads without their lead.created event": """
        SELECT count(*) FROM leads WHERE NOT EXISTS (
            SELECT 1 FROM events WHERE events.workspace_id = leads.workspace_id
            AND events.lead_id = leads.id AND events.type = 'lead.created')
    """,
    "leads without a workspace": """
        SELECT count(*) FROM leads WHERE NOT EXISTS (
            SELECT 1 FROM workspaces WHERE workspaces.id = leads.workspace_id)
    """,
    "deleted leads of which data is left": """
        SELECT count(*) FROM events WHERE type = 'lead.deleted' AND EXISTS (
            SELECT 1 FROM leads WHERE leads.workspace_id = events.workspace_id AND leads.id = events.lead_id)
        AND NOT EXISTS (
            SELECT 1 FROM events AS later WHERE later.workspace_id = events.workspace_id
            AND later.lead_id = events.lead_id AND later.position > events.position AND later.type = 'lead.restored')
    """,
    "merged leads that are still there": """
        SELECT count(*) FROM merged_leads WHERE EXISTS (
            SELECT 1 FROM leads WHERE leads.workspace_id = merged_leads.workspace_id AND leads.id = merged_leads.id)
    """,
    "merged leads that stand for no lead": """
        SELECT count(*) FROM merged_leads
        WHERE NOT EXISTS (
            SELECT 1 FROM leads WHERE leads.workspace_id = merged_leads.workspace_id
            AND leads.id = merged_leads.survivor_id)
        AND NOT EXISTS (
            SELECT 1 FROM merged_leads AS further WHERE further.workspace_id = merged_leads.workspace_id
            AND further.id = merged_leads.survivor_id)
        AND NOT EXISTS (
            SELECT 1 FROM operation_leads WHERE operation_leads.workspace_id = merged_leads.workspace_id
            AND operation_leads.lead_id = merged_leads.survivor_id AND operation_leads.action = 'deleted')
    """,
    "totals that are not what a count finds": """
        SELECT count(*) FROM (
            SELECT workspace_id, status, source, sum(leads) AS difference FROM (
                SELECT workspace_id, status, source, leads FROM lead_counts
                UNION ALL
                SELECT workspace_id, status, coalesce(source, ''), -count(*) FROM leads
                GROUP BY workspace_id, status, source
            ) AS both_sides GROUP BY workspace_id, status, source
        ) AS totals WHERE difference <> 0
    """,
    "feeds that are ahead of their counter": """
        SELECT count(*) FROM feeds WHERE last_event < (
            SELECT max(position) FROM events WHERE events.workspace_id = feeds.workspace_id)
    """,
}


async def find_faults(tx: Transaction) -> list[str]:
    """A sentence for each kind of fault that is there."""
    faults = []
    for description, sql in _CHECKS.items():
        row = await tx.row(sql)
        if row and row[0]:
            faults.append(f"{row[0]!r} {description}: restore the last backup, and tell us how it came to this")
    return faults
