"""Who is calling: an API key or a user, as everything behind authentication sees them."""

from enum import StrEnum

import msgspec

from leadlight.duplicate_rule import DuplicateRule
from leadlight.ids import FORM, KEY, USER

_TYPES = {KEY.prefix: "api_key", USER.prefix: "user", FORM.prefix: "form"}
_LOGGED_AS = {"api_key": "keyId", "user": "userId", "form": "formId"}


class Actor(msgspec.Struct, frozen=True):
    """Who does something: the type and the id of a key, a user or a form; or SYSTEM."""

    type: str
    id: str

    @classmethod
    def of(cls, id_: str) -> "Actor":
        """The one with an id, whose prefix tells the type."""
        return cls(_TYPES[id_[: id_.index("_") + 1]], id_)

    @property
    def logged_as(self) -> str:
        """The name of its id in a line of the log."""
        return _LOGGED_AS[self.type]


SYSTEM = Actor("system", "leadlight")
"""Does what nobody asked for at that moment."""


class Scope(StrEnum):
    """What a caller may do; `admin` includes all the others."""

    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"
    WEBHOOKS_MANAGE = "webhooks:manage"
    ADMIN = "admin"


class Principal(msgspec.Struct, frozen=True):
    """A key that is valid now, or a user who is signed in.

    `rate_limit`: requests an hour, 0 for no limit, None for the server's own.
    `duplicates`: what the workspace does with leads that are there already, where a request says nothing.
    """

    actor: Actor
    workspace_id: str
    scopes: frozenset[Scope]
    rate_limit: int | None
    expires_at: int | None
    duplicates: DuplicateRule = DuplicateRule()

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes
