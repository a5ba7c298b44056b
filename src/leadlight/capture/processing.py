"""What becomes of a stored submission: it is read, and made a lead, or kept with the reason why it is none."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar, TypeVarTuple

import msgspec

from leadlight.capture import meta, queries
from leadlight.capture.form import Form
from leadlight.capture.graph import Graph, GraphRefusal
from leadlight.capture.judging import Verdict, judge
from leadlight.capture.service import found
from leadlight.capture.submission import Submission, SubmissionKind, SubmissionStatus
from leadlight.clock import Clock
from leadlight.duplicate_rule import DuplicateRule
from leadlight.errors import Conflict, InvalidInput, LeadlightError, NotFound
from leadlight.events.service import EventService
from leadlight.leads.intake import Incoming, Intake
from leadlight.principal import Actor
from leadlight.store.database import Database, Transaction
from leadlight.workspaces.service import WorkspaceService

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_ON_THE_LOOP_BYTES = 16_384

_replace = msgspec.structs.replace


class Processed(msgspec.Struct, frozen=True):
    """`error`: why it is no lead, for its sender."""

    submission: Submission
    error: LeadlightError | None = None


async def apart_if_large(size: int, work: Callable[[*Ts], T], *args: *Ts) -> T:
    """Runs what takes its time with a body of so many bytes: on the event loop where that is none worth speaking of."""
    return work(*args) if size <= _ON_THE_LOOP_BYTES else await asyncio.to_thread(work, *args)


class Processing:
    def __init__(
        self,
        database: Database,
        events: EventService,
        workspaces: WorkspaceService,
        intake: Intake,
        graph: Graph,
        clock: Clock,
    ) -> None:
        self._database = database
        self._events = events
        self._workspaces = workspaces
        self._intake = intake
        self._graph = graph
        self._clock = clock

    async def process(
        self, form: Form, submission: Submission, *, open_: tuple[SubmissionStatus, ...], by_hand: bool = False
    ) -> Processed:
        """Makes a lead of a submission, as the form is now. Raises NotFound when one of them is gone.

        `open_`: the states of which something may still become; one that another was quicker with is left as it is.
        `by_hand`: a person asked for it.
        """
        try:
            submission = await self._with_answers(form, submission)
        except GraphRefusal as refusal:
            verdict = Verdict(SubmissionStatus.FAILED, str(refusal))
        else:
            verdict = await apart_if_large(len(submission.body), partial(judge, by_hand=by_hand), submission, form)
        workspace = await self._workspaces.get_workspace(form.workspace_id)
        rule = form.settings.duplicates(workspace.duplicates)
        return await self._database.write(self._settle, submission, verdict, rule, open_, turn=form.workspace_id)

    async def set_aside(self, submission: Submission, reason: str) -> None:
        """Has one that is only received be none, whatever it says."""
        verdict, open_ = Verdict(SubmissionStatus.FAILED, reason), (SubmissionStatus.RECEIVED,)
        turn = submission.workspace_id
        await self._database.write(self._settle, submission, verdict, DuplicateRule(), open_, turn=turn)

    async def _with_answers(self, form: Form, submission: Submission) -> Submission:
        """Asks Meta for what it has not told. Raises GraphRefusal."""
        token = form.secrets.meta_access_token
        if submission.kind is not SubmissionKind.META or token is None:
            return submission
        lead_id = meta.missing_answers(submission.body)
        if lead_id is None:
            return submission
        answers = await self._graph.answers(lead_id, token)
        try:
            return _replace(submission, body=meta.with_answers(submission.body, answers))
        except LeadlightError:
            raise GraphRefusal("what it answered is no JSON object") from None

    # Units of work

    async def _settle(
        self,
        tx: Transaction,
        submission: Submission,
        verdict: Verdict,
        rule: DuplicateRule,
        open_: tuple[SubmissionStatus, ...],
    ) -> Processed:
        workspace_id = submission.workspace_id
        await self._events.hold(tx, workspace_id)
        stored = await queries.find_submission(tx, workspace_id, submission.id)
        if stored is None:
            raise NotFound("No submission with this ID in your workspace", submissionId=submission.id)
        if stored.status not in open_:
            return Processed(stored)
        found(await queries.find_form(tx, workspace_id, submission.form_id), submission.form_id)
        now = self._clock()
        lead_id = None
        if verdict.drafted is not None:
            incoming = Incoming(verdict.drafted.draft, patch=verdict.drafted.patch)
            try:
                lead_id = await self._take_in(tx, submission, incoming, rule, now)
            except (InvalidInput, Conflict) as error:
                verdict = Verdict.failed(error)
        settled = _replace(submission, status=verdict.status, reason=verdict.reason, lead_id=lead_id, processed_at=now)
        await queries.settle(tx, settled)
        return Processed(settled, verdict.error)

    async def _take_in(
        self, tx: Transaction, submission: Submission, incoming: Incoming, rule: DuplicateRule, now: int
    ) -> str:
        """The id of the lead that it became, or met. Raises InvalidInput, Conflict."""
        actor = Actor.of(submission.form_id)
        [taken] = await self._intake.take(tx, submission.workspace_id, actor, [incoming], rule=rule, now=now)
        if taken.error is not None or taken.lead is None:
            raise taken.error or AssertionError("a lead that was not taken says why")
        return taken.lead.id
