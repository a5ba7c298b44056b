"""Operations on the wire."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from leadlight.clock import to_iso, to_iso_or_none
from leadlight.http.pagination import CursorPagination
from leadlight.http.query import Parameter, choice, id_cursor, integer
from leadlight.ids import OPERATION
from leadlight.operations.operation import Operation, OperationKind, OperationStatus, Skipped, SkipReason
from leadlight.principal import Actor

_DATE_TIME = {"format": "date-time"}

OPERATION_EXAMPLE: dict[str, Any] = {
    "id": "op_01kb2v7h4qe9s3w6z8b1d5f7hk",
    "kind": "batch_update",
    "status": "undone",
    "actor": {"type": "api_key", "id": "key_01kb2v5xq8d6y3f9k1m4p7s0tv"},
    "subjectId": None,
    "leads": 3,
    "createdAt": "2026-01-15T10:30:00.000Z",
    "undoUntil": "2026-02-14T10:30:00.000Z",
    "undoneAt": "2026-01-15T10:35:00.000Z",
    "restored": 2,
    "skipped": 1,
    "skippedLeads": [{"id": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz", "reason": "changed"}],
}


class SkippedView(msgspec.Struct, frozen=True):
    """A lead that the undo left as it is: it was changed since, is gone, or is present already."""

    id: str
    reason: SkipReason


class OperationView(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A change of many leads, or of two that became one."""

    id: str
    kind: OperationKind
    status: OperationStatus
    actor: Actor
    subject_id: Annotated[str | None, Meta(description="The import, or the lead that is left after a merge.")]
    leads: Annotated[int, Meta(description="How many leads it changed.")]
    created_at: Annotated[str, Meta(extra_json_schema=_DATE_TIME)]
    undo_until: Annotated[str, Meta(extra_json_schema=_DATE_TIME)]
    undone_at: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)]
    restored: Annotated[int, Meta(description="How many leads the undo took back.")]
    skipped: Annotated[int, Meta(description="How many it left as they are.")]
    skipped_leads: Annotated[list[SkippedView], Meta(description="The first hundred of these.")] | UnsetType = UNSET

    @classmethod
    def of(cls, operation: Operation, skipped: list[Skipped] | None = None) -> "OperationView":
        return cls(
            operation.id,
            operation.kind,
            operation.status,
            operation.actor,
            operation.subject_id,
            operation.leads,
            to_iso(operation.created_at),
            to_iso(operation.undo_until),
            to_iso_or_none(operation.undone_at),
            operation.restored,
            operation.skipped,
            UNSET if skipped is None else [SkippedView(each.id, each.reason) for each in skipped],
        )


class OperationList(msgspec.Struct, frozen=True):
    operations: list[OperationView]
    pagination: CursorPagination


class OperationQuery(msgspec.Struct, frozen=True):
    kind: OperationKind | None = None
    after: str = f"{OPERATION.prefix}~"
    limit: int = 25


OPERATION_PARAMETERS = (
    Parameter("kind", choice(OperationKind), "Only operations of this kind."),
    Parameter("after", id_cursor(OPERATION), "Where to go on: a `nextCursor` from before."),
    Parameter("limit", integer(1, 100, default=25), "How many operations at the most."),
)
