"""What a submission is: a lead to be, a bot's or a test to be ignored, or none, and then why."""

from collections.abc import Sequence

import msgspec

from leadlight.capture.bots import suspicion
from leadlight.capture.drafting import Drafted, draft_lead
from leadlight.capture.form import Form
from leadlight.capture.reading import read
from leadlight.capture.submission import Submission, SubmissionKind, SubmissionStatus
from leadlight.errors import InvalidInput, LeadlightError, Problem

_MAX_REASON = 2_000


class Verdict(msgspec.Struct, frozen=True):
    """`drafted`: of what is to be a lead; of all others, `status` is what they are from here on.

    `error`: what the sender of one that failed is told. `reason`: for the form's owner.
    """

    status: SubmissionStatus
    reason: str | None = None
    drafted: Drafted | None = None
    error: LeadlightError | None = None

    @classmethod
    def failed(cls, error: LeadlightError) -> "Verdict":
        return cls(SubmissionStatus.FAILED, reason_of(error), error=error)


def judge(submission: Submission, form: Form, *, by_hand: bool) -> Verdict:
    """`by_hand`: a person has seen it and wants it to be a lead, so it is no bot's."""
    try:
        submitted = read(submission.kind, submission.body, submission.content_type)
        ignored = submitted.ignored
        if ignored is None and not by_hand and submission.kind is SubmissionKind.FORM:
            key, at = form.secrets.signing_key, submission.received_at
            ignored = suspicion(submitted, form.settings, signing_key=key, received_at=at)
        if ignored is not None:
            return Verdict(SubmissionStatus.IGNORED, _storable(ignored))
        drafted = draft_lead(submitted, form.settings, kind=submission.kind, context=submission.context)
    except LeadlightError as error:
        return Verdict.failed(error)
    return Verdict(SubmissionStatus.STORED, _storable("; ".join(submitted.notes)) or None, drafted)


def reason_of(error: LeadlightError) -> str:
    """In one sentence for the form's owner."""
    if isinstance(error, InvalidInput):
        return _storable(_told(error.problems))
    existing = error.details.get("existingId")
    return f"{error.message}: {existing}" if existing else _storable(error.message)


def _told(problems: Sequence[Problem]) -> str:
    return "; ".join(f"{problem.field}: {problem.message}".removeprefix(": ") for problem in problems)


def _storable(text: str) -> str:
    """Not every store takes NUL in a text, and the names of fields are a stranger's."""
    return text[:_MAX_REASON].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
