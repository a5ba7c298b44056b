"""Leads over the API: the table of their operations, and the handlers."""

from leadlight.events.schemas import EVENT_EXAMPLE, EVENT_PARAMETERS, EventList, EventQuery
from leadlight.http.operation import Operation, Reply
from leadlight.ids import LEAD
from leadlight.leads.list_schemas import LIST_PARAMETERS, LeadList, ListQuery
from leadlight.leads.schemas import (
    CREATE_PARAMETERS,
    CreateQuery,
    DeletedView,
    LeadCreate,
    LeadUpdate,
    LeadView,
)
from leadlight.leads.service import LeadService
from leadlight.principal import Principal, Scope
from leadlight.store.idempotency import IdempotencyKey

_PATH = "/api/v1/leads/{leadId}"
_EXAMPLE = {
    "name": "Ada Park",
    "email": "ada@example.com",
    "phone": "+44 20 7946 0958",
    "source": "website",
    "metadata": {"company": "Parkside", "utm_source": "newsletter", "score": 42},
}
_STORED = {
    "id": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz",
    **_EXAMPLE,
    "status": "new",
    "createdAt": "2026-01-15T10:30:00.000Z",
    "updatedAt": "2026-01-15T10:30:00.000Z",
    "workspaceId": "ws_01kb2v5x9qe4m8c2n7t0r6w3hj",
}
_LISTED = {
    "leads": [{name: value for name, value in _STORED.items() if name != "workspaceId"}],
    "pagination": {
        "limit": 10,
        "hasNext": False,
        "page": 1,
        "total": 1,
        "totalPages": 1,
        "hasPrev": False,
        "nextCursor": None,
    },
}


class LeadRoutes:
    def __init__(self, leads: LeadService) -> None:
        self._leads = leads

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="getLead",
                method="GET",
                path=_PATH,
                tag="Leads",
                summary="Read a lead",
                description="The whole lead, metadata and all. Send its ETag back as If-None-Match to hear "
                "304 as long as nothing has changed.",
                scope=Scope.LEADS_READ,
                path_id=LEAD,
                response=LeadView,
                example=_STORED,
                etag=True,
                handler=self.get_lead,
            ),
            Operation(
                id="listLeads",
                method="GET",
                path="/api/v1/leads",
                tag="Leads",
                summary="List, filter and search leads",
                description="Newest first, unless sorted otherwise; every filter that is given has to hold.",
                scope=Scope.LEADS_READ,
                query=ListQuery,
                parameters=LIST_PARAMETERS,
                response=LeadList,
                example=_LISTED,
                handler=self.list_leads,
            ),
            Operation(
                id="createLead",
                method="POST",
                path="/api/v1/leads",
                tag="Leads",
                summary="Create a lead",
                description="Once this has answered, the lead is on disk. With an Idempotency-Key the same "
                "request can be sent again for 24 hours and makes one lead.",
                scope=Scope.LEADS_WRITE,
                query=CreateQuery,
                parameters=CREATE_PARAMETERS,
                body=LeadCreate,
                idempotent=True,
                response=LeadView,
                example=_STORED,
                status=201,
                existing_status=200,
                etag=True,
                handler=self.create_lead,
                request_example=_EXAMPLE,
            ),
            self._update("updateLead", "PUT"),
            self._update("patchLead", "PATCH"),
            Operation(
                id="deleteLead",
                method="DELETE",
                path=_PATH,
                tag="Leads",
                summary="Delete a lead for good",
                description="The lead, its metadata and its history are erased; what stays is that this id "
                "was deleted, when, and by which key.",
                scope=Scope.LEADS_WRITE,
                path_id=LEAD,
                if_match=True,
                response=DeletedView,
                errors=("CONFLICT",),
                example={"id": _STORED["id"], "deletedAt": "2026-01-15T10:30:00.000Z"},
                message="Lead deleted successfully",
                handler=self.delete_lead,
            ),
            Operation(
                id="listLeadEvents",
                method="GET",
                path=f"{_PATH}/events",
                tag="Events",
                summary="Read a lead's timeline",
                description="Everything that happened to the lead, oldest first: what changed from what to "
                "what, when, and by which key.",
                scope=Scope.LEADS_READ,
                path_id=LEAD,
                query=EventQuery,
                parameters=EVENT_PARAMETERS,
                response=EventList,
                example=EVENT_EXAMPLE,
                handler=self.list_lead_events,
            ),
        ]

    def _update(self, id_: str, method: str) -> Operation:
        return Operation(
            id=id_,
            method=method,
            path=_PATH,
            tag="Leads",
            summary="Update a lead",
            description="Only what is sent changes; PUT and PATCH do the same. Metadata is merged (RFC 7396): "
            "null removes a key. Send If-Match to change only what you have read.",
            scope=Scope.LEADS_WRITE,
            path_id=LEAD,
            body=LeadUpdate,
            if_match=True,
            response=LeadView,
            example=_STORED,
            etag=True,
            handler=self.update_lead,
            request_example={"status": "qualified", "metadata": {"score": 77, "utm_source": None}},
        )

    async def get_lead(self, caller: Principal, lead_id: str) -> Reply:
        lead = await self._leads.get_lead(caller, lead_id)
        return Reply(LeadView.of(lead, lead_id), lead.etag)

    async def list_leads(self, caller: Principal, query: ListQuery) -> LeadList:
        page = await self._leads.list_leads(
            caller,
            query,
            sort=query.order,
            limit=query.limit,
            offset=query.offset,
            behind=query.place,
            with_total=query.with_total,
        )
        return query.answer(page)

    async def create_lead(
        self, caller: Principal, query: CreateQuery, body: LeadCreate, *, idempotency: IdempotencyKey | None
    ) -> Reply:
        rule = caller.duplicates.but(query.on_duplicate, query.match_on)
        created = await self._leads.create_lead(caller, body.draft(), rule=rule, idempotency=idempotency)
        lead = created.lead
        return Reply(
            LeadView.of(lead),
            lead.etag,
            location=f"/api/v1/leads/{lead.id}",
            existing=created.existing,
            replayed=created.replayed,
        )

    async def update_lead(
        self, caller: Principal, lead_id: str, body: LeadUpdate, *, if_match: tuple[str, ...] | None
    ) -> Reply:
        lead = await self._leads.update_lead(caller, lead_id, body.patch(), if_match=if_match)
        return Reply(LeadView.of(lead, lead_id), lead.etag)

    async def delete_lead(self, caller: Principal, lead_id: str, *, if_match: tuple[str, ...] | None) -> DeletedView:
        return DeletedView.of(await self._leads.delete_lead(caller, lead_id, if_match=if_match))

    async def list_lead_events(self, caller: Principal, lead_id: str, query: EventQuery) -> EventList:
        page = await self._leads.list_events(caller, lead_id, after=query.after, limit=query.limit, types=query.types)
        return EventList.of(page)
