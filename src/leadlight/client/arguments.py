"""What methods take in common, by keyword: a lead's fields, and what leads are chosen by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

Texts = str | Sequence[str]
Moment = datetime | str
"""A datetime, or ISO 8601; UTC unless it says otherwise."""


class LeadFields(TypedDict, total=False):
    """Only what is given is sent. None clears what a lead may be without, and in an update empties `metadata`."""

    name: str
    email: str
    phone: str | None
    source: str | None
    status: str
    metadata: Mapping[str, Any] | None
    follow_up_at: Moment | None
    follow_up_note: str | None


class MoreFields(TypedDict, total=False):
    """What a new lead may be without."""

    phone: str | None
    source: str | None
    status: str
    metadata: Mapping[str, Any] | None
    follow_up_at: Moment | None
    follow_up_note: str | None


class NewLead(MoreFields, total=True):
    """A lead of a batch."""

    name: str
    email: str


class LeadFilter(TypedDict, total=False):
    """Every condition that is given has to hold. `metadata`: values at top-level keys."""

    status: Texts
    source: Texts
    search: str
    email: str
    phone: str
    created_after: Moment
    created_before: Moment
    updated_after: Moment
    updated_before: Moment
    follow_up_after: Moment
    follow_up_before: Moment
    metadata: Mapping[str, str | float | bool]
