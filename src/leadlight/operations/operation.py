"""The operation: a change of many leads, or of two that became one, that can be taken back for a while."""

from enum import StrEnum

import msgspec

from leadlight.leads.lead import Lead
from leadlight.principal import Actor

MOST_SKIPPED_TOLD = 100


class OperationKind(StrEnum):
    MERGE = "merge"
    IMPORT = "import"
    BATCH_UPDATE = "batch_update"
    BATCH_DELETE = "batch_delete"


class OperationStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    UNDOING = "undoing"
    UNDONE = "undone"
    EXPIRED = "expired"


class Action(StrEnum):
    """What an operation did to a lead."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    MERGED = "merged"


class SkipReason(StrEnum):
    """Why an undo left a lead alone: it was changed or written on since, is gone, or is there again."""

    CHANGED = "changed"
    GONE = "gone"
    PRESENT = "present"


class Operation(msgspec.Struct, frozen=True):
    """Times in milliseconds since 1970. `leads`: how many it changed; `restored`, `skipped`: how many its undo did.

    `subject_id`: the import, or the lead that is left after a merge. `quiet`: no webhook is told of it.
    """

    workspace_id: str
    id: str
    kind: OperationKind
    status: OperationStatus
    actor: Actor
    subject_id: str | None
    quiet: bool
    leads: int
    created_at: int
    undo_until: int
    undone_at: int | None = None
    undone_by: str | None = None
    restored: int = 0
    skipped: int = 0

    def status_at(self, now: int) -> OperationStatus:
        """An operation that nobody took back in time has expired, whether or not it was cleaned away yet."""
        if self.status is OperationStatus.COMPLETED and self.undo_until <= now:
            return OperationStatus.EXPIRED
        return self.status


class Entry(msgspec.Struct, frozen=True):
    """What an operation did to one lead.

    `version`: of the lead after it, or before it where it took the lead away. `before` is None for one that it made.
    """

    lead_id: str
    action: Action
    version: int
    before: Lead | None


class Skipped(msgspec.Struct, frozen=True):
    """A lead that an undo left alone."""

    id: str
    reason: SkipReason
