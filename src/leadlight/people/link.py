"""One-time links: an address that lets one person in, once and for a while."""

from enum import StrEnum

import msgspec

from leadlight.clock import DAY
from leadlight.people.role import Role


class LinkKind(StrEnum):
    """What it is for: the first account of a workspace, one more account, or a new password."""

    OWNER = "owner"
    INVITATION = "invitation"
    RESET = "reset"


LIFETIMES = {LinkKind.OWNER: DAY, LinkKind.INVITATION: 7 * DAY, LinkKind.RESET: DAY}
"""In milliseconds."""


class OneTimeLink(msgspec.Struct, frozen=True):
    """A new link; its token is shown this once."""

    token: str
    expires_at: int


class Link(msgspec.Struct, frozen=True):
    """What whoever holds a link may know of it.

    `email` is None for an owner's link, which whoever opens it gives an address. `is_new_user`: whether they are to
    choose a name and a password, as far as that is known before they say who they are.
    """

    kind: LinkKind
    workspace_name: str | None
    email: str | None
    role: Role | None
    is_new_user: bool


class StoredLink(msgspec.Struct, frozen=True):
    """A link as it is stored: everything about it but the token."""

    token_hash: str
    kind: LinkKind
    workspace_id: str | None
    user_id: str | None
    email: str | None
    role: Role | None
    created_at: int
    expires_at: int
