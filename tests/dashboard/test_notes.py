"""Notes on a lead's page."""

import pytest

from tests.conftest import Client, MovableClock
from tests.dashboard.person import Person, inputs


def path_of(person: Person, lead: dict[str, object]) -> str:
    return f"{person.home}/leads/{lead['id']}"


def texts(api: Client, lead: dict[str, object]) -> list[str]:
    return [note["text"] for note in api.get(f"/api/v1/leads/{lead['id']}/notes").json()["data"]["notes"]]


def write(api: Client, lead: dict[str, object], text: str = "Call her") -> str:
    return str(api.post(f"/api/v1/leads/{lead['id']}/notes", {"text": text}).json()["data"]["id"])


def test_a_note_stands_in_the_history_with_who_wrote_it(api: Client, member: Person, clock: MovableClock) -> None:
    lead = api.create()
    clock.advance(seconds=60)
    path = path_of(member, lead)

    added = member.send(f"{path}/notes?in=status%3Dnew", {"text": "Wants a demo.\r\nOn Monday."})
    clock.advance(seconds=60)
    api.patch(f"/api/v1/leads/{lead['id']}", {"source": "fair"})

    note = api.get(f"/api/v1/leads/{lead['id']}/notes").json()["data"]["notes"][0]
    assert (note["text"], note["actor"]["type"]) == ("Wants a demo.\nOn Monday.", "user")
    assert (added.status_code, added.headers["location"]) == (303, f"{path}?in=status%3Dnew#{note['id']}")
    page = member.get(path).text
    assert '<p class="text" dir="auto">Wants a demo.\nOn Monday.</p>' in page
    assert '<strong dir="auto">The member</strong> wrote' in page
    assert page.index("</strong> changed") < page.index("</strong> wrote") < page.index("</strong> created this lead")


@pytest.mark.parametrize(("notes", "told"), [(199, False), (200, True)])
def test_that_older_ones_may_be_left_out_is_told(api: Client, member: Person, notes: int, told: bool) -> None:
    lead = api.create()
    for number in range(notes):
        write(api, lead, f"No. {number}")

    page = member.get(path_of(member, lead)).text

    assert page.count("</strong> wrote") == notes
    assert ("the API has all of it" in page) == told


def test_a_note_that_was_changed_says_by_whom(api: Client, member: Person) -> None:
    lead = api.create()
    note_id, path = write(api, lead), path_of(member, lead)

    changed = member.send(f"{path}/notes/{note_id}", {**inputs(member.get(path).text), "text": "Call him"})

    assert (changed.status_code, changed.headers["location"]) == (303, f"{path}#{note_id}")
    assert texts(api, lead) == ["Call him"]
    page = member.get(path).text
    assert '<strong dir="auto">test (key)</strong> wrote' in page
    assert 'changed by <span dir="auto">The member</span>' in page


def test_a_note_is_deleted(api: Client, member: Person) -> None:
    lead = api.create()
    note_id = write(api, lead)

    deleted = member.send(f"{path_of(member, lead)}/notes/{note_id}/delete")

    assert (deleted.status_code, deleted.headers["location"]) == (303, f"{path_of(member, lead)}#history")
    assert texts(api, lead) == []
    assert member.send(f"{path_of(member, lead)}/notes/{note_id}/delete").status_code == 404


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001, "a\0b"])
def test_what_can_not_be_a_note_stays_where_it_was_typed(api: Client, member: Person, text: str) -> None:
    lead = api.create()

    answer = member.send(f"{path_of(member, lead)}/notes", {"text": text})

    assert (answer.status_code, 'id="note-problem"' in answer.text) == (400, True)
    assert text.replace("\0", "&#0;") in answer.text or text in answer.text
    assert texts(api, lead) == []


def test_a_change_that_can_not_be_is_told_at_its_note(api: Client, member: Person) -> None:
    lead = api.create()
    note_id, path = write(api, lead), path_of(member, lead)
    write(api, lead, "Another one")

    answer = member.send(f"{path}/notes/{note_id}", {"text": "x" * 10_001, "seen": "1"})

    assert (answer.status_code, f'id="{note_id}-problem"' in answer.text) == (400, True)
    assert 'id="note-problem"' not in answer.text
    assert texts(api, lead) == ["Another one", "Call her"]


def test_the_second_of_two_does_not_overwrite_what_the_first_made_of_a_note(
    api: Client, member: Person, clock: MovableClock
) -> None:
    lead = api.create()
    note_id, path = write(api, lead), path_of(member, lead)
    form = inputs(member.get(path).text)
    clock.advance(seconds=1)
    api.put(f"/api/v1/notes/{note_id}", {"text": "The first's"})

    late = member.send(f"{path}/notes/{note_id}", {**form, "text": "The second's"})

    assert late.status_code == 409
    assert ("The first&#39;s" in late.text, "The second&#39;s" in late.text) == (True, True)  # nothing is lost
    assert texts(api, lead) == ["The first's"]


def test_of_a_long_note_the_beginning_is_shown_and_the_rest_at_a_click(api: Client, viewer: Person) -> None:
    lead = api.create()
    write(api, lead, "a" * 1_500 + " the end")

    page = viewer.get(path_of(viewer, lead)).text

    assert ("a" * 1_500 + "…</p>" in page, "a" * 1_500 + " the end</p>" in page) == (True, True)


def test_a_viewer_reads_notes_and_writes_none(api: Client, viewer: Person) -> None:
    lead = api.create()
    note_id = write(api, lead)
    path = path_of(viewer, lead)

    page = viewer.get(path).text
    tried = [viewer.send(f"{path}/notes{rest}", {"text": "x"}) for rest in ("", f"/{note_id}", f"/{note_id}/delete")]

    assert ("Call her" in page, "data-note" in page) == (True, False)
    assert [answer.status_code for answer in tried] == [403] * 3
    assert texts(api, lead) == ["Call her"]


def test_a_note_of_another_workspace_is_not_there(api: Client, stranger: Client, member: Person) -> None:
    lead, theirs = api.create(), stranger.create()
    note_id = write(stranger, theirs)

    tried = [
        member.send(f"{path_of(member, lead)}/notes/{note_id}", {"text": "x", "seen": "1"}),
        member.send(f"{path_of(member, lead)}/notes/{note_id}/delete"),
        member.send(f"{path_of(member, lead)}/notes/note_!", {"text": "x", "seen": "1"}),
        member.send(f"{path_of(member, theirs)}/notes", {"text": "x"}),
    ]

    assert [answer.status_code for answer in tried] == [404] * 4
    assert texts(stranger, theirs) == ["Call her"]
