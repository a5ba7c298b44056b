"""Forms and submissions over the API. What everybody may post to is in `public`."""

from typing import Any

from leadlight.capture.inbox import SubmissionService
from leadlight.capture.schemas import (
    FORM_PARAMETERS,
    SUBMISSION_PARAMETERS,
    DeletedForm,
    FormCreate,
    FormList,
    FormQuery,
    FormUpdate,
    FormView,
    SubmissionList,
    SubmissionQuery,
    SubmissionView,
)
from leadlight.capture.service import FormService
from leadlight.clock import to_iso
from leadlight.http.operation import Operation, Reply
from leadlight.http.pagination import cut
from leadlight.ids import FORM, SUBMISSION
from leadlight.principal import Principal, Scope

_FORMS = "/api/v1/forms"
_FORM = f"{_FORMS}/{{formId}}"
_EXAMPLE: dict[str, Any] = {
    "id": "form_01kb2v7r2mf0r8n4t9q5w7x1yz",
    "name": "Contact",
    "allowedOrigins": ["https://example.com"],
    "redirectUrl": "https://example.com/thanks",
    "fieldMap": {"your-name": "name", "firma": "metadata.company"},
    "defaults": {"source": "website"},
    "onDuplicate": "update",
    "matchOn": None,
    "honeypot": "homepage_url",
    "rateLimitPerMinute": 60,
    "minimumFillSeconds": 2,
    "googleAdsKey": True,
    "metaVerifyToken": False,
    "metaAppSecret": False,
    "metaAccessToken": False,
    "typeformSecret": False,
    "tallySecret": False,
    "createdAt": "2026-01-15T10:30:00.000Z",
    "updatedAt": "2026-01-15T10:30:00.000Z",
}
_SUBMISSION: dict[str, Any] = {
    "id": "sub_01kb2v7xq8d6y3f9k1m4p7s0tv",
    "formId": _EXAMPLE["id"],
    "kind": "form",
    "status": "failed",
    "reason": "email: must be a valid email address",
    "leadId": None,
    "externalId": None,
    "receivedAt": "2026-01-15T10:30:00.000Z",
    "processedAt": "2026-01-15T10:30:00.004Z",
    "query": "utm_source=newsletter",
    "referrer": "https://example.com/",
    "contentType": "application/x-www-form-urlencoded",
    "body": "name=Ada+Park&email=ada",
    "bodyEncoding": "utf-8",
    "bodySize": 23,
}


