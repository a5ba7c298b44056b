"""GET /api/v1/duplicates: the pairs in a workspace, each once, at a bounded cost per page."""

from typing import Any

import pytest
import requests

from leadlight.principal import Scope
from tests.conftest import Client, Server, problems_of

Told = list[tuple[str, str]]


def page(api: Client, query: str = "") -> dict[str, Any]:
    response = api.get(f"/api/v1/duplicates{query}")
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def names(told: dict[str, Any]) -> Told:
    return [(pair["leads"][0]["name"], pair["leads"][1]["name"]) for pair in told["duplicates"]]


def all_pairs(api: Client, *, limit: int = 100, least: int = 60) -> Told:
    """All pages, by name; no page may hold more than its limit."""
    found: Told = []
    cursor: str | None = ""
    while cursor is not None:
        told = page(api, f"?limit={limit}&minScore={least}&cursor={cursor}")
        assert len(told["duplicates"]) <= limit
        found += names(told)
        cursor = told["pagination"]["nextCursor"]
    return found


def create(api: Client, *people: tuple[str, str] | tuple[str, str, str]) -> None:
    leads = [dict(zip(("name", "email", "phone"), person, strict=False)) for person in people]
    assert api.post("/api/v1/leads/batch", {"leads": leads}).json()["data"]["counts"]["created"] == len(people)


def test_answers_pairs_of_whole_leads_the_older_one_first(api: Client) -> None:
    older, younger = api.create("Ada Park", "ada.park@gmail.com"), api.create("Ada Park", "adapark@gmail.com")

    response = api.get("/api/v1/duplicates")

    reasons = ["same_mailbox", "same_name"]
    assert response.json() == {
        "success": True,
        "data": {
            "duplicates": [{"leads": [older, younger], "score": 97, "reasons": reasons}],
            "pagination": {"limit": 25, "hasNext": False, "nextCursor": None},
        },
    }


def test_the_surest_come_first(api: Client) -> None:
    create(
        api,
        ("Bo Oak", "bo@oak.io"),
        ("Bo Oak", "bo.oak@oak.io"),
        ("Tom", "t@x.org", "+442079460958"),
        ("Tim", "u@x.org", "+44 20 7946 0958"),
        ("Ada", "ada+x@y.org"),
        ("Eve", "ADA@y.org"),
        ("Ann", "ann@z.org"),
        ("Ann", "Ann@z.org"),
    )

    assert names(page(api)) == [("Ann", "Ann"), ("Ada", "Eve"), ("Tom", "Tim"), ("Bo Oak", "Bo Oak")]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_each_pair_is_told_once_however_small_the_pages_are(api: Client, limit: int) -> None:
    create(
        api,
        *((f"a{number}", "ada@x.org", "+442079460958") for number in range(4)),
        ("b0", "ada+b@x.org", "+442079460958"),
        ("b1", "ada+c@x.org", "+442079460958"),
        *((f"Cole {letter * 3}", f"c{letter}@x.org", "+44 20 7946 0999") for letter in "pqrs"),
        ("Park Dan", "d@oak.io"),
        ("Dan Park", "e@oak.io"),
        ("Dan Park", "f@oak.io"),
    )

    found = all_pairs(api, limit=limit)

    assert sorted(found) == sorted(
        [
            *[("a0", "a1"), ("a0", "a2"), ("a0", "a3"), ("a0", "b0"), ("a0", "b1")],
            *[("Cole ppp", "Cole qqq"), ("Cole ppp", "Cole rrr"), ("Cole ppp", "Cole sss")],
            *[("Cole qqq", "Cole rrr"), ("Cole qqq", "Cole sss"), ("Cole rrr", "Cole sss")],
            *[("Park Dan", "Dan Park"), ("Park Dan", "Dan Park"), ("Dan Park", "Dan Park")],
        ]
    )


def test_of_a_mailbox_without_its_plain_address_the_oldest_stands_for_all(api: Client) -> None:
    create(api, *((name, f"ada+{name}@x.org") for name in "abc"))

    assert all_pairs(api) == [("a", "b"), ("a", "c")]


def test_the_plain_address_stands_for_all_even_when_it_came_last(api: Client) -> None:
    create(api, *((name, f"ada+{name}@x.org") for name in "ab"), ("plain", "ada@x.org"))

    assert all_pairs(api) == [("a", "plain"), ("b", "plain")]


