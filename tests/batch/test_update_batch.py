"""POST /api/v1/leads/batch-update: many leads change by one request, all or none, and it can be taken back."""

from typing import Any

import pytest
import requests

from tests.conftest import Client, Server, problems_of

PATH = "/api/v1/leads/batch-update"


def update(api: Client, **body: Any) -> dict[str, Any]:
    response = api.post(PATH, body)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def read(api: Client, lead: dict[str, Any]) -> dict[str, Any]:
    return dict(api.get(f"/api/v1/leads/{lead['id']}").json()["data"])


def operations(api: Client) -> list[dict[str, Any]]:
    return list(api.get("/api/v1/operations").json()["data"]["operations"])


def test_changes_the_leads_that_are_named(api: Client) -> None:
    one, other, third = api.create("One"), api.create("Other"), api.create("Third", status="lost")

    told = update(api, ids=[one["id"], third["id"]], set={"status": "lost", "source": "fair"})

    assert told == {
        "matched": 2,
        "updated": 2,
        "unchanged": 0,
        "missing": [],
        "operationId": told["operationId"],
    }
    assert [(read(api, lead)["status"], read(api, lead)["source"]) for lead in (one, other, third)] == [
        ("lost", "fair"),
        ("new", "api"),
        ("lost", "fair"),
    ]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, {"a", "b", "c"}),
        ({"status": ["new"]}, {"a", "b"}),
        ({"status": ["new", "lost"], "source": ["web"]}, {"b", "c"}),
        ({"search": "EXAMPLE"}, {"a", "b", "c"}),
        ({"search": "c@"}, {"c"}),
        ({"email": "A@Example.com"}, {"a"}),
        ({"phone": "+44 20 7946 0958"}, {"b"}),
        ({"createdAfter": "2026-01-15T10:30:00.000Z"}, set()),
        ({"createdBefore": "2026-01-16"}, {"a", "b", "c"}),
        ({"metadata": {"team": "x"}}, {"a", "c"}),
        ({"metadata": {"team": "x"}, "status": ["lost"]}, {"c"}),
    ],
)
def test_changes_the_leads_that_a_filter_lets_through(api: Client, which: dict[str, Any], expected: set[str]) -> None:
    api.create("a", "a@example.com", metadata={"team": "x"})
    api.create("b", "b@example.com", source="web", phone="+442079460958")
    api.create("c", "c@example.com", source="web", status="lost", metadata={"team": "x"})

    told = update(api, filter=which, set={"metadata": {"seen": True}})

    leads = api.get("/api/v1/leads").json()["data"]["leads"]
    assert {lead["name"] for lead in leads if "seen" in lead["metadata"]} == expected
    assert (told["matched"], told["updated"]) == (len(expected), len(expected))


def test_a_state_may_be_named_twice(api: Client) -> None:
    api.create()

    assert update(api, filter={"status": ["new"] * 50_000}, set={"phone": "1"})["updated"] == 1


def test_a_filter_that_the_change_makes_untrue_still_finds_all(api: Client) -> None:
    leads = [{"name": f"n{number}", "email": f"n{number}@example.com"} for number in range(1_000)]
    for _ in range(2):
        api.post("/api/v1/leads/batch", {"leads": leads})

    told = update(api, filter={"status": ["new"], "source": ["api"]}, set={"status": "lost", "source": "old"})

    assert told["updated"] == 2_000
    pagination = api.get("/api/v1/leads?status=lost&source=old").json()["data"]["pagination"]
    assert pagination["total"] == 2_000


def test_metadata_is_merged_in_each(api: Client) -> None:
    one, other = api.create(metadata={"a": 1, "m": {"x": 1}}), api.create(metadata={"b": 2})

    update(api, filter={}, set={"metadata": {"a": None, "m": {"y": 2}}, "phone": None})

    assert read(api, one)["metadata"] == {"m": {"x": 1, "y": 2}}
    assert read(api, other)["metadata"] == {"b": 2, "m": {"y": 2}}


def test_leads_that_stay_as_they_are_are_counted_apart(api: Client) -> None:
    api.create(status="lost"), api.create()

    told = update(api, filter={}, set={"status": "lost"})

    assert (told["matched"], told["updated"], told["unchanged"]) == (2, 1, 1)
    assert operations(api)[0]["leads"] == 1


def test_a_batch_that_changes_nothing_is_no_operation(api: Client) -> None:
    lead = api.create()

    told = update(api, ids=[lead["id"]], set={"name": lead["name"]})

    assert (told["matched"], told["updated"], told["operationId"]) == (1, 0, None)
    assert operations(api) == []


def test_ids_that_stand_for_no_lead_are_told(api: Client, stranger: Client) -> None:
    ours, theirs, merged = api.create(), stranger.create(), api.create()
    api.post(f"/api/v1/leads/{ours['id']}/merge", {"duplicateId": merged["id"]})
    ids = ["lead_none", ours["id"], theirs["id"], ours["id"], merged["id"]]

    told = update(api, ids=ids, set={"phone": "1"})

    assert (told["matched"], told["updated"]) == (1, 1)
    assert told["missing"] == ["lead_none", theirs["id"], merged["id"]]
    assert stranger.get(f"/api/v1/leads/{theirs['id']}").json()["data"] == theirs


def test_a_dry_run_counts_and_changes_nothing(api: Client) -> None:
    api.create(), api.create(status="lost")

    told = update(api, filter={}, set={"status": "lost"}, dryRun=True)

    assert told == {"matched": 2, "updated": 1, "unchanged": 1, "missing": [], "operationId": None}
    assert api.get("/api/v1/leads?status=lost").json()["data"]["pagination"]["total"] == 1
    assert operations(api) == []


