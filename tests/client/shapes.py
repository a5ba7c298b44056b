"""What a server answers with, for tests that answer in its place."""

from typing import Any

AT = "2026-01-15T10:30:00.000Z"

WORKSPACE = {"id": "ws_1", "name": "Acme", "onDuplicate": "create", "matchOn": "email", "createdAt": AT}
LEAD = {
    "id": "lead_1",
    "name": "Ada",
    "email": "ada@example.com",
    "phone": None,
    "source": None,
    "status": "new",
    "metadata": {},
    "createdAt": AT,
    "updatedAt": AT,
}
WEBHOOK = {
    "id": "wh_1",
    "url": "https://example.com/",
    "events": ["*"],
    "description": None,
    "active": True,
    "disabledReason": None,
    "createdAt": AT,
    "updatedAt": AT,
    "successCount": 0,
    "failureCount": 0,
    "lastSuccessAt": None,
    "lastFailureAt": None,
}
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "type": "lead.created",
    "timestamp": AT,
    "leadId": "lead_1",
    "workspaceId": "ws_1",
    "actor": {"type": "api_key", "id": "key_1"},
    "data": {"score": 1.10},
    "changes": {},
}
IMPORT: dict[str, Any] = {
    "id": "imp_1",
    "status": "completed",
    "fileName": "people.csv",
    "format": "csv",
    "size": 40_000,
    "dryRun": False,
    "onDuplicate": "update",
    "matchOn": "email",
    "mapping": {"name": "name", "email": "email"},
    "processed": 1234,
    "total": 1234,
    "created": 1200,
    "updated": 30,
    "skipped": 4,
    "failed": 0,
    "bytesRead": 40_000,
    "ratePerSecond": 493,
    "error": None,
    "operationId": "op_1",
    "createdAt": AT,
    "startedAt": AT,
    "finishedAt": "2026-01-15T10:30:02.500Z",
}
OPERATION: dict[str, Any] = {
    "id": "op_1",
    "kind": "import",
    "status": "completed",
    "actor": {"type": "api_key", "id": "key_1"},
    "subjectId": "imp_1",
    "leads": 1200,
    "createdAt": AT,
    "undoUntil": "2026-02-14T10:30:00.000Z",
    "undoneAt": None,
    "restored": 0,
    "skipped": 0,
}
