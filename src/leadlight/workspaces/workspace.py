"""The workspace: a tenant, and the wall around its leads."""

import msgspec


class Workspace(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_at: int
