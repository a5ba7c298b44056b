"""PUT and PATCH /api/v1/leads/{leadId}: only what is sent changes, and only what is different counts."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.conftest import Client, MovableClock, Server, problems_of


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_changes_what_is_sent_and_nothing_else(api: Client, clock: MovableClock, method: str) -> None:
    lead = api.create(phone="1", source="website", metadata={"company": "Parkside"})
    clock.advance(seconds=2)

    response = api.request(method, f"/api/v1/leads/{lead['id']}", json={"status": "contacted", "name": " Ada B. Park "})

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {**lead, "status": "contacted", "name": "Ada B. Park", "updatedAt": "2026-01-15T10:30:02.000Z"},
    }
    assert api.get(f"/api/v1/leads/{lead['id']}").content == response.content


def test_merges_metadata(api: Client) -> None:
    utm = {"source": "x", "medium": "y"}
    lead = api.create(metadata={"company": "Parkside", "score": 1, "tags": ["a", "b"], "utm": utm})
    patch = {"score": None, "tags": ["c"], "utm": {"medium": None, "campaign": "z"}, "new": {"a": None, "b": 1}}

    response = api.put(f"/api/v1/leads/{lead['id']}", {"metadata": patch})

    assert response.json()["data"]["metadata"] == {
        "company": "Parkside",
        "tags": ["c"],
        "utm": {"source": "x", "campaign": "z"},
        "new": {"b": 1},
    }


def test_metadata_that_is_not_touched_keeps_its_digits_and_order(api: Client) -> None:
    metadata = '{"z":1.10,"big":12345678901234567890,"e":"\\u00e9","a":1e5}'
    text = f'{{"name":"Ada","email":"a@example.com","metadata":{metadata}}}'
    created = api.post("/api/v1/leads", data=text, headers={"Content-Type": "application/json"})

    response = api.put(created.headers["Location"], {"metadata": {"big": 7, "new": True}})

    assert '"metadata":{"z":1.10,"big":7,"e":"\\u00e9","a":1e5,"new":true}' in response.text


def test_null_clears_what_may_be_empty(api: Client) -> None:
    lead = api.create(phone="1", source="website", metadata={"company": "Parkside"})

    response = api.put(f"/api/v1/leads/{lead['id']}", {"phone": None, "source": None, "metadata": None})

    data = response.json()["data"]
    assert (data["phone"], data["source"], data["metadata"]) == (None, None, {})


@pytest.mark.parametrize("field", ["name", "email", "status"])
def test_null_does_not_clear_what_is_required(api: Client, field: str) -> None:
    lead = api.create()

    response = api.put(f"/api/v1/leads/{lead['id']}", {field: None})

    assert problems_of(response) == {field: "invalid_type"}


def test_names_every_problem_at_once_and_changes_nothing(api: Client) -> None:
    lead = api.create()

    response = api.put(
        f"/api/v1/leads/{lead['id']}",
        {"name": " ", "email": "nobody", "phone": "5" * 51, "source": 1, "status": "sold", "metadata": [], "vip": 1},
    )

    assert problems_of(response) == {
        "name": "blank",
        "email": "invalid_email",
        "phone": "too_long",
        "source": "invalid_type",
        "status": "invalid_type",
        "metadata": "invalid_type",
        "vip": "unknown_field",
    }
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"] == lead


def test_refuses_metadata_that_grows_too_large_by_merging(api: Client) -> None:
    lead = api.create(metadata={"a": "x" * 40_000})

    response = api.put(f"/api/v1/leads/{lead['id']}", {"metadata": {"b": "x" * 40_000}})

    assert problems_of(response) == {"metadata": "too_large"}
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"] == lead


def test_a_lead_can_be_sent_back_as_it_was_read(api: Client, clock: MovableClock) -> None:
    lead = api.create(phone="1", metadata={"a": {"b": [1, 2.5, "c"]}})
    clock.advance(seconds=1)

    response = api.put(f"/api/v1/leads/{lead['id']}", lead)

    assert response.status_code == 200
    assert response.json()["data"] == lead


def test_ignores_what_only_the_server_may_say(api: Client) -> None:
    lead = api.create()

    response = api.put(
        f"/api/v1/leads/{lead['id']}",
        {
            "id": "lead_1",
            "createdAt": "2001-01-01T00:00:00.000Z",
            "updatedAt": "2001-01-01T00:00:00.000Z",
            "workspaceId": "ws_1",
        },
    )

    assert response.status_code == 200
    assert response.json()["data"] == lead


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "Ada Park", "email": "ada@example.com", "status": "new"},
        {"name": "  Ada Park  "},
        {"phone": None, "source": "api"},
        {"metadata": {}},
        {"metadata": {"score": 1}},
        {"metadata": {"score": 1.0, "missing": None}},
        {"metadata": {"nested": {"b": 2, "a": 1}}},
    ],
)
def test_a_change_that_changes_nothing_leaves_no_trace(
    api: Client, clock: MovableClock, change: dict[str, object]
) -> None:
    lead = api.create(metadata={"score": 1, "nested": {"a": 1, "b": 2}})
    before = api.get(f"/api/v1/leads/{lead['id']}")
    clock.advance(seconds=1)

    response = api.put(f"/api/v1/leads/{lead['id']}", change)

    assert (response.status_code, response.content) == (200, before.content)
    assert response.headers["ETag"] == before.headers["ETag"]
    assert len(api.get("/api/v1/events").json()["data"]["events"]) == 1


@pytest.mark.parametrize("change", [{"metadata": {"score": True}}, {"metadata": {"score": "1"}}, {"name": "ada park"}])
def test_a_small_difference_is_a_difference(api: Client, clock: MovableClock, change: dict[str, object]) -> None:
    lead = api.create(metadata={"score": 1})
    clock.advance(milliseconds=1)

    response = api.put(f"/api/v1/leads/{lead['id']}", change)

    assert response.json()["data"]["updatedAt"] == "2026-01-15T10:30:00.001Z"


def test_a_clock_that_was_set_back_does_not_make_a_lead_older(api: Client, clock: MovableClock) -> None:
    lead = api.create()
    clock.advance(seconds=-60)

    response = api.put(f"/api/v1/leads/{lead['id']}", {"name": "Ada B. Park"})

    assert response.json()["data"]["updatedAt"] == lead["updatedAt"]


# If-Match


def test_if_match_admits_the_one_who_read_the_latest(api: Client) -> None:
    created = api.post("/api/v1/leads", {"name": "Ada", "email": "ada@example.com"})
    path, etag = created.headers["Location"], created.headers["ETag"]

    first = api.put(path, {"status": "contacted"}, headers={"If-Match": etag})
    second = api.put(path, {"status": "lost"}, headers={"If-Match": etag})
    third = api.put(path, {"status": "lost"}, headers={"If-Match": first.headers["ETag"]})

    assert [first.status_code, second.status_code, third.status_code] == [200, 412, 200]
    assert second.json()["code"] == "PRECONDITION_FAILED"
    assert second.json()["details"]["etag"] == first.headers["ETag"]


def test_two_changes_in_one_millisecond_have_two_etags(api: Client) -> None:
    lead = api.create()

    first = api.put(f"/api/v1/leads/{lead['id']}", {"status": "contacted"})
    second = api.put(f"/api/v1/leads/{lead['id']}", {"status": "new"})

    assert first.headers["ETag"] != second.headers["ETag"]


def test_of_16_rivals_with_one_etag_one_wins(api: Client) -> None:
    created = api.post("/api/v1/leads", {"name": "Ada", "email": "ada@example.com"})
    url = api.url + created.headers["Location"]
    headers = {"Authorization": f"Bearer {api.key}", "If-Match": created.headers["ETag"]}

    with ThreadPoolExecutor(16) as pool:
        sent = [pool.submit(requests.put, url, json={"phone": str(n)}, headers=headers) for n in range(16)]

    assert sorted(future.result().status_code for future in sent) == [200] + [412] * 15


@pytest.mark.parametrize(
    ("if_match", "status"),
    [("*", 200), ('"other", {etag}', 200), ('"other"', 412), ("W/{etag}", 412), ("nonsense", 412), ("", 412)],
)
def test_if_match_follows_the_standard(api: Client, if_match: str, status: int) -> None:
    created = api.post("/api/v1/leads", {"name": "Ada", "email": "ada@example.com"})
    header = if_match.replace("{etag}", created.headers["ETag"])

    response = api.patch(created.headers["Location"], {"status": "lost"}, headers={"If-Match": header})

    assert response.status_code == status


def test_if_match_does_not_hide_that_a_lead_is_missing(api: Client) -> None:
    response = api.put("/api/v1/leads/lead_1", {"status": "lost"}, headers={"If-Match": '"x"'})

    assert response.status_code == 404


# Whose lead


def test_says_the_same_of_another_workspaces_lead_as_of_none(api: Client, stranger: Client) -> None:
    theirs = stranger.create()

    response = api.put(f"/api/v1/leads/{theirs['id']}", {"status": "lost"}, headers={"X-Request-Id": "r"})
    missing = api.put("/api/v1/leads/lead_1", {"status": "lost"}, headers={"X-Request-Id": "r"})

    assert response.status_code == 404
    assert response.text == missing.text.replace("lead_1", theirs["id"])
    assert stranger.get(f"/api/v1/leads/{theirs['id']}").json()["data"] == theirs


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_needs_the_right_to_write(api: Client, reader: Client, method: str) -> None:
    lead = api.create()

    response = reader.request(method, f"/api/v1/leads/{lead['id']}", json={"status": "lost"})

    assert (response.status_code, response.json()["details"]) == (403, {"required": "leads:write"})
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"] == lead


def test_refuses_the_anonymous(server: Server, api: Client) -> None:
    lead = api.create()

    response = requests.put(f"{server.url}/api/v1/leads/{lead['id']}", json={"status": "lost"}, timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
    assert lead["email"] not in response.text


def test_names_the_form_of_an_id_before_it_reads_the_body(api: Client) -> None:
    response = api.put("/api/v1/leads/42", data="not JSON")

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ID_FORMAT")


def test_reads_the_body_before_it_looks_for_the_lead(api: Client) -> None:
    response = api.put("/api/v1/leads/lead_1", {"status": "sold"})

    assert problems_of(response) == {"status": "invalid_type"}


def test_a_body_must_be_there(api: Client) -> None:
    lead = api.create()

    response = api.put(f"/api/v1/leads/{lead['id']}")

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_JSON")
