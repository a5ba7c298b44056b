"""GET /api/v1/leads/{leadId}: the whole lead, from the caller's own workspace and no other."""

from tests.conftest import Client


def test_answers_the_whole_lead(api: Client) -> None:
    lead = api.create(phone="+1-555-123-4567", source="website", metadata={"company": "Parkside"})

    response = api.get(f"/api/v1/leads/{lead['id']}")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            "id": lead["id"],
            "name": "Ada Park",
            "email": "ada@example.com",
            "phone": "+1-555-123-4567",
            "source": "website",
            "status": "new",
            "metadata": {"company": "Parkside"},
            "createdAt": "2026-01-15T10:30:00.000Z",
            "updatedAt": "2026-01-15T10:30:00.000Z",
            "workspaceId": api.workspace_id,
        },
    }


def test_says_the_same_of_another_workspaces_lead_as_of_none(api: Client, stranger: Client) -> None:
    lead = stranger.create()

    response = api.get(f"/api/v1/leads/{lead['id']}")

    assert response.status_code == 404
    body = response.json()
    body.pop("requestId")
    assert body == {
        "success": False,
        "error": "Lead not found",
        "code": "LEAD_NOT_FOUND",
        "details": {"leadId": lead["id"], "message": "No lead found with this ID in your workspace"},
    }


def test_names_the_form_of_an_id_that_is_none(api: Client) -> None:
    response = api.get("/api/v1/leads/invalid-id")

    assert response.status_code == 400
    body = response.json()
    body.pop("requestId")
    assert body == {
        "success": False,
        "error": "Invalid lead ID format",
        "code": "INVALID_ID_FORMAT",
        "details": {
            "leadId": "invalid-id",
            "expected": "lead_[alphanumeric string]",
            "message": "Lead IDs must start with 'lead_' followed by alphanumeric characters",
        },
    }


def test_answers_304_as_long_as_nothing_changed(api: Client) -> None:
    lead = api.create()
    etag = api.get(f"/api/v1/leads/{lead['id']}").headers["ETag"]

    unchanged = api.get(f"/api/v1/leads/{lead['id']}", headers={"If-None-Match": etag})
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "contacted"})
    changed = api.get(f"/api/v1/leads/{lead['id']}", headers={"If-None-Match": etag})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_head_answers_the_headers_alone(api: Client) -> None:
    lead = api.create()

    response = api.request("HEAD", f"/api/v1/leads/{lead['id']}")

    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["Content-Length"]) > 100
