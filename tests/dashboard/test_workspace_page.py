"""The settings page of the workspace: its name, and what it does with leads that are there already."""

import pytest

from tests.conftest import Client
from tests.dashboard.person import Person, inputs

GOOD = {"name": "Parkside", "onDuplicate": "update", "matchOn": "phone", "matchKey": ""}


def settings(person: Person) -> str:
    return f"{person.home}/settings/workspace"


def test_it_shows_what_holds(owner: Person) -> None:
    page = owner.get(settings(owner)).text

    assert inputs(page)["name"] == "Ours"
    assert 'value="create" checked' in page
    assert 'value="email" checked' in page
    assert f"<code>{owner.workspace_id}</code>" in page


def test_what_is_saved_holds_for_the_api(api: Client, owner: Person) -> None:
    saved = owner.send(settings(owner), GOOD)

    assert saved.headers["location"] == f"{settings(owner)}?done=1"
    page = owner.get(saved.headers["location"]).text
    assert ("Saved." in page, "<span>Parkside</span>" in page) == (True, True)
    stored = api.get("/api/v1/workspace").json()["data"]
    assert (stored["name"], stored["onDuplicate"], stored["matchOn"]) == ("Parkside", "update", "phone")


def test_leads_are_the_same_by_a_key_of_the_metadata(api: Client, owner: Person) -> None:
    owner.send(settings(owner), {**GOOD, "matchOn": "metadata", "matchKey": "crm.id"})

    assert api.get("/api/v1/workspace").json()["data"]["matchOn"] == "metadata.crm.id"
    page = owner.get(settings(owner)).text
    assert ('value="metadata" checked' in page, inputs(page)["matchKey"]) == (True, "crm.id")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"onDuplicate": "explode"}, "onDuplicate"),
        ({"matchOn": "name"}, "matchOn"),
        ({"matchOn": "metadata"}, "matchKey"),
        ({"matchOn": "metadata", "matchKey": 'a"b'}, "matchKey"),
    ],
)
def test_what_can_not_be_changes_nothing(api: Client, owner: Person, change: dict[str, str], field: str) -> None:
    before = api.get("/api/v1/workspace").json()["data"]

    answer = owner.send(settings(owner), GOOD | change)

    assert (answer.status_code, f'id="{field}-problem"' in answer.text) == (400, True)
    assert inputs(answer.text)["matchKey"] == (GOOD | change)["matchKey"]
    assert api.get("/api/v1/workspace").json()["data"] == before


def test_a_hostile_name_runs_nowhere(owner: Person) -> None:
    owner.send(settings(owner), {**GOOD, "name": '"><script>alert(1)</script>'})

    page = owner.get(settings(owner)).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
