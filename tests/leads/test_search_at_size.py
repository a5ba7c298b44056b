"""Search in a workspace that is too large to compare every lead: through the text index, in each way it is used."""

from typing import Any

import pytest

from leadlight.leads.change import LeadDraft
from leadlight.principal import Actor, Principal, Scope
from tests.conftest import Client, Server, all_of

FILLING = 2_100
SPECIAL = [
    ("Zoë Çelik", "zoe.celik@atelier.example"),
    ("50% Off_Sale", "sale_50@shop.example"),
    ('Quote "Q" O\'Neil', "oneil@shop.example"),
    ("Back\\slash", "back@shop.example"),
    ("STRASSE GmbH", "info@straße.example"),
]


@pytest.fixture
def filled(server: Server, api: Client) -> Client:
    caller = Principal(Actor.of(api.key_id), api.workspace_id, frozenset(Scope), 0, None)
    people = [(f"Person {number:04}", f"person{number}@filling.example") for number in range(FILLING)] + SPECIAL

    async def fill() -> None:
        drafts = (LeadDraft(name, email) for name, email in people)
        await all_of(server.services.leads.create_lead(caller, draft) for draft in drafts)

    server.do(fill())
    return api


def found(api: Client, **query: Any) -> tuple[int, list[str]]:
    response = api.get("/api/v1/leads", params={"fields": "name", "limit": 100, **query})
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    return data["pagination"]["total"], [lead["name"] for lead in data["leads"]]


def test_finds_what_contains_the_text(filled: Client) -> None:
    assert found(filled, search="person 0042") == (1, ["Person 0042"])
    assert found(filled, search="ÇELIK") == (1, ["Zoë Çelik"])
    assert found(filled, search="zoe.celik@atelier.example") == (1, ["Zoë Çelik"])
    assert found(filled, search="zoe.celik@atelier.exampleX") == (0, [])
    assert found(filled, search="0% off_") == (1, ["50% Off_Sale"])
    assert found(filled, search="0%_off") == (0, [])
    assert found(filled, search='"q" o\'n') == (1, ['Quote "Q" O\'Neil'])
    assert found(filled, search="back\\sl") == (1, ["Back\\slash"])
    assert found(filled, search="straße") == (1, ["STRASSE GmbH"])
    assert found(filled, search="Çe") == (1, ["Zoë Çelik"])


def test_counts_and_pages_what_nearly_all_contain(filled: Client) -> None:
    total, names = found(filled, search="filling.example", sort="-name")

    assert total == FILLING
    assert names == [f"Person {number:04}" for number in range(2_099, 1_999, -1)]


def test_holds_the_other_filters_too(filled: Client) -> None:
    lead = filled.get("/api/v1/leads?search=person 0042").json()["data"]["leads"][0]
    filled.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})

    assert found(filled, search="person", status="lost") == (1, ["Person 0042"])
    assert found(filled, search="person 004", status="new", sort="name")[0] == 9
    assert found(filled, search="person", email="person7@filling.example") == (1, ["Person 0007"])


def test_goes_on_by_cursor(filled: Client) -> None:
    query = {"search": "person 000", "sort": "name", "fields": "name", "limit": 4}
    first = filled.get("/api/v1/leads", params={**query, "cursor": ""}).json()["data"]
    second = filled.get("/api/v1/leads", params={**query, "cursor": first["pagination"]["nextCursor"]}).json()["data"]

    assert [lead["name"] for lead in first["leads"]] == [f"Person 000{digit}" for digit in "0123"]
    assert [lead["name"] for lead in second["leads"]] == [f"Person 000{digit}" for digit in "4567"]


def test_follows_a_change_of_name(filled: Client) -> None:
    lead = filled.get("/api/v1/leads?search=person 0042").json()["data"]["leads"][0]

    filled.patch(f"/api/v1/leads/{lead['id']}", {"name": "Renamed Entirely"})

    assert found(filled, search="person 0042") == (0, [])
    assert found(filled, search="named ent") == (1, ["Renamed Entirely"])
