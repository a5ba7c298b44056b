"""GET /api/v1/leads/{leadId}/duplicates: who may be the same as a lead, how likely that is, and why."""

from typing import Any

import pytest
import requests

from tests.conftest import Client, Server, problems_of


def duplicates(api: Client, lead: dict[str, Any], query: str = "") -> list[tuple[str, int, list[str]]]:
    """The name, score and reasons of each."""
    response = api.get(f"/api/v1/leads/{lead['id']}/duplicates{query}")
    assert response.status_code == 200, response.text
    found = response.json()["data"]["duplicates"]
    return [(each["lead"]["name"], each["score"], each["reasons"]) for each in found]


def test_answers_whole_leads_with_score_and_reasons(api: Client) -> None:
    ada = api.create("Ada Park", "ada.park@gmail.com", phone="+44 20 7946 0958")
    other = api.create("A. Park", "adapark+fair@gmail.com", metadata={"company": "Parkside"})
    api.create("Ben Cole", "ben@cole.dev")

    response = api.get(f"/api/v1/leads/{ada['id']}/duplicates")

    assert response.json() == {
        "success": True,
        "data": {"duplicates": [{"lead": other, "score": 97, "reasons": ["same_mailbox", "similar_name"]}]},
    }


@pytest.mark.parametrize(
    ("email", "phone", "name", "reasons"),
    [
        ("ADA@parkside.io", None, "Info", ["same_email", "same_domain"]),
        ("ada+web@parkside.io", None, "Info", ["same_mailbox", "same_domain"]),
        ("tom@x.org", "+44 (0)20 7946-0958", "Tom", ["same_phone"]),
        ("ap@parkside.io", None, "PARK, Ada", ["same_name", "same_domain"]),
        ("ada.park@web.de", "020 7946 0958", "Ada Parc", ["same_phone", "similar_name"]),
    ],
)
def test_finds_them_by_what_they_share(
    api: Client, email: str, phone: str | None, name: str, reasons: list[str]
) -> None:
    ada = api.create("Ada Park", "ada@parkside.io", phone="+44 20 7946 0958")
    api.create(name, email, phone=phone)

    [(_, _, found)] = duplicates(api, ada)

    assert found == reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [("ab@gmail.com", "a.b@gmail.com"), ("a.b@gmail.com", "ab@gmail.com"), ("a.b+x@gmail.com", "a.b+y@googlemail.com")],
)
def test_a_mailbox_is_found_however_the_address_is_spelt(api: Client, one: str, other: str) -> None:
    first, _ = api.create("Ada", one), api.create("Ben", other)

    assert [score for _, score, _ in duplicates(api, first)] == [97]


def test_the_likeliest_come_first_and_the_older_of_equals(api: Client) -> None:
    ada = api.create("Ada Park", "ada@parkside.io", phone="+442079460958")
    for name, email, phone in [
        ("Tom", "t@x.org", "+442079460958"),
        ("One", "ADA@parkside.io", None),
        ("Two", "ada@Parkside.io", None),
    ]:
        api.create(name, email, phone=phone)

    assert [(name, score) for name, score, _ in duplicates(api, ada)] == [("One", 100), ("Two", 100), ("Tom", 70)]


def test_a_name_alone_is_told_when_it_is_asked_for(api: Client) -> None:
    smith, _ = api.create("John Smith", "js@gmail.com"), api.create("John Smith", "john@web.de")

    assert duplicates(api, smith) == []
    assert duplicates(api, smith, "?minScore=40") == [("John Smith", 45, ["same_name"])]


def test_limit_and_least_score_bound_the_answer(api: Client) -> None:
    ada = api.create()
    for _ in range(5):
        api.create()

    assert len(duplicates(api, ada, "?limit=3")) == 3
    assert len(duplicates(api, ada, "?minScore=100")) == 5


def test_of_many_with_one_address_the_nearest_by_age_are_looked_at(api: Client) -> None:
    leads = [{"name": f"Lead {number}", "email": "none@example.com"} for number in range(250)]
    created = api.post("/api/v1/leads/batch", {"leads": leads}).json()["data"]["results"]

    found = duplicates(api, created[125], "?limit=100")
    names = {name for name, _, _ in duplicates(api, created[0], "?limit=100")}

    assert len(found) == 100
    assert names == {f"Lead {number}" for number in range(1, 101)}


def test_the_id_of_a_merged_lead_stands_for_the_one_that_is_left(api: Client) -> None:
    ada, merged = api.create(), api.create("Ada P.", "other@example.com")
    api.create("Another", "ada@example.com")
    api.post(f"/api/v1/leads/{ada['id']}/merge", {"duplicateId": merged["id"]})

    assert [name for name, _, _ in duplicates(api, merged)] == ["Another"]


def test_a_deleted_lead_is_nobodys_duplicate(api: Client) -> None:
    ada, other = api.create(), api.create()
    api.delete(f"/api/v1/leads/{other['id']}")

    assert duplicates(api, ada) == []
    response = api.get(f"/api/v1/leads/{other['id']}/duplicates")
    assert (response.status_code, response.json()["code"]) == (404, "LEAD_NOT_FOUND")


def test_shows_nothing_of_other_workspaces(api: Client, stranger: Client) -> None:
    ours, theirs = api.create(phone="+442079460958"), stranger.create(phone="+442079460958")

    assert duplicates(api, ours) == []
    response = api.get(f"/api/v1/leads/{theirs['id']}/duplicates")
    assert (response.status_code, response.json()["code"]) == (404, "LEAD_NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?limit=0", {"limit": "out_of_range"}),
        ("?limit=101&minScore=101", {"limit": "out_of_range", "minScore": "out_of_range"}),
        ("?minScore=many", {"minScore": "out_of_range"}),
        ("?cursor=x", {"cursor": "unknown_parameter"}),
    ],
)
def test_refuses_a_bad_parameter(api: Client, query: str, expected: dict[str, str]) -> None:
    assert problems_of(api.get(f"/api/v1/leads/lead_1/duplicates{query}")) == expected


def test_a_reader_may_and_the_anonymous_may_not(reader: Client, server: Server) -> None:
    assert reader.get("/api/v1/leads/lead_1/duplicates").status_code == 404
    response = requests.get(f"{server.url}/api/v1/leads/lead_1/duplicates", timeout=5)
    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
