"""The note, and what its text may be."""

import msgspec

from leadlight.errors import Invalid
from leadlight.principal import Actor

MAX_TEXT = 10_000
MAX_NOTES = 1_000
"""Of one lead: whoever asks for all that is held on a person gets them at once."""


class Note(msgspec.Struct, frozen=True):
    """What somebody wrote on a lead. Times in milliseconds since 1970.

    `lead_id`: the one on which it was written, which may have been merged into another since.
    `edited_by`: who changed it last; None for one that is as it was written.
    """

    workspace_id: str
    id: str
    lead_id: str
    text: str
    actor: Actor
    created_at: int
    updated_at: int
    edited_by: Actor | None = None


def text_rule(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise Invalid("too_long" if text else "blank", f"must have 1 to {MAX_TEXT:,} characters")
    return text
