"""Notes through both clients, on a real server."""

import pytest

from leadlight.client import Conflict, Leadlight, NotFound, ValidationFailed
from tests.conftest import Client

pytestmark = pytest.mark.engine("sqlite")


def test_a_note_is_written_changed_listed_and_deleted(client: Leadlight, api: Client) -> None:
    lead_id = api.create()["id"]
    for text in ("one", "two", "three"):
        note = client.notes.create(lead_id, text)

    changed = client.notes.update(note.id, "four")

    assert (note.lead_id, note.text, note.actor.id, note.edited_by) == (lead_id, "three", api.key_id, None)
    assert (changed.text, changed.actor, changed.edited_by) == ("four", note.actor, note.actor)
    assert client.notes.get(note.id) == changed
    assert [each.text for each in client.notes.list(lead_id, page_size=2)] == ["four", "two", "one"]
    assert client.leads.export_lead(lead_id).notes[2] == changed
    assert client.notes.delete(note.id).id == note.id
    assert [each.text for each in client.notes.list(lead_id)] == ["two", "one"]


def test_what_can_not_be_is_told(client: Leadlight, api: Client) -> None:
    lead_id = api.create()["id"]
    with pytest.raises(ValidationFailed):
        client.notes.create(lead_id, " ")
    with pytest.raises(NotFound):
        client.notes.create("lead_nobody", "Call her")
    with pytest.raises(NotFound):
        client.notes.delete("note_nobody")
    client.notes.create(lead_id, "Call her", idempotency_key="mine")
    with pytest.raises(Conflict):
        client.notes.create(lead_id, "Call him", idempotency_key="mine")
