"""Notes on the wire."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from leadlight.clock import to_iso
from leadlight.http.body import FieldRule
from leadlight.http.pagination import CursorPagination
from leadlight.http.query import Parameter, id_cursor, integer
from leadlight.ids import NOTE
from leadlight.leads.schemas import Time
from leadlight.notes.note import MAX_TEXT, Note, text_rule
from leadlight.principal import Actor

_TEXT_SCHEMA = {"minLength": 1, "maxLength": MAX_TEXT, "pattern": r"\S"}


class NoteView(msgspec.Struct, frozen=True, rename="camel"):
    """What somebody wrote on a lead."""

    id: str
    lead_id: Annotated[str, Meta(description="On which it was written; that one may have been merged into another.")]
    text: str
    actor: Annotated[Actor, Meta(description="Who wrote it.")]
    created_at: Time
    updated_at: Time
    edited_by: Annotated[Actor | None, Meta(description="Who changed it last; null for one that nobody did.")]

    @classmethod
    def of(cls, note: Note) -> "NoteView":
        return cls(
            note.id,
            note.lead_id,
            note.text,
            note.actor,
            to_iso(note.created_at),
            to_iso(note.updated_at),
            note.edited_by,
        )


class NoteList(msgspec.Struct, frozen=True):
    notes: list[NoteView]
    pagination: CursorPagination


class NoteInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be written."""

    text: Annotated[
        str,
        Meta(description="Plain text, lines and all.", extra_json_schema=_TEXT_SCHEMA),
    ]

    rules: ClassVar[dict[str, FieldRule]] = {"text": text_rule}


class DeletedNote(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    deleted_at: Time


class NoteQuery(msgspec.Struct, frozen=True):
    after: str = f"{NOTE.prefix}~"
    limit: int = 25


NOTE_PARAMETERS = (
    Parameter("after", id_cursor(NOTE), "Where to go on: a `nextCursor` from before."),
    Parameter("limit", integer(1, 100, default=25), "How many notes at the most."),
)
