"""Batches for tests that take them back."""

from typing import Any

from tests.conftest import Client

Lead = dict[str, Any]


def create(api: Client, count: int, **fields: Any) -> list[Lead]:
    """So many leads: n0, n1 …"""
    leads = [{"name": f"n{number}", "email": f"n{number}@example.com", **fields} for number in range(count)]
    ids = []
    for start in range(0, count, 1_000):
        results = api.post("/api/v1/leads/batch", {"leads": leads[start : start + 1_000]}).json()["data"]["results"]
        ids += [result["id"] for result in results]
    return [{"id": lead_id, **lead} for lead_id, lead in zip(ids, leads, strict=True)]


def update(api: Client, leads: list[Lead], **values: Any) -> str:
    """The id of the operation."""
    return _do(api, "batch-update", {"ids": [lead["id"] for lead in leads], "set": values})


def delete(api: Client, leads: list[Lead]) -> str:
    """The id of the operation."""
    return _do(api, "batch-delete", {"ids": [lead["id"] for lead in leads], "confirm": len(leads)})


def undo(api: Client, operation_id: str) -> dict[str, Any]:
    response = api.post(f"/api/v1/operations/{operation_id}/undo")
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def read(api: Client, *leads: Lead) -> list[Lead]:
    """As they are now, but for when they were changed."""
    found = [api.get(f"/api/v1/leads/{lead['id']}").json()["data"] for lead in leads]
    return [{name: value for name, value in lead.items() if name != "updatedAt"} for lead in found]


def total(api: Client, query: str = "") -> int:
    return int(api.get(f"/api/v1/leads?{query}").json()["data"]["pagination"]["total"])


def _do(api: Client, path: str, body: dict[str, Any]) -> str:
    response = api.post(f"/api/v1/leads/{path}", body)
    assert response.status_code == 200, response.text
    return str(response.json()["data"]["operationId"])
