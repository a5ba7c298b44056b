"""How far a lead has come: the statuses that it has had, when it was first taken up, and what campaign brought it."""

from typing import NamedTuple

import msgspec

from leadlight.clock import DAY, SECOND
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.metadata import NULL

CAMPAIGN_KEY = "utm_campaign"
MAX_CAMPAIGN = 200

# They are stored: a bit never comes to mean something else.
_BITS = {
    LeadStatus.NEW: 1,
    LeadStatus.CONTACTED: 2,
    LeadStatus.QUALIFIED: 4,
    LeadStatus.CONVERTED: 8,
    LeadStatus.LOST: 16,
    LeadStatus.FOLLOW_UP: 32,
}
_COUNTED = (2 | 4 | 8, 4 | 8, 8, 16, 32)
"""The bits of which one makes a lead count, in the order of a Tally."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_STEPS = ((15 * _MINUTE, _MINUTE), (_HOUR, 5 * _MINUTE), (_DAY, _HOUR), (30 * _DAY, _DAY), (360 * _DAY, 30 * _DAY))
"""Up to how many seconds waiting times are told apart in steps of how many. Stored, as the bits are."""
LAST_BUCKET = _STEPS[-1][0]


class Tally(NamedTuple):
    """One lead, as it is counted: 1 for each stage that it ever was in, or beyond; and for the other statuses."""

    leads: int
    contacted: int
    qualified: int
    converted: int
    lost: int
    follow_up: int


_TALLIES = {
    sign: [Tally(sign, *(sign if had & bits else 0 for bits in _COUNTED)) for had in range(2 * max(_BITS.values()))]
    for sign in (1, -1)
}
"""By the bits that a lead has: each create asks for one."""


def marks_of_change(lead: Lead, at: int) -> dict[str, int | None]:
    """What a change of its status leaves behind on a lead, by field."""
    first = at if lead.status is LeadStatus.NEW and lead.contacted_at is None else lead.contacted_at
    return {"reached": lead.reached | _BITS[lead.status], "contacted_at": first}


def tally(lead: Lead, sign: int = 1) -> Tally:
    """`sign`: -1 for a lead that is to be taken away."""
    return _TALLIES[sign][lead.reached | _BITS[lead.status]]


def day_of(lead: Lead) -> int:
    """The day of its creation: of UTC, since 1970."""
    return lead.created_at // DAY


def seconds_to_contact(lead: Lead) -> int | None:
    """From its creation to when it first was `new` no more; None for one that still is, or never was."""
    return None if lead.contacted_at is None else max(0, lead.contacted_at - lead.created_at) // SECOND


def bucket_of(seconds: int) -> int:
    """The least number of seconds of the step that a waiting time falls into."""
    return next((seconds // step * step for end, step in _STEPS if seconds < end), LAST_BUCKET)


def campaign_of(metadata: msgspec.Raw) -> str:
    """The campaign that metadata names, cut to what is counted by; empty where it names none."""
    text = bytes(metadata)
    if b"utm_campaign" not in text and b"\\u" not in text:  # as nearly always: a key may be written in escapes
        return ""
    value = bytes(_decode(text).utm_campaign)
    if value.startswith(b'"'):
        return str(msgspec.json.decode(value)).strip(" ")[:MAX_CAMPAIGN]
    return value.decode()[:MAX_CAMPAIGN] if value[:1] in b"-0123456789" else ""


class _Marked(msgspec.Struct):
    utm_campaign: msgspec.Raw = NULL


_decode = msgspec.json.Decoder(_Marked).decode
