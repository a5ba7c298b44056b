"""The roll-ups of leads, kept in the transaction that writes them: by day, source, campaign, and wait.

A source or a campaign may be personal ("sent by Jane Roe"): its row goes with its last lead.
"""

from collections.abc import Sequence

from leadlight.leads.lead import Lead
from leadlight.leads.progress import Tally, bucket_of, campaign_of, day_of, seconds_to_contact, tally
from leadlight.store.database import Sums, Table, Transaction

_BY_DAY = ("workspace_id", "dimension", "day", "value")
_DAYS = Sums(Table("lead_days", (*_BY_DAY, *Tally._fields), _BY_DAY))
_BY_WAIT = ("workspace_id", "day", "bucket")
_TIMES = Sums(Table("contact_times", (*_BY_WAIT, "leads", "seconds"), _BY_WAIT))


def keep(tx: Transaction, workspace_id: str, before: Sequence[Lead], after: Sequence[Lead]) -> None:
    """Keeps them, where some leads take the place of others."""
    for leads, sign in ((before, -1), (after, 1)):
        for lead in leads:
            day, counted = day_of(lead), tally(lead, sign)
            tx.add(_DAYS, (workspace_id, "source", day, lead.source or ""), counted)
            if campaign := campaign_of(lead.metadata):
                tx.add(_DAYS, (workspace_id, "campaign", day, campaign), counted)
            seconds = seconds_to_contact(lead)
            if seconds is not None:
                tx.add(_TIMES, (workspace_id, day, bucket_of(seconds)), (sign, sign * seconds))
