"""Batches over the API."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from leadlight.batch.schemas import (
    BODY_BYTES,
    BatchCreate,
    BatchDelete,
    BatchUpdate,
    CreatedView,
    DeletedBatchView,
    UpdatedView,
    decode_lead,
)
from leadlight.batch.service import BatchService
from leadlight.errors import InvalidInput, LeadlightError, Problem
from leadlight.http.operation import Operation, Reply
from leadlight.leads.change import LeadDraft
from leadlight.principal import Principal, Scope
from leadlight.store.idempotency import IdempotencyKey

_AT_ONCE = 25
_LEAD = "lead_01kb2v6e3mf0r8n4t9q5w7x1yz"
_OPERATION = "op_01kb2v7h4qe9s3w6z8b1d5f7hk"
_CREATED: dict[str, Any] = {
    "results": [
        {"index": 0, "status": "created", "id": _LEAD, "error": None},
        {
            "index": 1,
            "status": "error",
            "id": None,
            "error": {
                "code": "VALIDATION_ERROR",
                "message": "Validation failed",
                "details": {"errors": [{"field": "email", "message": "is required", "code": "required"}]},
            },
        },
    ],
    "counts": {"created": 1, "updated": 0, "skipped": 0, "error": 1},
}


class BatchRoutes:
    def __init__(self, batches: BatchService) -> None:
        self._batches = batches

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="createLeads",
                method="POST",
                path="/api/v1/leads/batch",
                tag="Batches",
                summary="Create many leads",
                description="Up to 1,000 in a request. Each bad one is named with what is wrong, and the good ones are "
                "stored; with `atomic`, all are or none.",
                scope=Scope.LEADS_WRITE,
                body=BatchCreate,
                body_bytes=BODY_BYTES,
                idempotent=True,
                response=CreatedView,
                example=_CREATED,
                handler=self.create_leads,
                request_example={
                    "leads": [{"name": "Ada Park", "email": "ada@example.com"}, {"name": "Ben Cole"}],
                    "onDuplicate": "update",
                },
            ),
            Operation(
                id="updateLeads",
                method="POST",
                path="/api/v1/leads/batch-update",
                tag="Batches",
                summary="Change many leads",
                description="Up to 10,000, by their ids or by what holds for them; all change or none. It can be taken "
                "back with the `operationId`.",
                scope=Scope.LEADS_WRITE,
                body=BatchUpdate,
                idempotent=True,
                response=UpdatedView,
                example={"matched": 3, "updated": 2, "unchanged": 1, "missing": [], "operationId": _OPERATION},
                handler=self.update_leads,
                request_example={"filter": {"status": ["new"], "source": ["fair"]}, "set": {"status": "contacted"}},
            ),
            Operation(
                id="deleteLeads",
                method="POST",
                path="/api/v1/leads/batch-delete",
                tag="Batches",
                summary="Delete many leads",
                description="Up to 10,000, by their ids or by what holds for them; `confirm` has to be their number. "
                "They can be brought back with the `operationId` for a while, and are then erased. To erase one at "
                "once and for good, delete it alone: that works for a lead that was deleted here, too.",
                scope=Scope.LEADS_WRITE,
                body=BatchDelete,
                idempotent=True,
                response=DeletedBatchView,
                example={"matched": 3, "deleted": 3, "missing": [], "operationId": _OPERATION},
                handler=self.delete_leads,
                errors=("CONFLICT",),
                request_example={"ids": [_LEAD], "confirm": 1},
            ),
        ]

    async def create_leads(self, caller: Principal, body: BatchCreate, *, idempotency: IdempotencyKey | None) -> Reply:
        batch = await self._batches.create_leads(
            caller,
            await _drafts(body.leads),
            rule=caller.duplicates.but(body.on_duplicate, body.match_on),
            atomic=body.atomic,
            idempotency=idempotency,
        )
        return Reply(CreatedView.of(batch), replayed=batch.replayed)

    async def update_leads(self, caller: Principal, body: BatchUpdate, *, idempotency: IdempotencyKey | None) -> Reply:
        batch = await self._batches.update_leads(
            caller, body.which(), body.patch(), dry_run=body.dry_run, idempotency=idempotency
        )
        return Reply(UpdatedView.of(batch), replayed=batch.replayed)

    async def delete_leads(self, caller: Principal, body: BatchDelete, *, idempotency: IdempotencyKey | None) -> Reply:
        batch = await self._batches.delete_leads(
            caller, body.which(), confirm=body.confirm, dry_run=body.dry_run, idempotency=idempotency
        )
        return Reply(DeletedBatchView.of(batch, dry_run=body.dry_run), replayed=batch.replayed)


async def _drafts(leads: Sequence[msgspec.Raw]) -> list[LeadDraft | InvalidInput]:
    """Some at a time: reading a thousand takes as long as serving hundreds of others."""
    drafts: list[LeadDraft | InvalidInput] = []
    for index, lead in enumerate(leads):
        if index % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        drafts.append(_draft(bytes(lead)))
    return drafts


def _draft(lead: bytes) -> LeadDraft | InvalidInput:
    try:
        draft: LeadDraft = decode_lead(lead).draft()
    except InvalidInput as error:
        return error
    except LeadlightError as error:
        return InvalidInput([Problem("body", error.message, "invalid_json")])
    return draft
