"""DELETE /api/v1/leads/{leadId}: for good, and nothing of the lead stays but that it was deleted."""

import pytest
import requests

from tests.conftest import Client, MovableClock, Server


def test_says_what_was_deleted_and_when(api: Client, clock: MovableClock) -> None:
    lead = api.create()
    clock.advance(seconds=1)

    response = api.delete(f"/api/v1/leads/{lead['id']}")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Lead deleted successfully",
        "data": {"id": lead["id"], "deletedAt": "2026-01-15T10:30:01.000Z"},
    }


@pytest.mark.parametrize(
    ("method", "suffix"), [("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/events")]
)
def test_afterwards_there_is_no_such_lead(api: Client, method: str, suffix: str) -> None:
    lead = api.create()
    api.delete(f"/api/v1/leads/{lead['id']}")

    response = api.request(method, f"/api/v1/leads/{lead['id']}{suffix}", json={} if method[0] == "P" else None)

    assert (response.status_code, response.json()["code"]) == (404, "LEAD_NOT_FOUND")


@pytest.mark.parametrize(
    "query", ["", "?search=park", "?search=ad", "?email=ada@example.com", "?status=new", "?cursor="]
)
def test_no_list_shows_it(api: Client, query: str) -> None:
    lead = api.create()
    api.delete(f"/api/v1/leads/{lead['id']}")

    response = api.get(f"/api/v1/leads{query}")

    assert response.json()["data"]["leads"] == []
    assert response.json()["data"]["pagination"].get("total", 0) == 0


def test_of_its_history_only_the_deletion_stays(api: Client) -> None:
    lead = api.create("Ada Park", "ada@example.com", metadata={"company": "Parkside"})
    api.patch(f"/api/v1/leads/{lead['id']}", {"name": "Ada B. Park"})
    api.delete(f"/api/v1/leads/{lead['id']}")

    response = api.get("/api/v1/events")

    event, *others = response.json()["data"]["events"]
    assert others == []
    assert (event["type"], event["leadId"], event["changes"]) == ("lead.deleted", lead["id"], {})
    assert event["actor"] == {"type": "api_key", "id": api.key_id}
    assert "Park" not in response.text
    assert "ada@example.com" not in response.text


def test_leaves_other_leads_alone(api: Client) -> None:
    kept, deleted = api.create(), api.create()

    api.delete(f"/api/v1/leads/{deleted['id']}")

    assert api.get(f"/api/v1/leads/{kept['id']}").json()["data"] == kept
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 1


def test_an_id_is_not_used_again(api: Client) -> None:
    deleted = api.create()
    api.delete(f"/api/v1/leads/{deleted['id']}")

    created = api.create()

    assert created["id"] > deleted["id"]


def test_if_match_keeps_a_lead_that_has_moved_on(api: Client) -> None:
    created = api.post("/api/v1/leads", {"name": "Ada", "email": "ada@example.com"})
    path, etag = created.headers["Location"], created.headers["ETag"]
    changed = api.patch(path, {"status": "contacted"})

    refused = api.delete(path, headers={"If-Match": etag})
    deleted = api.delete(path, headers={"If-Match": changed.headers["ETag"]})

    assert (refused.status_code, refused.json()["code"]) == (412, "PRECONDITION_FAILED")
    assert deleted.status_code == 200


def test_says_the_same_of_another_workspaces_lead_as_of_none(api: Client, stranger: Client) -> None:
    theirs = stranger.create()

    response = api.delete(f"/api/v1/leads/{theirs['id']}", headers={"X-Request-Id": "r"})
    missing = api.delete("/api/v1/leads/lead_1", headers={"X-Request-Id": "r"})

    assert response.status_code == 404
    assert response.text == missing.text.replace("lead_1", theirs["id"])
    assert stranger.get(f"/api/v1/leads/{theirs['id']}").status_code == 200


def test_needs_the_right_to_write(api: Client, reader: Client) -> None:
    lead = api.create()

    response = reader.delete(f"/api/v1/leads/{lead['id']}")

    assert (response.status_code, response.json()["details"]) == (403, {"required": "leads:write"})
    assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 200


def test_refuses_the_anonymous(server: Server, api: Client) -> None:
    lead = api.create()

    response = requests.delete(f"{server.url}/api/v1/leads/{lead['id']}", timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
    assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 200


def test_names_the_form_of_an_id_that_is_none(api: Client) -> None:
    response = api.delete("/api/v1/leads/lead_")

    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ID_FORMAT")


def test_takes_no_parameters(api: Client) -> None:
    lead = api.create()

    response = api.delete(f"/api/v1/leads/{lead['id']}?force=true")

    assert response.status_code == 400
    assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 200
