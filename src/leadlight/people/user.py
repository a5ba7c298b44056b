"""The user, where they belong, and the rules that hold with no computer running: what a name and a password may be."""

import unicodedata

import msgspec

from leadlight.duplicate_rule import DuplicateRule
from leadlight.errors import Invalid
from leadlight.leads.lead import fold
from leadlight.people.role import Role

MAX_NAME = 100
MIN_PASSWORD = 12
MAX_PASSWORD = 200

_UNPRINTABLE = {"Cc", "Cs"}
"""Control characters, and halves of characters. Those that join others, as in names in Hindi, are welcome."""


class User(msgspec.Struct, frozen=True):
    """A person with an account. Times in milliseconds since 1970."""

    id: str
    email: str
    name: str
    created_at: int


class Account(msgspec.Struct, frozen=True):
    """A user with what their password is verified by, which stays inside."""

    user: User
    password_hash: str


class Membership(msgspec.Struct, frozen=True):
    """A workspace as one of its users sees it. `duplicates`: what it does with leads that are there already."""

    workspace_id: str
    workspace_name: str
    role: Role
    duplicates: DuplicateRule = DuplicateRule()


class Member(msgspec.Struct, frozen=True):
    """A user as their workspace sees them. `created_at`: since when they belong to it."""

    user: User
    role: Role
    created_at: int


class Person(msgspec.Struct, frozen=True):
    """A user and all their workspaces, for an operator, who stands outside of them."""

    user: User
    memberships: tuple[Membership, ...]


def name_rule(name: str) -> str:
    name = name.strip()
    if not name:
        raise Invalid("blank", "must not be blank")
    if len(name) > MAX_NAME:
        raise Invalid("too_long", f"must not be longer than {MAX_NAME} characters")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        raise Invalid("invalid_character", "must not contain control characters")
    return name


def password_rule(password: str, email: str) -> str:
    """Length is all that is asked for (NIST SP 800-63B §3.1.1.2), but the address is what is tried first."""
    if len(password) < MIN_PASSWORD:
        raise Invalid("too_short", f"must have at least {MIN_PASSWORD} characters")
    if len(password) > MAX_PASSWORD:
        raise Invalid("too_long", f"must not be longer than {MAX_PASSWORD} characters")
    if fold(password.strip()) == fold(email.strip()):
        raise Invalid("invalid_value", "must not be the email address")
    return password
