"""Duplicates and merges over the API."""

from typing import Any

from leadlight.duplicates.schemas import (
    DUPLICATES_PARAMETERS,
    PAIRS_PARAMETERS,
    DuplicatesOfLead,
    DuplicatesQuery,
    DuplicateView,
    MergedView,
    MergeInput,
    PairList,
    PairsQuery,
)
from leadlight.duplicates.service import DuplicateService, MergeOrder
from leadlight.http.operation import Operation, Reply
from leadlight.ids import LEAD
from leadlight.principal import Principal, Scope
from leadlight.store.idempotency import IdempotencyKey

_PATH = "/api/v1/leads/{leadId}"
_LEAD: dict[str, Any] = {
    "id": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz",
    "name": "Ada Park",
    "email": "ada.park@gmail.com",
    "phone": "+44 20 7946 0958",
    "source": "website",
    "status": "contacted",
    "metadata": {"company": "Parkside"},
    "createdAt": "2026-01-15T10:30:00.000Z",
    "updatedAt": "2026-01-15T10:30:00.000Z",
    "workspaceId": "ws_01kb2v5x9qe4m8c2n7t0r6w3hj",
}
_OTHER: dict[str, Any] = {
    **_LEAD,
    "id": "lead_01kb2v9s7cq4m2x8d6h0j5n3pt",
    "email": "adapark+fair@gmail.com",
    "source": "fair",
    "status": "new",
}
_LIKENESS: dict[str, Any] = {"score": 97, "reasons": ["same_mailbox", "same_phone", "same_name", "same_company"]}


class DuplicateRoutes:
    def __init__(self, duplicates: DuplicateService) -> None:
        self._duplicates = duplicates

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="listLeadDuplicates",
                method="GET",
                path=f"{_PATH}/duplicates",
                tag="Duplicates",
                summary="Find a lead's duplicates",
                description="Leads that may be the same person, with how likely that is and why. They are looked for "
                "among those with the same address, mailbox or international number, or a name that sounds the same; "
                "where hundreds share one of these, among the nearest by age.",
                scope=Scope.LEADS_READ,
                path_id=LEAD,
                query=DuplicatesQuery,
                parameters=DUPLICATES_PARAMETERS,
                response=DuplicatesOfLead,
                example={"duplicates": [{"lead": _OTHER, **_LIKENESS}]},
                handler=self.list_lead_duplicates,
            ),
            Operation(
                id="listDuplicates",
                method="GET",
                path="/api/v1/duplicates",
                tag="Duplicates",
                summary="Find the duplicates in the workspace",
                description="Pairs of leads that may be the same person, each once, the surest first: those with one "
                "address (each beside the oldest of them), with one mailbox, with one number, with similar names and "
                "more in common. Each page looks at some thousand leads: it may hold fewer pairs than its limit, or "
                "none, and have a `nextCursor` all the same.",
                scope=Scope.LEADS_READ,
                query=PairsQuery,
                parameters=PAIRS_PARAMETERS,
                response=PairList,
                example={
                    "duplicates": [{"leads": [_LEAD, _OTHER], **_LIKENESS}],
                    "pagination": {"limit": 25, "hasNext": False, "nextCursor": None},
                },
                handler=self.list_duplicates,
            ),
            Operation(
                id="mergeLeads",
                method="POST",
                path=f"{_PATH}/merge",
                tag="Duplicates",
                summary="Merge a duplicate into a lead",
                description="The lead gets what it lacks of its duplicate, and its history; the duplicate's id stands "
                "for it from then on. It can be taken back with the `operationId`.",
                scope=Scope.LEADS_WRITE,
                path_id=LEAD,
                body=MergeInput,
                idempotent=True,
                response=MergedView,
                example={
                    "lead": {**_LEAD, "source": "fair", "updatedAt": "2026-01-15T10:35:00.000Z"},
                    "operationId": "op_01kb2v7h4qe9s3w6z8b1d5f7hk",
                    "changes": {"source": {"from": "website", "to": "fair"}},
                },
                handler=self.merge_leads,
                errors=("CONFLICT",),
                request_example={"duplicateId": _OTHER["id"], "prefer": {"source": _OTHER["id"]}},
            ),
        ]

    async def list_lead_duplicates(self, caller: Principal, lead_id: str, query: DuplicatesQuery) -> DuplicatesOfLead:
        found = await self._duplicates.list_of_lead(caller, lead_id, min_score=query.min_score, limit=query.limit)
        return DuplicatesOfLead([DuplicateView.of(lead, why) for lead, why in found])

    async def list_duplicates(self, caller: Principal, query: PairsQuery) -> PairList:
        pairs, place = await self._duplicates.list_pairs(
            caller, query.cursor, min_score=query.min_score, limit=query.limit
        )
        return PairList.of(pairs, place, query.limit)

    async def merge_leads(
        self, caller: Principal, lead_id: str, body: MergeInput, *, idempotency: IdempotencyKey | None
    ) -> Reply:
        order = MergeOrder(lead_id, body.duplicate_id, body.prefer)
        merged = await self._duplicates.merge(caller, order, dry_run=body.dry_run, idempotency=idempotency)
        return Reply(MergedView.of(merged, lead_id), replayed=merged.replayed)
