"""GET /api/v1/workspace: whose key this is."""

import requests

from tests.conftest import Client, Server, problems_of


def test_answers_the_workspace_of_the_key(api: Client) -> None:
    response = api.get("/api/v1/workspace")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            "id": api.workspace_id,
            "name": "Ours",
            "onDuplicate": "create",
            "matchOn": "email",
            "createdAt": "2026-01-15T10:30:00.000Z",
        },
    }


def test_each_key_sees_its_own(api: Client, stranger: Client) -> None:
    response = stranger.get("/api/v1/workspace")

    assert response.json()["data"]["name"] == "Theirs"
    assert api.workspace_id not in response.text


def test_takes_no_parameters(api: Client, stranger: Client) -> None:
    response = api.get(f"/api/v1/workspace?id={stranger.workspace_id}")

    assert problems_of(response) == {"id": "unknown_parameter"}


def test_refuses_the_anonymous(server: Server) -> None:
    response = requests.get(f"{server.url}/api/v1/workspace", timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
