"""What the client answers with: frozen values, named as on the wire but in Python's way.

States and kinds are texts: a newer server may know more of them than this client, and is to be read all the same.
The enums name those that there are; their members equal the texts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class LeadStatus(StrEnum):
    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"
    FOLLOW_UP = "follow_up"


class OnDuplicate(StrEnum):
    """What becomes of a lead that is there already."""

    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    REJECT = "reject"


class ImportStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OperationStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    UNDOING = "undoing"
    UNDONE = "undone"
    EXPIRED = "expired"


class Lead(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """A lead. `workspace_id`: not in lists. `merged_into`: of one that was asked for by an id that it had before.

    `etag`: to be given as `if_match`; not in lists.
    """

    id: str
    name: str
    email: str
    phone: str | None
    source: str | None
    status: str
    metadata: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    workspace_id: str | None = None
    follow_up_at: datetime | None = None
    follow_up_note: str | None = None
    merged_into: str | None = None
    etag: str | None = None


class Deleted(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    deleted_at: datetime


class RowError(msgspec.Struct, frozen=True):
    """Why a row of a batch was not stored."""

    code: str
    message: str
    details: Mapping[str, Any]


class BatchResult(msgspec.Struct, frozen=True):
    """What became of the lead at a place (`index`) of a batch: `created`, `updated`, `skipped` or `error`."""

    index: int
    status: str
    id: str | None
    error: RowError | None


class BatchCounts(msgspec.Struct, frozen=True):
    created: int
    updated: int
    skipped: int
    error: int


class BatchCreated(msgspec.Struct, frozen=True):
    results: Sequence[BatchResult]
    counts: BatchCounts


class BatchUpdated(msgspec.Struct, frozen=True, rename="camel"):
    """`operation_id`: by which it can be undone; None where nothing was done. `missing`: ids that there are not."""

    matched: int
    updated: int
    unchanged: int
    missing: Sequence[str]
    operation_id: str | None


class BatchDeleted(msgspec.Struct, frozen=True, rename="camel"):
    """The same for a deletion."""

    matched: int
    deleted: int
    missing: Sequence[str]
    operation_id: str | None


class Duplicate(msgspec.Struct, frozen=True):
    """A lead that may be the same as another. `score`: 0 to 100."""

    lead: Lead
    score: int
    reasons: Sequence[str]


class DuplicatePair(msgspec.Struct, frozen=True):
    """Two leads that may be the same, the older one first. `score`: 0 to 100."""

    leads: tuple[Lead, Lead]
    score: int
    reasons: Sequence[str]


class Change(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A field's value before and after."""

    before: Any = None
    after: Any = None


class Merged(msgspec.Struct, frozen=True, rename="camel"):
    """The lead that is left, what changed in it, and by which operation it can be undone; None for a dry run."""

    lead: Lead
    operation_id: str | None
    changes: Mapping[str, Change]


class Actor(msgspec.Struct, frozen=True):
    type: str
    id: str


class Event(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that happened. `data`: the lead as it was afterwards; of a deleted one, its id and when."""

    id: str
    type: str
    timestamp: datetime
    lead_id: str
    workspace_id: str
    actor: Actor
    data: Mapping[str, Any]
    changes: Mapping[str, Change]


class Told(msgspec.Struct, frozen=True):
    """An event as it happens. `cursor`: to go on behind it. `body`: its JSON, as it was sent."""

    event: Event
    cursor: str
    body: bytes


class Note(msgspec.Struct, frozen=True, rename="camel"):
    """What somebody (`actor`) wrote on a lead. `edited_by`: who changed it last."""

    id: str
    lead_id: str
    text: str
    actor: Actor
    created_at: datetime
    updated_at: datetime
    edited_by: Actor | None


class SkippedLead(msgspec.Struct, frozen=True):
    """A lead that an undo left as it is, and why: it was `changed` since, is `gone`, or is `present` already."""

    id: str
    reason: str


class Operation(msgspec.Struct, frozen=True, rename="camel"):
    """What changed many leads at once, or made one of two. `skipped_leads`: at most a hundred, not in lists."""

    id: str
    kind: str
    status: str
    actor: Actor
    subject_id: str | None
    leads: int
    created_at: datetime
    undo_until: datetime
    undone_at: datetime | None
    restored: int
    skipped: int
    skipped_leads: Sequence[SkippedLead] = ()


class Import(msgspec.Struct, frozen=True, rename="camel"):
    """A file on its way to being leads. `processed`, `total` and the counts are rows; `size`, `bytes_read` bytes."""

    id: str
    status: str
    file_name: str
    format: str | None
    size: int
    dry_run: bool
    on_duplicate: str
    match_on: str
    mapping: Mapping[str, str] | None
    processed: int
    total: int | None
    created: int
    updated: int
    skipped: int
    failed: int
    bytes_read: int
    rate_per_second: int
    error: str | None
    operation_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        return self.status in (ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED)


class Workspace(msgspec.Struct, frozen=True, rename="camel"):
    """A tenant. `on_duplicate`, `match_on`: what its leads are created by where a request says nothing."""

    id: str
    name: str
    on_duplicate: str
    match_on: str
    created_at: datetime


class Attempt(msgspec.Struct, frozen=True, rename="camel"):
    """One try of a delivery. `failure`: why it counts as failed; None for a success."""

    number: int
    timestamp: datetime
    duration_ms: int
    status: int | None
    failure: str | None
    answer: str


class Delivery(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """One event on its way to one webhook. `attempts`: not in lists."""

    id: str
    webhook_id: str
    event_id: str
    event_type: str
    lead_id: str | None
    status: str
    attempt_count: int
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    attempts: Sequence[Attempt] = ()


class HeldChange(msgspec.Struct, frozen=True, rename="camel"):
    """What an operation that can still be taken back did to a lead. `before`: None for one that it made."""

    operation_id: str
    lead_id: str
    action: str
    before: Lead | None


class LeadExport(msgspec.Struct, frozen=True):
    """All that is held on one person, of the lead and of those that were merged into it."""

    lead: Lead
    events: Sequence[Event]
    deliveries: Sequence[Delivery]
    operations: Sequence[HeldChange]
    submissions: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[Note] = ()
