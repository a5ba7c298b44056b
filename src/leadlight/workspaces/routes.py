"""Keys and the workspace over the API."""

from leadlight.http.operation import Operation
from leadlight.http.pagination import cut
from leadlight.ids import KEY
from leadlight.principal import Principal, Scope
from leadlight.workspaces.schemas import (
    KEY_PARAMETERS,
    KeyCreate,
    KeyList,
    KeyQuery,
    KeyRotate,
    KeyView,
    RevokedView,
    WorkspaceUpdate,
    WorkspaceView,
)
from leadlight.workspaces.service import KeySpec, WorkspaceService

_WORKSPACE = {
    "id": "ws_01kb2v5x9qe4m8c2n7t0r6w3hj",
    "name": "Northwind",
    "onDuplicate": "create",
    "matchOn": "email",
    "createdAt": "2026-01-15T10:30:00.000Z",
}
_KEY = {
    "id": "key_01kb2v5xq8d6y3f9k1m4p7s0tv",
    "workspaceId": _WORKSPACE["id"],
    "name": "Website form",
    "scopes": ["leads:write"],
    "rateLimit": 5000,
    "createdAt": "2026-01-15T10:30:00.000Z",
    "expiresAt": None,
    "lastUsedAt": None,
    "revokedAt": None,
    "replacedBy": None,
}
_ISSUED = {**_KEY, "key": "sk-workspace_" + "0" * 38}


class WorkspaceRoutes:
    def __init__(self, workspaces: WorkspaceService) -> None:
        self._workspaces = workspaces

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="getWorkspace",
                method="GET",
                path="/api/v1/workspace",
                tag="Workspace",
                summary="Read the workspace of your key",
                description="Any valid key may ask: a quick way to try one.",
                scope=None,
                response=WorkspaceView,
                example=_WORKSPACE,
                handler=self.get_workspace,
            ),
            Operation(
                id="updateWorkspace",
                method="PATCH",
                path="/api/v1/workspace",
                tag="Workspace",
                summary="Change the workspace",
                description="Its name, and what is done with a lead that exists where a request does not say it.",
                scope=Scope.ADMIN,
                body=WorkspaceUpdate,
                response=WorkspaceView,
                example=_WORKSPACE,
                handler=self.update_workspace,
                request_example={"onDuplicate": "update", "matchOn": "email"},
            ),
            Operation(
                id="listKeys",
                method="GET",
                path="/api/v1/keys",
                tag="Keys",
                summary="List API keys",
                description="Oldest first, revoked and expired ones included. The secrets are nowhere to be read.",
                scope=Scope.ADMIN,
                query=KeyQuery,
                parameters=KEY_PARAMETERS,
                response=KeyList,
                example={"keys": [_KEY], "pagination": {"limit": 100, "hasNext": False, "nextCursor": None}},
                handler=self.list_keys,
            ),
            Operation(
                id="createKey",
                method="POST",
                path="/api/v1/keys",
                tag="Keys",
                summary="Create an API key",
                description="The answer holds the secret, this once.",
                scope=Scope.ADMIN,
                body=KeyCreate,
                response=KeyView,
                example=_ISSUED,
                status=201,
                handler=self.create_key,
                request_example={"name": "Website form", "scopes": ["leads:write"], "rateLimit": 5000},
            ),
            Operation(
                id="revokeKey",
                method="DELETE",
                path="/api/v1/keys/{keyId}",
                tag="Keys",
                summary="Revoke an API key",
                description="It stops working within a second, everywhere, for good.",
                scope=Scope.ADMIN,
                path_id=KEY,
                response=RevokedView,
                example={"id": _KEY["id"], "revokedAt": "2026-01-15T10:30:00.000Z"},
                message="API key revoked",
                handler=self.revoke_key,
            ),
            Operation(
                id="rotateKey",
                method="POST",
                path="/api/v1/keys/{keyId}/rotate",
                tag="Keys",
                summary="Rotate an API key",
                description="Issues a key with the same name, scopes and limit; the old one goes on working "
                "for the time of grace, a day unless you say otherwise.",
                scope=Scope.ADMIN,
                path_id=KEY,
                body=KeyRotate,
                body_optional=True,
                response=KeyView,
                example=_ISSUED,
                status=201,
                handler=self.rotate_key,
                errors=("CONFLICT",),
                request_example={"graceSeconds": 3600},
            ),
        ]

    async def get_workspace(self, caller: Principal) -> WorkspaceView:
        return WorkspaceView.of(await self._workspaces.get_workspace(caller.workspace_id))

    async def update_workspace(self, caller: Principal, body: WorkspaceUpdate) -> WorkspaceView:
        changed = await self._workspaces.update_workspace(
            caller.workspace_id,
            name=body.name or None,
            on_duplicate=body.on_duplicate or None,
            match_on=body.match_on or None,
        )
        return WorkspaceView.of(changed)

    async def list_keys(self, caller: Principal, query: KeyQuery) -> KeyList:
        keys = await self._workspaces.list_keys(caller.workspace_id, after=query.cursor, limit=query.limit + 1)
        page, pagination = cut(keys, query.limit)
        return KeyList([KeyView.of(key) for key in page], pagination)

    async def create_key(self, caller: Principal, body: KeyCreate) -> KeyView:
        spec = KeySpec(body.name, tuple(body.scopes), body.rate_limit, body.expires_at)  # type: ignore[arg-type]  # its rule made it a number
        return KeyView.issued(await self._workspaces.create_key(caller.workspace_id, spec))

    async def revoke_key(self, caller: Principal, key_id: str) -> RevokedView:
        key = KeyView.of(await self._workspaces.revoke_key(caller.workspace_id, key_id))
        return RevokedView(key.id, key.revoked_at)

    async def rotate_key(self, caller: Principal, key_id: str, body: KeyRotate) -> KeyView:
        issued = await self._workspaces.rotate_key(caller.workspace_id, key_id, grace_seconds=body.grace_seconds)
        return KeyView.issued(issued)
