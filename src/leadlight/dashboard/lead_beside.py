"""What stands beside a lead's fields: its history with the notes in it, who it may be the same as, what came in."""

from collections import deque
from typing import Any, NamedTuple

from leadlight.capture.form import MAX_FORMS
from leadlight.capture.inbox import SubmissionService
from leadlight.capture.queries import Shown
from leadlight.capture.service import FormService
from leadlight.dashboard.payload import Answer, answers_of, raw_of
from leadlight.dashboard.timeline import timeline
from leadlight.dashboard.visit import Visit
from leadlight.duplicates.schemas import DuplicatesQuery
from leadlight.duplicates.service import DuplicateService
from leadlight.events.event import Event
from leadlight.ids import NOTE
from leadlight.leads.lead import Lead
from leadlight.leads.service import LeadService
from leadlight.notes.note import Note
from leadlight.notes.service import NoteService
from leadlight.people.service import PeopleService
from leadlight.workspaces.service import WorkspaceService

_MOST_EVENTS = 200
_EVENTS_AT_ONCE = 500
_MOST_READS = 20
_MOST_NOTES = 200
_MOST_KEYS = 1_000
_MOST_SUBMISSIONS = 10
_MOST_BYTES = 16_384
_ALIKE = DuplicatesQuery(limit=5)


class Came(NamedTuple):
    """A submission that made the lead, or met it. `form`: its name. `raw`: where it has no answers, how it begins."""

    id: str
    form: str
    status: str
    reason: str | None
    at: int
    answers: list[Answer]
    raw: str


class LeadBeside:
    def __init__(
        self,
        *,
        leads: LeadService,
        notes: NoteService,
        duplicates: DuplicateService,
        submissions: SubmissionService,
        people: PeopleService,
        workspaces: WorkspaceService,
        forms: FormService,
    ) -> None:
        self._leads = leads
        self._notes = notes
        self._duplicates = duplicates
        self._submissions = submissions
        self._people = people
        self._workspaces = workspaces
        self._forms = forms

    async def of(self, visit: Visit, lead: Lead) -> dict[str, Any]:
        """By the names that the page has for it. What API keys and users with the same scope may read, and no more."""
        events = await self._events(visit, lead)
        notes = await self._notes.list_notes(visit.caller, lead.id, before=f"{NOTE.prefix}~", limit=_MOST_NOTES)
        came = await self._came(visit, lead)
        return {
            "moments": timeline(list(events), notes, await self._names(visit, _actors(events, notes))),
            "may_have_older": len(events) == _MOST_EVENTS or len(notes) == _MOST_NOTES,
            "alike": await self._duplicates.list_of_lead(
                visit.caller, lead.id, min_score=_ALIKE.min_score, limit=_ALIKE.limit
            ),
            "came": came[:_MOST_SUBMISSIONS],
            "more_came": len(came) > _MOST_SUBMISSIONS,
        }

    async def _events(self, visit: Visit, lead: Lead) -> deque[Event]:
        events: deque[Event] = deque(maxlen=_MOST_EVENTS)
        after = 0
        for _ in range(_MOST_READS):
            page = await self._leads.list_events(visit.caller, lead.id, after=after, limit=_EVENTS_AT_ONCE)
            events += page.events
            if not page.has_next:
                break
            after = page.next_position
        return events

    async def _names(self, visit: Visit, ids: set[str]) -> dict[str, str]:
        workspace_id = visit.workspace_id
        names = await self._people.names(workspace_id, sorted(id_ for id_ in ids if id_.startswith("usr_")))
        if any(id_.startswith("key_") for id_ in ids):
            keys = await self._workspaces.list_keys(workspace_id, after="", limit=_MOST_KEYS)
            names |= {key.id: f"{key.name} (key)" for key in keys if key.id in ids}
        if any(id_.startswith("form_") for id_ in ids):
            names |= {id_: f"{name} (form)" for id_, name in (await self._form_names(visit)).items()}
        return names

    async def _form_names(self, visit: Visit) -> dict[str, str]:
        forms = await self._forms.list_forms(visit.workspace_id, after="", limit=MAX_FORMS)
        return {form.id: form.name for form in forms}

    async def _came(self, visit: Visit, lead: Lead) -> list[Came]:
        found = await self._submissions.list_of_lead(
            visit.caller, lead.id, limit=_MOST_SUBMISSIONS + 1, shown_bytes=_MOST_BYTES
        )
        names = await self._form_names(visit) if found else {}
        return [_came(shown, names.get(shown.form_id, "A form")) for shown in found]


def _came(shown: Shown, form: str) -> Came:
    answers = answers_of(shown)
    raw = "" if answers else raw_of(shown)
    return Came(shown.id, form, shown.status.value, shown.reason, shown.received_at, answers, raw)


def _actors(events: deque[Event], notes: list[Note]) -> set[str]:
    """The ids of all who did something."""
    editors = {note.edited_by.id for note in notes if note.edited_by}
    return {event.actor.id for event in events} | {note.actor.id for note in notes} | editors
