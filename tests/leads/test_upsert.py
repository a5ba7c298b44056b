"""POST /api/v1/leads?onDuplicate=…&matchOn=…: a lead that is there already is met, by email, number or a key."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.conftest import Client, MovableClock, Server, problems_of

FIRST = {"name": "Ada", "email": "ada@example.com", "phone": "+44 20 7946 0958", "metadata": {"external_id": "x1"}}
MATCHES = [
    ("email", {"email": "ADA@Example.com"}),
    ("phone", {"phone": "+44 (0)20 7946-0958"}),
    ("metadata.external_id", {"metadata": {"external_id": "x1"}}),
]
"""What is compared, and a lead that is the same by that alone."""


def send(api: Client, query: str, **fields: Any) -> requests.Response:
    return api.post(f"/api/v1/leads?{query}", {"name": "Second", "email": "other@example.com", **fields})


def total(api: Client) -> int:
    return int(api.get("/api/v1/leads").json()["data"]["pagination"]["total"])


@pytest.mark.parametrize(("match_on", "same"), MATCHES)
def test_create_makes_a_second_lead(api: Client, match_on: str, same: dict[str, Any]) -> None:
    first = api.create(**FIRST)

    response = send(api, f"onDuplicate=create&matchOn={match_on}", **same)

    assert response.status_code == 201
    assert response.json()["data"]["id"] != first["id"]
    assert total(api) == 2


@pytest.mark.parametrize(("match_on", "same"), MATCHES)
def test_update_merges_into_the_lead_that_is_there(api: Client, match_on: str, same: dict[str, Any]) -> None:
    first = api.create(**FIRST)

    response = send(api, f"onDuplicate=update&matchOn={match_on}", source="fair", **same)

    assert response.status_code == 200
    lead = response.json()["data"]
    assert (lead["id"], lead["name"], lead["source"]) == (first["id"], "Second", "fair")
    assert response.headers["Location"] == f"/api/v1/leads/{first['id']}"
    assert api.get(f"/api/v1/leads/{first['id']}").json()["data"] == lead
    assert total(api) == 1


@pytest.mark.parametrize(("match_on", "same"), MATCHES)
def test_skip_answers_with_the_lead_as_it_is(api: Client, match_on: str, same: dict[str, Any]) -> None:
    first = api.create(**FIRST)

    response = send(api, f"onDuplicate=skip&matchOn={match_on}", source="fair", **same)

    assert (response.status_code, response.json()["data"]) == (200, first)
    assert total(api) == 1
    assert len(api.get("/api/v1/events").json()["data"]["events"]) == 1


@pytest.mark.parametrize(("match_on", "same"), MATCHES)
def test_reject_names_the_lead_that_is_there(api: Client, match_on: str, same: dict[str, Any]) -> None:
    first = api.create(**FIRST)

    response = send(api, f"onDuplicate=reject&matchOn={match_on}", **same)

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert response.json()["details"] == {"existingId": first["id"]}
    assert response.json()["error"] == f"A lead with this {match_on} exists already"
    assert total(api) == 1


@pytest.mark.parametrize("on_duplicate", ["update", "skip", "reject"])
@pytest.mark.parametrize("match_on", [match_on for match_on, _ in MATCHES])
def test_one_that_is_new_is_made(api: Client, on_duplicate: str, match_on: str) -> None:
    api.create(**FIRST)
    new = {"email": "new@example.com", "phone": "+44 20 7946 0000", "metadata": {"external_id": "x2"}}

    response = send(api, f"onDuplicate={on_duplicate}&matchOn={match_on}", **new)

    assert response.status_code == 201
    assert total(api) == 2


@pytest.mark.parametrize("on_duplicate", ["update", "skip", "reject"])
@pytest.mark.parametrize(
    ("match_on", "without"),
    [
        ("phone", {}),
        ("phone", {"phone": None}),
        ("phone", {"phone": "020 7946 0958"}),
        ("metadata.external_id", {}),
        ("metadata.external_id", {"metadata": {"external_id": None}}),
        ("metadata.external_id", {"metadata": {"external_id": ""}}),
    ],
)
def test_who_has_nothing_to_compare_is_new(
    api: Client, on_duplicate: str, match_on: str, without: dict[str, Any]
) -> None:
    statuses = [send(api, f"onDuplicate={on_duplicate}&matchOn={match_on}", **without).status_code for _ in range(2)]

    assert statuses == [201, 201]


@pytest.mark.parametrize(("match_on", "same"), MATCHES)
def test_the_oldest_of_several_is_met(api: Client, match_on: str, same: dict[str, Any]) -> None:
    oldest = api.create(**FIRST)
    for _ in range(3):
        api.create(**FIRST)

    response = send(api, f"onDuplicate=update&matchOn={match_on}", **same)

    assert response.json()["data"]["id"] == oldest["id"]


def test_email_is_what_is_compared_if_nothing_else_is_said(api: Client) -> None:
    first = api.create(**FIRST)

    by_number = send(api, "onDuplicate=skip", phone=FIRST["phone"])
    by_email = send(api, "onDuplicate=skip", email="ada@EXAMPLE.com")

    assert (by_number.status_code, by_email.status_code) == (201, 200)
    assert by_email.json()["data"]["id"] == first["id"]


# A key of the metadata


def test_a_key_is_found_in_leads_from_before_its_first_use(api: Client) -> None:
    leads = [api.create(f"n{n}", f"n{n}@example.com", metadata={"crm": {"id": n}, "crm_id": n}) for n in range(5)]
    api.create(metadata={"crm_id": None}), api.create()

    response = send(api, "onDuplicate=update&matchOn=metadata.crm_id", metadata={"crm_id": 3})

    assert (response.status_code, response.json()["data"]["id"]) == (200, leads[3]["id"])


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [
        ("7", "7", 200),
        (7, "7", 200),
        (7, 7, 200),
        (7, 7.5, 201),
        ("a", "A", 201),
        ("é", "é", 200),
        ("null", "null", 200),
        (None, "null", 201),
        (True, "true", 201),
        ({"a": 1}, '{"a":1}', 201),
        ([1], "[1]", 201),
        ("x" * 255, "x" * 255, 200),
    ],
)
def test_texts_and_numbers_are_compared_as_they_are_written(api: Client, one: Any, other: Any, status: int) -> None:
    query = "onDuplicate=update&matchOn=metadata.external_id"
    send(api, query, metadata={"external_id": "something else"})  # so that the key is known before
    api.create(metadata={"external_id": one})

    response = send(api, query, metadata={"external_id": other})

    assert response.status_code == status, response.text


@pytest.mark.parametrize(
    ("value", "code"), [(True, "invalid_type"), ({}, "invalid_type"), ([1], "invalid_type"), ("x" * 256, "too_long")]
)
def test_a_value_that_cannot_tell_leads_apart_is_refused(api: Client, value: Any, code: str) -> None:
    response = send(api, "onDuplicate=update&matchOn=metadata.external_id", metadata={"external_id": value})

    assert problems_of(response) == {"metadata.external_id": code}
    assert total(api) == 0


def test_a_value_that_was_changed_is_met_no_more(api: Client) -> None:
    query = "onDuplicate=skip&matchOn=metadata.external_id"
    lead = send(api, query, metadata={"external_id": "x1"}).json()["data"]
    api.patch(f"/api/v1/leads/{lead['id']}", {"metadata": {"external_id": "x2"}})

    old = send(api, query, metadata={"external_id": "x1"})
    new = send(api, query, metadata={"external_id": "x2"})

    assert (old.status_code, new.status_code, new.json()["data"]["id"]) == (201, 200, lead["id"])


@pytest.mark.parametrize("change", [{"metadata": None}, {"metadata": {"external_id": None}}])
def test_a_value_that_was_removed_is_met_no_more(api: Client, change: dict[str, Any]) -> None:
    query = "onDuplicate=skip&matchOn=metadata.external_id"
    lead = send(api, query, metadata={"external_id": "x1"}).json()["data"]
    api.patch(f"/api/v1/leads/{lead['id']}", change)

    assert send(api, query, metadata={"external_id": "x1"}).status_code == 201


def test_a_deleted_lead_is_met_no_more(api: Client) -> None:
    for match_on, same in MATCHES:
        lead = api.create(**FIRST)
        assert send(api, f"onDuplicate=skip&matchOn={match_on}", **same).json()["data"]["id"] == lead["id"]
        api.delete(f"/api/v1/leads/{lead['id']}")
        new = send(api, f"onDuplicate=skip&matchOn={match_on}", **same)
        assert new.status_code == 201
        api.delete(new.headers["Location"])


def test_the_values_of_a_merged_lead_are_met_in_the_one_that_is_left(api: Client) -> None:
    query = "onDuplicate=update&matchOn=metadata.external_id"
    ada = api.create()
    other = send(api, query, metadata={"external_id": "x1"}).json()["data"]
    api.post(f"/api/v1/leads/{ada['id']}/merge", {"duplicateId": other["id"]})

    met = send(api, query, metadata={"external_id": "x1"})

    assert (met.status_code, met.json()["data"]["id"]) == (200, ada["id"])


def test_a_workspace_matches_on_ten_keys_and_no_more(api: Client) -> None:
    for number in range(10):
        assert send(api, f"onDuplicate=update&matchOn=metadata.k{number}").status_code == 201

    response = send(api, "onDuplicate=update&matchOn=metadata.k10")
    known = send(api, "onDuplicate=update&matchOn=metadata.k9")

    assert problems_of(response) == {"matchOn": "too_many"}
    assert known.status_code == 201


@pytest.mark.parametrize("key", ["a b", "é", "a.b", "$", "x" * 100])
def test_a_key_may_have_any_letters(api: Client, key: str) -> None:
    lead = api.create(metadata={key: "x1"})

    response = api.post(
        "/api/v1/leads",
        {"name": "B", "email": "b@example.com", "metadata": {key: "x1"}},
        params={"onDuplicate": "skip", "matchOn": f"metadata.{key}"},
    )

    assert (response.status_code, response.json()["data"]["id"]) == (200, lead["id"])


@pytest.mark.parametrize(
    "match_on", ["name", "", "metadata", "metadata.", "Email", 'metadata.a"b', "metadata." + "x" * 101]
)
def test_refuses_to_match_on_anything_else(api: Client, match_on: str) -> None:
    response = api.post("/api/v1/leads", FIRST, params={"matchOn": match_on, "onDuplicate": "merge"})

    assert problems_of(response) == {"matchOn": "invalid_value", "onDuplicate": "invalid_choice"}


# The workspace's own rule


@pytest.fixture
def speak_for(server: Server, admin: Client) -> Callable[..., Client]:
    """Sets the rule of the workspace; a key that learns of it at once."""

    def speak(**rule: str) -> Client:
        response = admin.patch("/api/v1/workspace", rule)
        assert response.status_code == 200, response.text
        return server.client(admin.workspace_id)

    return speak


def test_from_the_start_every_lead_is_created(api: Client) -> None:
    workspace = api.get("/api/v1/workspace").json()["data"]

    assert (workspace["onDuplicate"], workspace["matchOn"]) == ("create", "email")
    assert [send(api, "").status_code for _ in range(2)] == [201, 201]


@pytest.mark.parametrize(
    ("rule", "statuses"), [("create", [201, 201]), ("update", [201, 200]), ("skip", [201, 200]), ("reject", [201, 409])]
)
def test_the_workspaces_rule_holds_where_a_request_says_nothing(
    speak_for: Callable[..., Client], rule: str, statuses: list[int]
) -> None:
    api = speak_for(onDuplicate=rule)

    assert [send(api, "").status_code for _ in range(2)] == statuses


def test_the_workspaces_key_holds_where_a_request_names_none(speak_for: Callable[..., Client]) -> None:
    api = speak_for(onDuplicate="reject", matchOn="metadata.external_id")
    statuses = [send(api, "", email=f"{n}@x.org", metadata={"external_id": "x1"}).status_code for n in range(2)]

    updated = send(api, "onDuplicate=update", metadata={"external_id": "x1"})
    by_email = send(api, "matchOn=email", metadata={"external_id": "x2"})

    assert (statuses, updated.status_code, by_email.status_code) == ([201, 409], 200, 409)


def test_what_a_request_says_wins(speak_for: Callable[..., Client]) -> None:
    api = speak_for(onDuplicate="reject")
    send(api, "")

    assert send(api, "onDuplicate=create").status_code == 201


def test_another_workspaces_rule_and_leads_are_its_own(api: Client, stranger: Client) -> None:
    stranger.patch("/api/v1/workspace", {"onDuplicate": "reject"})
    theirs = stranger.create(**FIRST)

    for match_on, same in MATCHES:
        assert send(api, f"onDuplicate=update&matchOn={match_on}", **same).status_code == 201
        for lead in api.get("/api/v1/leads").json()["data"]["leads"]:
            api.delete(f"/api/v1/leads/{lead['id']}")
    assert stranger.get(f"/api/v1/leads/{theirs['id']}").json()["data"] == theirs


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"onDuplicate": "merge"}, {"onDuplicate": "invalid_type"}),
        ({"matchOn": "name"}, {"matchOn": "invalid_value"}),
        ({"matchon": "email"}, {"matchon": "unknown_field"}),
    ],
)
def test_the_rule_is_checked(admin: Client, rule: dict[str, str], expected: dict[str, str]) -> None:
    assert problems_of(admin.patch("/api/v1/workspace", rule)) == expected


def test_only_an_admin_sets_the_rule(api: Client) -> None:
    response = api.patch("/api/v1/workspace", {"onDuplicate": "skip"})

    assert (response.status_code, response.json()["details"]) == (403, {"required": "admin"})


def test_a_retry_is_told_that_nothing_new_was_made(api: Client, clock: MovableClock) -> None:
    api.create(**FIRST)
    body = {"name": "Second", "email": "ada@example.com"}
    answers = []
    for _ in range(2):
        clock.advance(seconds=1)
        headers = {"Idempotency-Key": "k1"}
        answers.append(api.post("/api/v1/leads?onDuplicate=update", body, headers=headers))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
