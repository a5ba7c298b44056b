"""The history of a lead as people read it: who did what, what changed from what to what, and what they wrote."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from leadlight.dashboard.lead_table import readable, values_of
from leadlight.dashboard.rendering import day_of, label
from leadlight.events.event import Changes, Event, EventType
from leadlight.notes.note import Note
from leadlight.principal import Actor

_TITLES = {
    EventType.LEAD_CREATED: "created this lead",
    EventType.LEAD_UPDATED: "changed",
    EventType.LEAD_MERGED: "merged a duplicate into it",
    EventType.LEAD_RESTORED: "brought it back",
    EventType.LEAD_DELETED: "deleted it",
    EventType.LEAD_FOLLOW_UP_DUE: "reminded of the follow-up",
}
_NOBODY = {"api_key": "An API key", "form": "A form", "user": "Somebody", "system": "Leadlight"}
_HIDDEN = {"mergedLeadId"}
_LONGEST = 300
_LONGEST_NOTE = 1_500


class Line(NamedTuple):
    """A field that changed; empty where there was or is nothing."""

    field: str
    before: str
    after: str


class Moment(NamedTuple):
    """Something that happened, or, with a `note`, what was written then. `editor`: who changed that since."""

    who: str
    title: str
    at: int
    lines: list[Line]
    note: Note | None = None
    editor: str = ""

    @property
    def beginning(self) -> str:
        """Of the note; the whole of it stands behind a click where it is long."""
        text = self.note.text if self.note else ""
        return text if len(text) <= _LONGEST_NOTE else text[:_LONGEST_NOTE] + "…"


def timeline(events: Sequence[Event], notes: Sequence[Note], names: Mapping[str, str]) -> list[Moment]:
    """Newest first. `notes`: newest first. `names`: of those who did it, by their ids.

    A change of status is told once, with its fields.
    """
    written = [_written(note, names) for note in notes]
    happened = [
        Moment(_who(event.actor, names), _TITLES[event.type], event.created_at, _lines(event))
        for event in reversed(events)
        if event.type is not EventType.LEAD_STATUS_CHANGED
    ]
    return sorted([*written, *happened], key=lambda moment: -moment.at)


def _written(note: Note, names: Mapping[str, str]) -> Moment:
    editor = _who(note.edited_by, names) if note.edited_by else ""
    return Moment(_who(note.actor, names), "wrote", note.created_at, [], note, editor)


def _who(actor: Actor, names: Mapping[str, str]) -> str:
    return names.get(actor.id) or _NOBODY.get(actor.type, actor.type)


def _lines(event: Event) -> list[Line]:
    lines: list[Line] = []
    for name, change in msgspec.json.decode(event.changes, type=Changes).items():
        if name == "metadata":
            before, after = values_of(change.before), values_of(change.after)
            lines += [Line(key, _text(before.get(key)), _text(after.get(key))) for key in {**before, **after}]
        elif name not in _HIDDEN:
            lines.append(Line(label(name), *(_field(name, value) for value in (change.before, change.after))))
    return lines


def _field(name: str, value: msgspec.Raw) -> str:
    text = _text(value)
    if name == "followUpAt":
        return day_of(text)
    return label(text) if name == "status" and text else text


def _text(value: msgspec.Raw | None) -> str:
    text = "" if value is None or bytes(value) == b"null" else readable(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
