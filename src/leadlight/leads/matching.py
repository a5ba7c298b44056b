"""By what a lead is told to be one that is there already."""

import msgspec
from msgspec import UNSET

from leadlight.duplicate_rule import METADATA
from leadlight.errors import InvalidInput, Problem
from leadlight.leads.change import LeadDraft
from leadlight.leads.lead import Lead, fold, to_e164

MAX_IDENTITY = 255

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def identity_of(draft: LeadDraft, match_on: str) -> str | None:
    """What is compared of a draft; None where it has nothing to compare.

    Raises InvalidInput for a value of metadata that can't tell leads apart.
    """
    if match_on == "email":
        return fold(draft.email)
    if match_on == "phone":
        return to_e164(draft.phone or None)
    return None if draft.metadata is UNSET else _value(draft.metadata, match_on)


def identity_if_any(draft: LeadDraft, match_on: str) -> str | None:
    """The same; None also for a value that can't tell leads apart."""
    try:
        return identity_of(draft, match_on)
    except InvalidInput:
        return None


def identity_of_lead(lead: Lead, match_on: str) -> str | None:
    """The same of a lead that is stored."""
    if match_on == "email":
        return fold(lead.email)
    if match_on == "phone":
        return to_e164(lead.phone)
    try:
        return _value(lead.metadata, match_on)
    except InvalidInput:
        return None


def match_key(match_on: str) -> str | None:
    """The key of the metadata that is compared; None where none is."""
    return match_on.removeprefix(METADATA) if match_on.startswith(METADATA) else None


def _value(metadata: msgspec.Raw, match_on: str) -> str | None:
    """A text as it is, a number as it was written."""
    raw = bytes(_decode_object(metadata).get(match_on.removeprefix(METADATA), b""))
    if not raw or raw == b"null":
        return None
    if raw[:1] == b'"':
        text: str = msgspec.json.decode(raw)
    elif raw[:1] in b"-0123456789":
        text = raw.decode()
    else:
        raise InvalidInput([Problem(match_on, "must be a text or a number, to match on", "invalid_type")])
    if not text:
        return None
    if len(text) > MAX_IDENTITY:
        message = f"must not be longer than {MAX_IDENTITY} characters, to match on"
        raise InvalidInput([Problem(match_on, message, "too_long")])
    return text
