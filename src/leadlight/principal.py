"""Who is calling: the API key of a request, as everything behind authentication sees it."""

from enum import StrEnum

import msgspec

from leadlight.duplicate_rule import DuplicateRule


class Scope(StrEnum):
    """What a key may do; `admin` includes all the others."""

    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"
    WEBHOOKS_MANAGE = "webhooks:manage"
    ADMIN = "admin"


class Principal(msgspec.Struct, frozen=True):
    """A key that is valid now. `rate_limit`: requests an hour, 0 for no limit, None for the server's own.

    `duplicates`: what its workspace does with leads that are there already, where a request says nothing.
    """

    key_id: str
    workspace_id: str
    scopes: frozenset[Scope]
    rate_limit: int | None
    expires_at: int | None
    duplicates: DuplicateRule = DuplicateRule()

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes
