"""The event: one thing that happened to a lead, the changes that made it, and the lead as it then was."""

from enum import StrEnum

import msgspec

from leadlight.clock import to_iso
from leadlight.principal import Actor

CATALOG_VERSION = "1.2"
"""Of the catalog of types: its second number rises when a type or a field is added, its first when one is changed."""


class EventType(StrEnum):
    LEAD_CREATED = "lead.created"
    LEAD_UPDATED = "lead.updated"
    LEAD_STATUS_CHANGED = "lead.status_changed"
    LEAD_DELETED = "lead.deleted"
    LEAD_MERGED = "lead.merged"
    LEAD_RESTORED = "lead.restored"
    LEAD_FOLLOW_UP_DUE = "lead.follow_up_due"


CATALOG = {
    EventType.LEAD_CREATED: "A lead was stored. `changes` holds every field that has a value, from `null`.",
    EventType.LEAD_UPDATED: "Fields of a lead changed. `changes` holds each, from and to; of `metadata` the top-level "
    "keys that differ.",
    EventType.LEAD_STATUS_CHANGED: "The status was among the fields that changed: told beside `lead.updated`, with "
    "the status alone in `changes`.",
    EventType.LEAD_DELETED: "A lead was erased for good. `data` holds its `id` and `deletedAt`; `changes` is empty.",
    EventType.LEAD_MERGED: "A duplicate was merged into this lead and is gone. `changes` holds the fields that took a "
    "value from it, and `mergedLeadId`, from `null` to its id.",
    EventType.LEAD_RESTORED: "An undo brought back a lead that had been deleted or merged. `changes` holds every field "
    "that has a value, from `null`.",
    EventType.LEAD_FOLLOW_UP_DUE: "The time of a lead's `followUpAt` has come: told once for each time that it is set. "
    "`changes` is empty.",
}
"""What each type tells."""


class Change(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A field's JSON before and after."""

    before: msgspec.Raw
    after: msgspec.Raw


Changes = dict[str, Change]
"""By the field's name on the wire."""


class Happening(msgspec.Struct, frozen=True):
    """What is to be told of a lead. `lead`: JSON of it afterwards, where the changes do not tell all of it."""

    type: EventType
    lead_id: str
    changes: Changes
    lead: msgspec.Raw | None = None


class Event(msgspec.Struct, frozen=True):
    """`position` orders the feed of a workspace; `changes` is JSON text, and so is `lead`, the lead after the event.

    `lead` is None where the rest tells it: a creation's changes hold all, and of a deleted lead nothing is left.
    """

    position: int
    id: str
    type: EventType
    workspace_id: str
    lead_id: str
    actor: Actor
    changes: msgspec.Raw
    created_at: int
    lead: msgspec.Raw | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes on the wire."""
        return 500 + len(bytes(self.changes)) + (0 if self.lead is None else len(bytes(self.lead)))

    @property
    def data(self) -> msgspec.Raw:
        """JSON of the lead as it was after the event."""
        if self.lead is not None:
            return self.lead
        at = to_iso(self.created_at)
        if self.type is EventType.LEAD_DELETED:
            return msgspec.Raw(_encode({"id": self.lead_id, "deletedAt": at}))
        fields = {name: change.after for name, change in _decode_changes(self.changes).items()}
        times = {"createdAt": at, "updatedAt": at, "workspaceId": self.workspace_id}
        return msgspec.Raw(_encode({"id": self.lead_id, **_NO_FIELDS, **fields, **times}))


_NO_FIELDS: dict[str, object] = {
    "name": None,
    "email": None,
    "phone": None,
    "source": None,
    "status": None,
    "metadata": {},
}
_encode = msgspec.json.Encoder().encode
_decode_changes = msgspec.json.Decoder(Changes).decode