def test_each_change_has_its_events(api: Client) -> None:
    one, other = api.create(), api.create()

    update(api, ids=[one["id"], other["id"]], set={"status": "lost", "phone": "1"})

    events = api.get("/api/v1/events?after=2").json()["data"]["events"]
    assert [(event["type"], event["leadId"]) for event in events] == [
        (kind, lead["id"]) for lead in (one, other) for kind in ("lead.updated", "lead.status_changed")
    ]
    assert events[0]["data"]["status"] == "lost"
    assert sorted(events[0]["changes"]) == ["phone", "status"]


def test_it_is_an_operation_that_can_be_looked_at(api: Client) -> None:
    lead = api.create()
    told = update(api, ids=[lead["id"]], set={"status": "lost"})

    assert operations(api) == [
        {
            "id": told["operationId"],
            "kind": "batch_update",
            "status": "completed",
            "actor": {"type": "api_key", "id": api.key_id},
            "subjectId": None,
            "leads": 1,
            "createdAt": "2026-01-15T10:30:00.000Z",
            "undoUntil": "2026-02-14T10:30:00.000Z",
            "undoneAt": None,
            "restored": 0,
            "skipped": 0,
        }
    ]


def test_one_that_cannot_be_changed_so_keeps_all_as_they_are(api: Client) -> None:
    small, large = api.create(), api.create(metadata={"a": "x" * 65_000})

    response = api.post(PATH, {"filter": {}, "set": {"metadata": {"b": "x" * 1_000}, "status": "lost"}})

    assert problems_of(response) == {"set.metadata": "too_large"}
    assert large["id"] in response.json()["details"]["errors"][0]["message"]
    assert [read(api, lead) for lead in (small, large)] == [small, large]
    assert operations(api) == []


def test_a_repeated_request_gets_the_first_answer(api: Client) -> None:
    lead = api.create()
    body, headers = {"ids": [lead["id"]], "set": {"status": "lost"}}, {"Idempotency-Key": "k1"}

    first = api.post(PATH, body, headers=headers)
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "new"})
    again = api.post(PATH, body, headers=headers)
    another = api.post(PATH, {**body, "set": {"status": "contacted"}}, headers=headers)

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (another.status_code, another.json()["code"]) == (409, "CONFLICT")
    assert read(api, lead)["status"] == "new"


def test_ten_thousand_are_changed_and_more_are_refused(api: Client) -> None:
    for start in range(0, 10_000, 1_000):
        leads = [{"name": f"n{start + number}", "email": "n@example.com"} for number in range(1_000)]
        api.post("/api/v1/leads/batch", {"leads": leads})

    told = update(api, filter={}, set={"status": "lost"})
    api.create()
    refused = api.post(PATH, {"filter": {}, "set": {"status": "new"}})
    tried = api.post(PATH, {"filter": {}, "set": {"status": "new"}, "dryRun": True})

    assert told["updated"] == 10_000
    assert problems_of(refused) == problems_of(tried) == {"filter": "too_many"}
    assert api.get("/api/v1/leads?status=lost").json()["data"]["pagination"]["total"] == 10_000


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"set": "required"}),
        ({"set": {"name": "A"}}, {"ids": "required"}),
        ({"ids": ["lead_1"], "filter": {}, "set": {"name": "A"}}, {"ids": "required"}),
        ({"ids": ["lead_1"]}, {"set": "required"}),
        ({"ids": [], "set": {"name": "A"}}, {"ids": "out_of_range"}),
        ({"ids": ["lead_1"] * 10_001, "set": {"name": "A"}}, {"ids": "out_of_range"}),
        ({"ids": ["ws_1"], "set": {"name": "A"}}, {"ids": "invalid_type"}),
        ({"ids": ["lead_" + "x" * 60], "set": {"name": "A"}}, {"ids": "invalid_id"}),
        ({"filter": {"state": "new"}, "set": {"name": "A"}}, {"filter": "invalid_type"}),
        ({"filter": {"status": ["sold"]}, "set": {"name": "A"}}, {"filter": "invalid_type"}),
        ({"filter": {"createdAfter": "soon"}, "set": {"name": "A"}}, {"filter": "invalid_time"}),
        ({"filter": {"search": "x" * 256}, "set": {"name": "A"}}, {"filter": "too_long"}),
        ({"filter": {"metadata": {str(n): "" for n in range(21)}}, "set": {"name": "A"}}, {"filter": "too_many"}),
        ({"filter": {"metadata": {'"': ""}}, "set": {"name": "A"}}, {"filter": "invalid_key"}),
        ({"filter": {"source": ["a"] * 101}, "set": {"name": "A"}}, {"filter": "too_many"}),
        ({"filter": {"source": [""]}, "set": {"name": "A"}}, {"filter": "too_long"}),
        (
            {"ids": ["lead_1"], "set": {"name": "", "email": "x", "phone": 7, "score": 1}},
            {
                "set.name": "blank",
                "set.email": "invalid_email",
                "set.phone": "invalid_type",
                "set.score": "unknown_field",
            },
        ),
        ({"ids": ["lead_1"], "set": []}, {"set": "invalid_type"}),
        ({"ids": ["lead_1"], "set": {"name": "A"}, "confirm": 1}, {"confirm": "unknown_field"}),
    ],
)
def test_refuses_a_bad_field_by_its_name(api: Client, body: dict[str, Any], expected: dict[str, str]) -> None:
    assert problems_of(api.post(PATH, body)) == expected


def test_needs_the_right_to_write(server: Server, reader: Client) -> None:
    body = {"filter": {}, "set": {"status": "lost"}}
    refused, anonymous = reader.post(PATH, body), requests.post(server.url + PATH, json=body, timeout=5)

    assert (refused.status_code, refused.json()["details"]) == (403, {"required": "leads:write"})
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "MISSING_AUTH_HEADER")
