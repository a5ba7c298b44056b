"""Roles: what a user may do in a workspace, in the words that keys have for it."""

from enum import StrEnum

from leadlight.principal import Scope


class Role(StrEnum):
    OWNER = "owner"
    MEMBER = "member"
    VIEWER = "viewer"


SCOPES: dict[Role, frozenset[Scope]] = {
    Role.OWNER: frozenset({Scope.ADMIN}),
    Role.MEMBER: frozenset({Scope.LEADS_READ, Scope.LEADS_WRITE}),
    Role.VIEWER: frozenset({Scope.LEADS_READ}),
}
