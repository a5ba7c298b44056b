"""What came in by a form: where from, what it says once it was read, and what became of it."""

from base64 import b64encode
from enum import StrEnum
from typing import Any

import msgspec

MAX_BODY = 1_048_576
"""Bytes of a submission; files beside its fields count too."""

MAX_FIELDS = 1_000
MAX_EXTERNAL_ID = 200


class SubmissionKind(StrEnum):
    """Whose format it has. A kind is the source of its leads too, where nothing else is said of that."""

    FORM = "form"
    GOOGLE_ADS = "google_ads"
    META = "meta"
    TYPEFORM = "typeform"
    TALLY = "tally"


class SubmissionStatus(StrEnum):
    """`ignored`: a test, a bot, or no form's answers at all."""

    RECEIVED = "received"
    STORED = "stored"
    FAILED = "failed"
    IGNORED = "ignored"


class Field(msgspec.Struct, frozen=True):
    """One answer. `value` is a JSON value, or the text of one as Raw.

    `aliases`: how else a form's field map may call it. `means`: the target that the sender's own format tells.
    """

    name: str
    value: Any
    aliases: tuple[str, ...] = ()
    means: str | None = None


class Submitted(msgspec.Struct, frozen=True):
    """A submission that was read. `ignored`: why it is to be no lead. `notes`: what of it was left out, and why."""

    fields: tuple[Field, ...]
    ignored: str | None = None
    notes: tuple[str, ...] = ()


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came beside the body: the query string, and the page that the browser says it was sent from."""

    query: str = ""
    referrer: str = ""


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A submission as it is stored. Times in milliseconds since 1970.

    `body`: as it came, but for keys that were in it. `external_id`: the sender's own, which makes repeats harmless.
    `reason`: why it is no lead, or what of it was left out.
    """

    workspace_id: str
    id: str
    form_id: str
    kind: SubmissionKind
    external_id: str | None
    status: SubmissionStatus = SubmissionStatus.RECEIVED
    reason: str | None = None
    lead_id: str | None = None
    content_type: str
    body: bytes
    context: Context = Context()
    received_at: int
    processed_at: int | None = None


class ShownBody(msgspec.Struct, frozen=True):
    """The beginning of a body, as text. `encoding`: `utf-8`, or `base64` where it is no such text."""

    text: str
    encoding: str


def shown_body(body: bytes, *, is_cut: bool) -> ShownBody:
    """`is_cut`: more follows, so the last character may be a part of one."""
    for missing in range(4 if is_cut else 1):
        try:
            return ShownBody(body[: len(body) - missing].decode("utf-8"), "utf-8")
        except UnicodeDecodeError:
            continue
    return ShownBody(b64encode(body).decode("ascii"), "base64")