class CaptureRoutes:
    def __init__(self, forms: FormService, submissions: SubmissionService) -> None:
        self._forms = forms
        self._submissions = submissions

    def operations(self) -> list[Operation]:
        return [*self._of_forms(), *self._of_submissions()]

    def _of_forms(self) -> list[Operation]:
        return [
            Operation(
                id="listForms",
                method="GET",
                path=_FORMS,
                tag="Forms",
                summary="List forms",
                description="Oldest first. Of their secrets it is told which are set.",
                scope=Scope.ADMIN,
                query=FormQuery,
                parameters=FORM_PARAMETERS,
                response=FormList,
                example={"forms": [_EXAMPLE], "pagination": {"limit": 100, "hasNext": False, "nextCursor": None}},
                handler=self.list_forms,
            ),
            Operation(
                id="createForm",
                method="POST",
                path=_FORMS,
                tag="Forms",
                summary="Create a form",
                description="Leads come in by it at `/capture/{formId}`, without a key: from web pages, and with the "
                "secrets from Google Ads, Meta, Typeform and Tally.",
                scope=Scope.ADMIN,
                body=FormCreate,
                response=FormView,
                example=_EXAMPLE,
                status=201,
                handler=self.create_form,
                errors=("CONFLICT",),
                request_example={
                    "name": "Contact",
                    "allowedOrigins": ["https://example.com"],
                    "redirectUrl": "https://example.com/thanks",
                    "fieldMap": _EXAMPLE["fieldMap"],
                    "defaults": {"source": "website"},
                    "onDuplicate": "update",
                    "googleAdsKey": "a-key-of-your-choice",
                },
            ),
            Operation(
                id="getForm",
                method="GET",
                path=_FORM,
                tag="Forms",
                summary="Read a form",
                description="Of its secrets it is told which are set.",
                scope=Scope.ADMIN,
                path_id=FORM,
                response=FormView,
                example=_EXAMPLE,
                handler=self.get_form,
            ),
            Operation(
                id="updateForm",
                method="PUT",
                path=_FORM,
                tag="Forms",
                summary="Change a form",
                description="Only what is sent changes; `fieldMap`, `defaults` and `allowedOrigins` are replaced "
                "whole. Running servers notice within seconds.",
                scope=Scope.ADMIN,
                path_id=FORM,
                body=FormUpdate,
                response=FormView,
                example=_EXAMPLE,
                handler=self.update_form,
                request_example={"fieldMap": _EXAMPLE["fieldMap"], "redirectUrl": None},
            ),
            Operation(
                id="deleteForm",
                method="DELETE",
                path=_FORM,
                tag="Forms",
                summary="Delete a form",
                description="Nothing more comes in by it, and its submissions are removed. The leads that it brought "
                "stay.",
                scope=Scope.ADMIN,
                path_id=FORM,
                response=DeletedForm,
                example={"id": _EXAMPLE["id"], "deletedAt": "2026-01-15T10:30:00.000Z"},
                message="Form deleted",
                handler=self.delete_form,
            ),
        ]

    def _of_submissions(self) -> list[Operation]:
        return [
            Operation(
                id="listSubmissions",
                method="GET",
                path=f"{_FORM}/submissions",
                tag="Forms",
                summary="List what came in by a form",
                description="Newest first, as it came: what is a lead by now, what failed and why, and what was "
                "ignored as a test or a bot's.",
                scope=Scope.LEADS_READ,
                path_id=FORM,
                query=SubmissionQuery,
                parameters=SUBMISSION_PARAMETERS,
                response=SubmissionList,
                example={
                    "submissions": [_SUBMISSION],
                    "pagination": {"limit": 25, "hasNext": False, "nextCursor": None},
                },
                handler=self.list_submissions,
            ),
            Operation(
                id="reprocessSubmission",
                method="POST",
                path="/api/v1/submissions/{submissionId}/reprocess",
                tag="Forms",
                summary="Make a lead of a submission",
                description="Of one that failed, or was ignored as a bot's, with the form as it is now: after its map "
                "was mended. The answer's `status` tells whether it is a lead now.",
                scope=Scope.LEADS_WRITE,
                path_id=SUBMISSION,
                response=SubmissionView,
                example={
                    **_SUBMISSION,
                    "status": "stored",
                    "reason": None,
                    "leadId": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz",
                },
                handler=self.reprocess_submission,
                errors=("CONFLICT",),
            ),
        ]

    async def list_forms(self, caller: Principal, query: FormQuery) -> FormList:
        found = await self._forms.list_forms(caller.workspace_id, after=query.after, limit=query.limit + 1)
        page, pagination = cut(found, query.limit)
        return FormList([FormView.of(form) for form in page], pagination)

    async def create_form(self, caller: Principal, body: FormCreate) -> Reply:
        form = await self._forms.create_form(caller.workspace_id, body.name, body.patch())
        return Reply(FormView.of(form), location=f"{_FORMS}/{form.id}")

    async def get_form(self, caller: Principal, form_id: str) -> FormView:
        return FormView.of(await self._forms.get_form(caller.workspace_id, form_id))

    async def update_form(self, caller: Principal, form_id: str, body: FormUpdate) -> FormView:
        return FormView.of(await self._forms.update_form(caller.workspace_id, form_id, body.patch()))

    async def delete_form(self, caller: Principal, form_id: str) -> DeletedForm:
        deleted_at = await self._submissions.delete_form(caller.workspace_id, form_id)
        return DeletedForm(form_id, to_iso(deleted_at))

    async def list_submissions(self, caller: Principal, form_id: str, query: SubmissionQuery) -> SubmissionList:
        found = await self._submissions.list_submissions(
            caller.workspace_id, form_id, status=query.status, before=query.after, limit=query.limit + 1
        )
        page, pagination = cut(found, query.limit)
        return SubmissionList([SubmissionView.of(shown) for shown in page], pagination)

    async def reprocess_submission(self, caller: Principal, submission_id: str) -> SubmissionView:
        return SubmissionView.of(await self._submissions.reprocess(caller.workspace_id, submission_id))
