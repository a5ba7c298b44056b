"""Notes: what is written on leads."""

from leadlight.client.calls import Call, Page, body, data, headers, page, params, segment
from leadlight.client.models import Deleted, Note
from leadlight.client.resource import D, Listing, Method, Resource

_decode_note = data(Note)
_decode_page = page("notes", Note)
_decode_deleted = data(Deleted)


class Notes(Resource[D]):
    @Method
    def get(self, note_id: str) -> Call[Note]:
        """Raises NotFound."""
        return Call(method="GET", path=_note(note_id), decode=_decode_note)

    @Method
    def create(self, lead_id: str, text: str, *, idempotency_key: str | None = None) -> Call[Note]:
        """Writes on a lead. Raises NotFound, ValidationFailed, and Conflict for a lead that has too many."""
        return Call(
            method="POST",
            path=_of_lead(lead_id),
            decode=_decode_note,
            content=body({"text": text}),
            headers=headers(Idempotency_Key=idempotency_key),
            idempotent=True,
        )

    @Method
    def update(self, note_id: str, text: str) -> Call[Note]:
        """Replaces the text. Raises NotFound, ValidationFailed."""
        return Call(method="PUT", path=_note(note_id), decode=_decode_note, content=body({"text": text}))

    @Method
    def delete(self, note_id: str) -> Call[Deleted]:
        """Raises NotFound; that too where an earlier try did it and its answer was lost."""
        return Call(method="DELETE", path=_note(note_id), decode=_decode_deleted)

    @Listing
    def list(self, lead_id: str, *, page_size: int = 50) -> Call[Page[Note]]:
        """All notes of a lead, newest first. Raises NotFound."""
        asked = params({"limit": page_size})
        return Call(method="GET", path=_of_lead(lead_id), decode=_decode_page, params=asked)


def _note(note_id: str) -> str:
    return f"/notes/{segment(note_id)}"


def _of_lead(lead_id: str) -> str:
    return f"/leads/{segment(lead_id)}/notes"
