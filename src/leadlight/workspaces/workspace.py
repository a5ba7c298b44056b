"""The workspace: a tenant, and the wall around its leads."""

import msgspec

from leadlight.duplicate_rule import DuplicateRule


class Workspace(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_at: int
    duplicates: DuplicateRule = DuplicateRule()
