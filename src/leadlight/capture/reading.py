"""A stored submission made into its fields, whatever its kind; the same body is read the same way at any time."""

from collections.abc import Callable

from leadlight.capture import google_ads, meta, parsing, tally, typeform
from leadlight.capture.payload import too_many_fields
from leadlight.capture.submission import MAX_FIELDS, SubmissionKind, Submitted

_READERS: dict[SubmissionKind, Callable[[bytes], Submitted]] = {
    SubmissionKind.GOOGLE_ADS: google_ads.read,
    SubmissionKind.META: meta.read,
    SubmissionKind.TYPEFORM: typeform.read,
    SubmissionKind.TALLY: tally.read,
}
_IDS: dict[SubmissionKind, Callable[[bytes], str | None]] = {
    SubmissionKind.GOOGLE_ADS: google_ads.external_id,
    SubmissionKind.META: meta.external_id,
    SubmissionKind.TYPEFORM: typeform.external_id,
    SubmissionKind.TALLY: tally.external_id,
}


def read(kind: SubmissionKind, body: bytes, content_type: str) -> Submitted:
    """Raises InvalidJson, InvalidInput, and nothing else whatever the body is."""
    reader = _READERS.get(kind)
    submitted = parsing.read_form(body, content_type) if reader is None else reader(body)
    if len(submitted.fields) > MAX_FIELDS:
        raise too_many_fields()
    return submitted


def external_id(kind: SubmissionKind, body: bytes) -> str | None:
    """The sender's own id of a submission, by which a repeat is known; None where there is none to be found."""
    finder = _IDS.get(kind)
    return None if finder is None else finder(body)
