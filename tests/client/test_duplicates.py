"""Duplicates and merges through both clients, on a real server."""

import pytest

from leadlight.client import Conflict, Leadlight, NotFound, ValidationFailed
from tests.conftest import Client, MovableClock

pytestmark = pytest.mark.engine("sqlite")


@pytest.fixture
def twins(api: Client) -> tuple[str, str]:
    """The older one, and the younger one with a phone number."""
    older = api.create("Ada Park", "ada@example.com", source="web", metadata={"company": "Parkside"})
    younger = api.create("Ada Parker", "ADA@example.com", source="fair", phone="+1 555", metadata={"score": 42})
    return older["id"], younger["id"]


def test_a_leads_duplicates_are_told_with_their_reasons(client: Leadlight, api: Client, twins: tuple[str, str]) -> None:
    api.create("Ben", "ben@example.com")

    (found,) = client.leads.duplicates(twins[0])

    assert (found.lead.id, found.score) == (twins[1], 100)
    assert "same_email" in found.reasons
    assert client.leads.duplicates(twins[0], limit=1, min_score=100) == [found]


def test_pairs_are_listed_with_the_older_one_first(client: Leadlight, api: Client, twins: tuple[str, str]) -> None:
    for n in range(3):
        api.create("Ben Ito", f"ben+{n}@example.com")

    found = list(client.duplicates.list(page_size=1, min_score=90))

    assert tuple(lead.id for lead in found[0].leads) == twins
    assert (found[0].score, "same_email" in found[0].reasons) == (100, True)
    assert [pair.score for pair in found] == [100, 97, 97]


def test_a_merge_is_tried_done_and_taken_back(client: Leadlight, twins: tuple[str, str]) -> None:
    tried = client.leads.merge(*twins, dry_run=True)
    merged = client.leads.merge(*twins)

    assert (tried.operation_id, tried.lead.phone, client.leads.get(twins[1]).merged_into) == (None, "+1 555", twins[0])
    assert (merged.lead.id, merged.lead.name) == (twins[0], "Ada Park")
    assert merged.lead.metadata == {"company": "Parkside", "score": 42}
    assert (merged.changes["phone"].before, merged.changes["phone"].after) == (None, "+1 555")
    assert client.leads.get(twins[1]).name == "Ada Park"

    undone = client.operations.undo(str(merged.operation_id))

    assert (undone.kind, undone.subject_id, undone.restored) == ("merge", twins[0], 2)
    assert (client.leads.get(twins[0]).phone, client.leads.get(twins[1]).name) == (None, "Ada Parker")


def test_values_of_the_duplicate_can_be_preferred(client: Leadlight, twins: tuple[str, str]) -> None:
    merged = client.leads.merge(*twins, prefer={"name": twins[1], "source": twins[1], "metadata.company": twins[0]})

    assert (merged.lead.name, merged.lead.source, merged.lead.metadata["company"]) == ("Ada Parker", "fair", "Parkside")


def test_the_old_id_stands_for_the_lead_that_is_left(client: Leadlight, twins: tuple[str, str]) -> None:
    older, younger = twins
    client.leads.merge(older, younger)

    changed = client.leads.update(younger, status="lost")

    assert (changed.id, changed.merged_into, client.leads.get(older).status) == (older, older, "lost")
    assert [event.type for event in client.leads.events(younger)] == [
        event.type for event in client.leads.events(older)
    ]
    with pytest.raises(Conflict) as refused:
        client.leads.delete(younger)
    assert refused.value.merged_into == older


def test_what_can_not_be_merged_is_told(client: Leadlight, twins: tuple[str, str]) -> None:
    older, younger = twins
    with pytest.raises(ValidationFailed):
        client.leads.merge(older, older)
    with pytest.raises(ValidationFailed):
        client.leads.merge(older, younger, prefer={"age": younger})
    with pytest.raises(NotFound):
        client.leads.merge(older, "lead_nobody")
    client.leads.merge(older, younger)
    with pytest.raises(Conflict) as refused:
        client.leads.merge(older, younger)
    assert refused.value.merged_into == older


def test_a_lead_that_is_there_is_done_with_as_the_workspace_says(
    client: Leadlight, admin: Client, api: Client, clock: MovableClock
) -> None:
    there = api.create("Ada", "ada@example.com")
    with Leadlight(admin.url, admin.key) as manager:
        told = manager.workspace.update(name="New name", on_duplicate="update", match_on="email")
    clock.advance(seconds=2)

    updated = client.leads.create("Ada Park", "ADA@example.com")
    skipped = client.leads.create("Nobody", "ada@example.com", on_duplicate="skip")
    made = client.leads.create("Ada", "ada@example.com", on_duplicate="create")

    assert (told.name, told.on_duplicate, told.match_on) == ("New name", "update", "email")
    assert (updated.id, updated.name, skipped.id, skipped.name) == (there["id"], "Ada Park", there["id"], "Ada Park")
    assert made.id != there["id"]
