"""What a new lead is made of, what a patch makes of a lead, and the changes that tell of it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.clock import to_iso, to_iso_or_none
from leadlight.errors import Invalid, InvalidInput
from leadlight.events.event import Change, Changes
from leadlight.leads import metadata
from leadlight.leads.lead import DEFAULT_SOURCE, Lead, LeadStatus
from leadlight.leads.progress import marks_of_change

FIELDS = {name: name for name in ("name", "email", "phone", "source", "status")} | {
    "follow_up_at": "followUpAt",
    "follow_up_note": "followUpNote",
}
"""What a client can set of a lead beside its metadata, and its name on the wire."""

_SELDOM = ("follow_up_at", "follow_up_note")
"""Nothing is told of these where a lead has none."""


class LeadDraft(msgspec.Struct, frozen=True):
    """What a client says of a new lead; UNSET where it says nothing."""

    name: str
    email: str
    phone: str | None | UnsetType = UNSET
    source: str | None | UnsetType = UNSET
    status: LeadStatus | UnsetType = UNSET
    metadata: msgspec.Raw | UnsetType = UNSET
    follow_up_at: int | None | UnsetType = UNSET
    follow_up_note: str | None | UnsetType = UNSET


class LeadPatch(msgspec.Struct, frozen=True):
    """What a client changes; UNSET where it changes nothing. `metadata`: a merge patch, None to empty it."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone: str | None | UnsetType = UNSET
    source: str | None | UnsetType = UNSET
    status: LeadStatus | UnsetType = UNSET
    metadata: msgspec.Raw | None | UnsetType = UNSET
    follow_up_at: int | None | UnsetType = UNSET
    follow_up_note: str | None | UnsetType = UNSET

    @classmethod
    def of(cls, draft: LeadDraft) -> "LeadPatch":
        """A draft that is merged into the lead that exists already."""
        return cls(
            draft.name,
            draft.email,
            draft.phone,
            draft.source,
            draft.status,
            draft.metadata,
            draft.follow_up_at,
            draft.follow_up_note,
        )


def new_lead(draft: LeadDraft, *, lead_id: str, workspace_id: str, now: int, created_at: int | None = None) -> Lead:
    """`created_at`: where it was known elsewhere before it came here."""
    return Lead(
        id=lead_id,
        workspace_id=workspace_id,
        name=draft.name,
        email=draft.email,
        phone=_or(draft.phone, None),
        source=_or(draft.source, DEFAULT_SOURCE),
        status=_or(draft.status, LeadStatus.NEW),
        metadata=_or(draft.metadata, metadata.EMPTY),
        created_at=now if created_at is None else created_at,
        updated_at=now,
        version=1,
        follow_up_at=_or(draft.follow_up_at, None),
        follow_up_note=_or(draft.follow_up_note, None),
    )


def creation_changes(lead: Lead) -> Changes:
    """From nothing to every field that has a value."""
    changes = {
        wire: Change(metadata.NULL, _json(_told(name, value)))
        for name, wire in FIELDS.items()
        if (value := getattr(lead, name)) is not None
    }
    if lead.metadata != metadata.EMPTY:
        changes["metadata"] = Change(metadata.EMPTY, lead.metadata)
    return changes


def snapshot(lead: Lead) -> msgspec.Raw:
    """JSON of the whole lead, for an event whose changes tell a part of it."""
    fields = {
        wire: _told(name, value)
        for name, wire in FIELDS.items()
        if (value := getattr(lead, name)) is not None or name not in _SELDOM
    }
    times = {"createdAt": to_iso(lead.created_at), "updatedAt": to_iso(lead.updated_at)}
    return _json({"id": lead.id, **fields, "metadata": lead.metadata, **times, "workspaceId": lead.workspace_id})


def apply_patch(lead: Lead, patch: LeadPatch, now: int, *, exact: bool = False) -> tuple[Lead, Changes] | None:
    """The lead after a patch and what changed; None when nothing did.

    `exact`: each key of its metadata takes the place of that key as it is, null included, and is not merged.
    Of the metadata the changes hold the top-level keys that differ. Raises InvalidInput when the
    merged metadata breaks its bounds.
    """
    wanted = {name: value for name in FIELDS if (value := getattr(patch, name)) is not UNSET}
    if patch.metadata is not UNSET:
        wanted["metadata"] = metadata.EMPTY if patch.metadata is None else _laid_over(lead, patch.metadata, exact=exact)
    return with_values(lead, wanted, now)


def replaced_by(lead: Lead, other: Lead, now: int) -> tuple[Lead, Changes] | None:
    """The lead with all that a client can set as it is in another state of it, and what changed; None when nothing.

    What it has reached since then is taken back, too.
    """
    applied = with_values(lead, {name: getattr(other, name) for name in (*FIELDS, "metadata")}, now)
    if applied is None:
        return None
    after, changes = applied
    return msgspec.structs.replace(after, reached=other.reached, contacted_at=other.contacted_at), changes


def with_values(lead: Lead, wanted: Mapping[str, Any], now: int) -> tuple[Lead, Changes] | None:
    """The lead with other values of some fields, and what changed; None when nothing did."""
    values: dict[str, Any] = {}
    changes: Changes = {}
    for name, after in wanted.items():
        before = getattr(lead, name)
        if name == "metadata":
            difference = metadata.differences(before, after)
            if difference is not None:
                values[name] = after
                changes[name] = Change(*difference)
        elif after != before:
            values[name] = after
            changes[FIELDS[name]] = Change(_json(_told(name, before)), _json(_told(name, after)))
    if not changes:
        return None
    updated_at = max(now, lead.updated_at)  # a clock that was set back does not make a lead younger
    if "status" in values:
        values |= marks_of_change(lead, updated_at)
    return msgspec.structs.replace(lead, **values, updated_at=updated_at, version=lead.version + 1), changes


def _laid_over(lead: Lead, patch: msgspec.Raw, *, exact: bool) -> msgspec.Raw:
    merged = metadata.replace_keys(lead.metadata, patch) if exact else metadata.merge(lead.metadata, patch)
    try:
        metadata.check_size(bytes(merged))
    except Invalid as invalid:
        raise InvalidInput([invalid.of("metadata")]) from None
    return merged


def _or(value: Any, default: Any) -> Any:
    return default if value is UNSET else value


def _told(name: str, value: Any) -> Any:
    """A field's value as clients see it."""
    return to_iso_or_none(value) if name == "follow_up_at" else value


def _json(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
