"""Receiving submissions: each is stored as it came before anything else is done with it, and then made a lead.

A process that ends in between leaves it as `received`; whichever process looks next takes it up.
"""

import logging
from collections.abc import Sequence

import msgspec

from leadlight.capture import queries
from leadlight.capture.form import Form
from leadlight.capture.processing import Processing
from leadlight.capture.service import found
from leadlight.capture.submission import Context, Submission, SubmissionKind, SubmissionStatus
from leadlight.clock import MINUTE, Clock
from leadlight.errors import Conflict, LeadlightError, NotFound, StoreUnavailable
from leadlight.ids import SUBMISSION, NewId, first_id
from leadlight.store.database import Database, Transaction

_BATCH = 100
_TRIED_AGAIN = (SubmissionStatus.RECEIVED, SubmissionStatus.FAILED)

logger = logging.getLogger("leadlight.capture")


class Posted(msgspec.Struct, frozen=True):
    """What somebody sent to a form. `external_id`: the sender's own id of it; of a form, an Idempotency-Key."""

    kind: SubmissionKind
    content_type: str
    body: bytes
    external_id: str | None = None
    context: Context = Context()


class Received(msgspec.Struct, frozen=True):
    """What became of it. `error`: why it is no lead, for its sender. `is_repeat`: it had come before."""

    submission: Submission
    error: LeadlightError | None = None
    is_repeat: bool = False


class Receiving:
    def __init__(self, database: Database, processing: Processing, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._processing = processing
        self._clock = clock
        self._new_id = new_id

    async def receive(self, form: Form, posted: Sequence[Posted]) -> list[Received]:
        """Stores all, then makes each a lead; when it answers, the leads are there.

        One that had come before is answered as it was then, or tried again if it was no lead. What it raises
        StoreUnavailable for may be stored, and is made a lead later. Raises NotFound when the form is gone, Conflict
        for an Idempotency-Key that was used for something else.
        """
        now, workspace_id = self._clock(), form.workspace_id
        new = [self._new(form, each, now) for each in posted]
        # In the workspace's turn, though nothing is told: so a line takes many at once, with one connection.
        form, stored = await self._database.write(self._store, form, new, turn=workspace_id)
        return [await self._make(form, *pair) for pair in zip(new, stored, strict=True)]

    async def take_up(self) -> None:
        """Makes leads of what was stored more than a minute ago and left."""
        before = first_id(SUBMISSION, max(0, self._clock() - MINUTE))
        for workspace_id, form_id in await self._database.scan(queries.list_forms_with_received, before):
            form = await self._database.read(queries.find_form, workspace_id, form_id)
            if form is not None:
                await self.take_up_of(form, before=before)

    async def take_up_of(self, form: Form, *, before: str = f"{SUBMISSION.prefix}~") -> None:
        """The same for one form; all, if not said before which id."""

        async def some(tx: Transaction) -> list[Submission]:
            return await queries.list_received(tx, form.workspace_id, form.id, before=before, limit=_BATCH)

        while submissions := await self._database.scan(some):
            for submission in submissions:
                try:
                    await self._processing.process(form, submission, open_=(SubmissionStatus.RECEIVED,))
                except NotFound:  # the form was deleted, and they go with it
                    return
                except StoreUnavailable:
                    raise
                except Exception:  # a fault of ours; it would be met again each time
                    logger.exception("submission %s can't be processed", submission.id)
                    await self._processing.set_aside(submission, "a fault of the server; its log says more")

    def _new(self, form: Form, posted: Posted, now: int) -> Submission:
        return Submission(
            workspace_id=form.workspace_id,
            id=self._new_id(SUBMISSION),
            form_id=form.id,
            kind=posted.kind,
            external_id=posted.external_id,
            content_type=posted.content_type,
            body=posted.body,
            context=posted.context,
            received_at=now,
        )

    async def _make(self, form: Form, new: Submission, stored: Submission) -> Received:
        is_repeat = stored.id != new.id
        if is_repeat and new.kind is SubmissionKind.FORM and stored.body != new.body:
            _refuse_key(stored)
        if stored.status not in _TRIED_AGAIN:
            return Received(stored, is_repeat=is_repeat)
        made = await self._processing.process(form, stored, open_=_TRIED_AGAIN)
        return Received(made.submission, made.error, is_repeat)

    # Units of work

    async def _store(
        self, tx: Transaction, form: Form, submissions: Sequence[Submission]
    ) -> tuple[Form, list[Submission]]:
        """The form as it is now, and the submissions, or in place of each the one that it repeats."""
        form = found(await queries.find_form(tx, form.workspace_id, form.id), form.id)
        stored: list[Submission] = []
        for submission in submissions:
            is_new = await queries.insert_submission(tx, submission)
            there = submission if is_new else await queries.find_repeated(tx, submission)
            if there is None:  # it was removed in this moment
                raise StoreUnavailable
            stored.append(there)
        return form, stored


def _refuse_key(stored: Submission) -> None:
    """Raises Conflict."""
    if not stored.content_type:
        raise Conflict("What this Idempotency-Key made was deleted since; use a new key")
    raise Conflict("This Idempotency-Key was used for another request; use a new key for each new request")
