"""The event: one thing that happened to a lead, and the changes that made it."""

from enum import StrEnum

import msgspec


class EventType(StrEnum):
    LEAD_CREATED = "lead.created"
    LEAD_UPDATED = "lead.updated"
    LEAD_STATUS_CHANGED = "lead.status_changed"
    LEAD_DELETED = "lead.deleted"


class Change(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A field's JSON before and after."""

    before: msgspec.Raw
    after: msgspec.Raw


Changes = dict[str, Change]
"""By the field's name on the wire."""


class Actor(msgspec.Struct, frozen=True):
    type: str
    id: str

    @classmethod
    def key(cls, key_id: str) -> "Actor":
        return cls("api_key", key_id)


class Event(msgspec.Struct, frozen=True):
    """`position` orders the feed of a workspace; `changes` is JSON text."""

    position: int
    id: str
    type: EventType
    workspace_id: str
    lead_id: str
    actor: Actor
    changes: msgspec.Raw
    created_at: int
