"""What `leadlight doctor` asks of the leads: do rows, totals and events tell the same story?

These run over every workspace at once; they belong to the operator, not to a caller.
"""

from leadlight.leads.progress import CAMPAIGN_KEY, LAST_BUCKET, MAX_CAMPAIGN
from leadlight.store.database import Transaction

_DAY = "(created_at - (created_at % 86400000 + 86400000) % 86400000) / 86400000"
_HAD = """
    reached | CASE status WHEN 'new' THEN 1 WHEN 'contacted' THEN 2 WHEN 'qualified' THEN 4 WHEN 'converted' THEN 8
        WHEN 'lost' THEN 16 ELSE 32 END
"""
_TALLY = """
    -count(*) AS leads, -count(CASE WHEN (had & 14) <> 0 THEN 1 END) AS contacted,
    -count(CASE WHEN (had & 12) <> 0 THEN 1 END) AS qualified,
    -count(CASE WHEN (had & 8) <> 0 THEN 1 END) AS converted,
    -count(CASE WHEN (had & 16) <> 0 THEN 1 END) AS lost, -count(CASE WHEN (had & 32) <> 0 THEN 1 END) AS follow_up
"""
_DIFFERENT_DAYS = f"""
    SELECT count(*) FROM (
        SELECT workspace_id, day, value FROM (
            SELECT workspace_id, day, value, leads, contacted, qualified, converted, lost, follow_up
            FROM lead_days WHERE dimension = '{{dimension}}'
            UNION ALL
            SELECT workspace_id, day, value, {_TALLY} FROM (
                SELECT workspace_id, {_DAY} AS day, {{value}} AS value, {_HAD} AS had FROM leads
            ) AS counted WHERE value IS NOT NULL GROUP BY workspace_id, day, value
        ) AS both_sides WHERE {{known}} GROUP BY workspace_id, day, value
        HAVING sum(leads) <> 0 OR sum(contacted) <> 0 OR sum(qualified) <> 0 OR sum(converted) <> 0
            OR sum(lost) <> 0 OR sum(follow_up) <> 0
    ) AS different
"""
_DIFFERENT_TIMES = f"""
    SELECT count(*) FROM (
        SELECT workspace_id, day, bucket FROM (
            SELECT workspace_id, day, bucket, leads, seconds FROM contact_times
            UNION ALL
            SELECT workspace_id, day, CASE WHEN waited < 900 THEN waited / 60 * 60
                WHEN waited < 3600 THEN waited / 300 * 300 WHEN waited < 86400 THEN waited / 3600 * 3600
                WHEN waited < 2592000 THEN waited / 86400 * 86400
                WHEN waited < {LAST_BUCKET} THEN waited / 2592000 * 2592000 ELSE {LAST_BUCKET} END, -1, -waited
            FROM (
                SELECT workspace_id, {_DAY} AS day,
                    CASE WHEN contacted_at > created_at THEN (contacted_at - created_at) / 1000 ELSE 0 END AS waited
                FROM leads WHERE contacted_at IS NOT NULL
            ) AS counted
        ) AS both_sides GROUP BY workspace_id, day, bucket HAVING sum(leads) <> 0 OR sum(seconds) <> 0
    ) AS different
"""
# Of text that is no JSON string, what looks like an array or a word could be one all the same: it is not looked at.
_CAMPAIGN = f"'{CAMPAIGN_KEY}'"
_TELLS_CAMPAIGN = "substr(value, 1, 1) NOT IN ('', '[', '{') AND value NOT IN ('true', 'false', 'null')"

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
    campaign = f"substr(trim({tx.json_text('metadata', _CAMPAIGN)}), 1, {MAX_CAMPAIGN})"
    checks = _CHECKS | {
        "days by source that are not what a count finds": _DIFFERENT_DAYS.format(
            dimension="source", value="coalesce(source, '')", known="1 = 1"
        ),
        "days by campaign that are not what a count finds": _DIFFERENT_DAYS.format(
            dimension="campaign", value=campaign, known=_TELLS_CAMPAIGN
        ),
        "waiting times that are not what a count finds": _DIFFERENT_TIMES,
    }
    for description, sql in checks.items():
        row = await tx.row(sql)
        if row and row[0]:
            faults.append(f"{row[0]!r} {description}: restore the last backup, and tell us how it came to this")
    return faults
