"""What a submission becomes, told as values to compare."""

import json
from typing import Any

from msgspec import UNSET, Raw

from leadlight.capture.drafting import draft_lead
from leadlight.capture.form import FormSettings
from leadlight.capture.submission import Context, Field, SubmissionKind, Submitted
from leadlight.leads.change import LeadDraft, LeadPatch


def said(lead: LeadDraft | LeadPatch) -> dict[str, Any]:
    """What it says, with its metadata as values."""
    given = {name: getattr(lead, name) for name in ("name", "email", "phone", "source", "status", "metadata")}
    values = {name: value for name, value in given.items() if value is not UNSET}
    return {name: json.loads(bytes(value)) if isinstance(value, Raw) else value for name, value in values.items()}


def drafted(submitted: Submitted, kind: SubmissionKind = SubmissionKind.FORM, **settings: Any) -> dict[str, Any]:
    return said(draft_lead(submitted, FormSettings(**settings), kind=kind, context=Context()).draft)


def form(fields: dict[str, Any]) -> Submitted:
    """A submission with these fields."""
    return Submitted(tuple(Field(name, value) for name, value in fields.items()))