def test_a_name_alone_is_no_pair(api: Client) -> None:
    create(api, ("John Smith", "js@gmail.com"), ("John Smith", "john@web.de"))

    assert all_pairs(api, least=50) == []


def test_only_pairs_that_are_likely_enough_are_told(api: Client) -> None:
    create(api, ("Tom", "t@x.org", "+442079460958"), ("Ida", "i@y.org", "+442079460958"), ("Ida", "I@y.org"))

    assert all_pairs(api, least=71) == [("Ida", "Ida")]
    assert all_pairs(api, least=70) == [("Ida", "Ida"), ("Tom", "Ida")]


def test_thousands_with_one_address_are_told_page_by_page(api: Client) -> None:
    for start in range(0, 3_000, 1_000):
        create(api, *((f"n{start + number}", "none@example.com") for number in range(1_000)))

    assert all_pairs(api) == [("n0", f"n{number}") for number in range(1, 3_000)]


def test_a_large_group_is_looked_at_in_parts(api: Client) -> None:
    """600 leads with one number: the first 500 are a part, and in it each is compared with those of similar names."""
    create(api, *((f"Person {number:03}", f"p{number}@example.com", "+442079460958") for number in range(600)))

    found = all_pairs(api)

    assert len(found) == 490 * 10 + 45 + 90 * 10 + 45
    assert ("Person 000", "Person 010") in found
    assert ("Person 499", "Person 500") not in found


def test_a_group_at_the_end_of_a_stretch_is_not_cut(api: Client) -> None:
    create(
        api,
        *((f"Person {number:03}", f"p{number}@example.com", f"+442079460{number // 3:03}") for number in range(602)),
    )

    assert len(all_pairs(api, limit=7)) == 200 * 3 + 1


def test_a_page_may_be_empty_and_not_the_last(api: Client) -> None:
    for start in range(0, 9_000, 1_000):
        create(api, *((f"n{start + number}", f"n{start + number}@example.com") for number in range(1_000)))
    create(api, ("Zoe", "zoe@example.com"), ("Zoe", "ZOE@example.com"))

    first = page(api)
    found = all_pairs(api)

    assert (first["duplicates"], first["pagination"]["hasNext"]) == ([], True)
    assert found == [("Zoe", "Zoe")]


def test_merging_while_paging_loses_no_pair(api: Client) -> None:
    create(api, *((f"{letter}{number}", f"{letter}@x.org") for letter in "abc" for number in range(3)))
    merged = 0
    cursor: str | None = ""

    while cursor is not None:
        told = page(api, f"?limit=1&cursor={cursor}")
        for pair in told["duplicates"]:
            one, other = (lead["id"] for lead in pair["leads"])
            assert api.post(f"/api/v1/leads/{one}/merge", {"duplicateId": other}).status_code == 200
            merged += 1
        cursor = told["pagination"]["nextCursor"]

    assert merged == 6
    assert all_pairs(api) == []


def test_shows_nothing_of_other_workspaces(api: Client, stranger: Client) -> None:
    api.create(phone="+442079460958")
    stranger.create(phone="+442079460958")
    stranger.create(phone="+442079460958")

    cursor = page(stranger, "?limit=1")["pagination"]["nextCursor"]

    assert page(api)["duplicates"] == []
    assert page(api, f"?cursor={cursor}")["duplicates"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?limit=0&minScore=49", {"limit": "out_of_range", "minScore": "out_of_range"}),
        ("?cursor=abc", {"cursor": "invalid_cursor"}),
        ("?cursor=WyJuYW1lIiwiYSIsImIiXQ", {"cursor": "invalid_cursor"}),
        ("?page=2", {"page": "unknown_parameter"}),
    ],
)
def test_refuses_a_bad_parameter(api: Client, query: str, expected: dict[str, str]) -> None:
    assert problems_of(api.get(f"/api/v1/duplicates{query}")) == expected


def test_needs_the_right_to_read(server: Server, api: Client, reader: Client) -> None:
    other = server.client(api.workspace_id, Scope.WEBHOOKS_MANAGE)

    for path in ("/api/v1/duplicates", "/api/v1/leads/lead_1/duplicates"):
        refused = other.get(path)
        anonymous = requests.get(server.url + path, timeout=5)
        assert (refused.status_code, refused.json()["details"]) == (403, {"required": "leads:read"})
        assert (anonymous.status_code, anonymous.json()["code"]) == (401, "MISSING_AUTH_HEADER")
    assert reader.get("/api/v1/duplicates").status_code == 200
