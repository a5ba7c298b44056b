"""Use cases of submissions for those who own the form: looked at, tried again, told and erased with their leads."""

from collections.abc import Sequence
from typing import Any

from leadlight.capture import queries
from leadlight.capture.processing import Processing
from leadlight.capture.queries import Shown
from leadlight.capture.receiving import Receiving
from leadlight.capture.service import FormService, found
from leadlight.capture.submission import MAX_BODY, SubmissionStatus, shown_body
from leadlight.clock import DAY, Clock, to_iso
from leadlight.errors import Conflict, NotFound
from leadlight.ids import SUBMISSION, first_id
from leadlight.leads.writing import LeadWriting
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction

SHOWN_BYTES = 65_536
"""So much of a body is shown."""

_BATCH = 100
_REOPENED = tuple(status for status in SubmissionStatus if status is not SubmissionStatus.STORED)


class SubmissionService:
    def __init__(
        self,
        database: Database,
        forms: FormService,
        receiving: Receiving,
        processing: Processing,
        writing: LeadWriting,
        clock: Clock,
    ) -> None:
        self._database = database
        self._forms = forms
        self._receiving = receiving
        self._processing = processing
        self._writing = writing
        self._clock = clock

    async def list_submissions(
        self, workspace_id: str, form_id: str, *, status: SubmissionStatus | None, before: str, limit: int
    ) -> list[Shown]:
        """Newest first, behind an id. Raises NotFound."""
        statuses = tuple(SubmissionStatus) if status is None else (status,)

        async def page(tx: Transaction) -> list[Shown]:
            found(await queries.find_form(tx, workspace_id, form_id), form_id)
            return await queries.list_shown(
                tx, workspace_id, form_id, statuses, before=before, limit=limit, shown_bytes=SHOWN_BYTES
            )

        return await self._database.scan(page)

    async def get_submission(self, workspace_id: str, submission_id: str) -> Shown:
        """Raises NotFound."""
        return await self._database.read(self._show, workspace_id, submission_id)

    async def list_of_lead(self, caller: Principal, lead_id: str, *, limit: int, shown_bytes: int) -> list[Shown]:
        """The newest of those that became a lead, or one that was merged into it, or met it."""

        async def newest(tx: Transaction) -> list[Shown]:
            lead_ids = [lead_id, *await self._writing.list_merged_into(tx, caller.workspace_id, lead_id)]
            return await queries.list_newest_of_leads(
                tx, caller.workspace_id, lead_ids, limit=limit, shown_bytes=shown_bytes
            )

        return await self._database.scan(newest)

    async def reprocess(self, workspace_id: str, submission_id: str) -> Shown:
        """Makes a lead of one that is none, as its form is now; a person asked for it, so it is no bot's.

        Raises NotFound, or Conflict for one that is a lead already.
        """
        submission = await self._database.read(queries.find_submission, workspace_id, submission_id)
        if submission is None:
            raise _not_found(submission_id)
        if submission.status is SubmissionStatus.STORED:
            raise Conflict("This submission is a lead already", leadId=submission.lead_id)
        try:
            form = await self._forms.get_form(workspace_id, submission.form_id)
        except NotFound:
            raise _not_found(submission_id) from None
        await self._processing.process(form, submission, open_=_REOPENED, by_hand=True)
        return await self._database.read(self._show, workspace_id, submission_id)

    async def delete_form(self, workspace_id: str, form_id: str) -> int:
        """Ends a form, once all is a lead that can be one. Answers when. Raises NotFound."""
        await self._receiving.take_up_of(await self._forms.get_form(workspace_id, form_id))
        return await self._forms.delete_form(workspace_id, form_id)

    # Holder of leads' data

    async def erase_leads(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> bool:  # noqa: ARG002
        """Takes out of submissions what they say, and leaves their senders' ids: a repeat brings nothing back."""
        await queries.erase_of_leads(tx, workspace_id, lead_ids)
        return False

    async def held_on(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> dict[str, list[Any]]:
        """The submissions that some leads were made of, or changed by."""
        held = await queries.list_of_leads(tx, workspace_id, lead_ids, shown_bytes=2 * MAX_BODY)
        return {"submissions": [_as_held(shown) for shown in held]}

    # Housekeeping

    async def clean(self, *, kept_days: int) -> None:
        """Removes what was no lead long ago, and all of deleted forms, a hundred at a time."""
        before = first_id(SUBMISSION, max(0, self._clock() - kept_days * DAY))
        for workspace_id, form_id in await self._database.scan(queries.list_forms_with_old, before):
            while await self._database.write(self._remove_old, workspace_id, form_id, before) == _BATCH:
                pass
        for workspace_id, form_id in await self._database.scan(queries.list_deleted_forms):
            while await self._database.write(self._remove_of_form, workspace_id, form_id) == _BATCH:
                pass

    # Units of work

    async def _show(self, tx: Transaction, workspace_id: str, submission_id: str) -> Shown:
        shown = await queries.find_shown(tx, workspace_id, submission_id, shown_bytes=SHOWN_BYTES)
        if shown is None:
            raise _not_found(submission_id)
        return shown

    async def _remove_old(self, tx: Transaction, workspace_id: str, form_id: str, before: str) -> int:
        ids = await queries.some_old(tx, workspace_id, form_id, before=before, limit=_BATCH)
        await queries.remove_submissions(tx, workspace_id, ids, but_leads=True)
        return len(ids)

    async def _remove_of_form(self, tx: Transaction, workspace_id: str, form_id: str) -> int:
        ids = await queries.some_of_form(tx, workspace_id, form_id, limit=_BATCH)
        await queries.remove_submissions(tx, workspace_id, ids)
        if len(ids) < _BATCH:
            await queries.remove_form(tx, workspace_id, form_id)
        return len(ids)


def _not_found(submission_id: str) -> NotFound:
    return NotFound("No submission with this ID in your workspace", submissionId=submission_id)


def _as_held(shown: Shown) -> dict[str, Any]:
    body = shown_body(shown.beginning, is_cut=shown.size > len(shown.beginning))
    return {
        "id": shown.id,
        "formId": shown.form_id,
        "leadId": shown.lead_id,
        "kind": shown.kind,
        "externalId": shown.external_id,
        "receivedAt": to_iso(shown.received_at),
        "contentType": shown.content_type,
        "query": shown.context.query,
        "referrer": shown.context.referrer,
        "body": body.text,
        "bodyEncoding": body.encoding,
        "bodySize": shown.size,
    }
