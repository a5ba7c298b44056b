"""The SQL of users, memberships, sessions and one-time links: who stands outside of workspaces, and enters them."""

from collections.abc import Sequence
from typing import Any, cast

from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.leads.lead import fold
from leadlight.people.link import LinkKind, StoredLink
from leadlight.people.role import Role
from leadlight.people.user import Account, Member, Membership, Person, User
from leadlight.store.database import Transaction, one_of

_USER = "users.id, users.email, users.name, users.created_at"
_HAS_USERS = "SELECT 1 FROM users LIMIT 1"
_FIND_ACCOUNT = f"SELECT {_USER}, password_hash FROM users WHERE email_key = :email_key"
_FIND_ACCOUNT_OF = f"SELECT {_USER}, password_hash FROM users WHERE id = :user_id"
_LIST_USERS = f"SELECT {_USER} FROM users ORDER BY created_at, id"
_INSERT_USER = """
INSERT INTO users (id, email, email_key, name, password_hash, created_at, updated_at)
VALUES (:id, :email, :email_key, :name, :password_hash, :created_at, :created_at)
"""
_SET_PASSWORD = "UPDATE users SET password_hash = :password_hash, updated_at = :now WHERE id = :user_id"  # noqa: S105

_FIND_WORKSPACE_NAME = "SELECT name FROM workspaces WHERE id = :workspace_id"
_MEMBERSHIPS = """
SELECT user_id, workspace_id, workspaces.name, role, on_duplicate, match_on
FROM memberships JOIN workspaces ON workspaces.id = memberships.workspace_id
WHERE left_at IS NULL
"""
_LIST_MEMBERSHIPS = f"{_MEMBERSHIPS} AND user_id = :user_id ORDER BY workspaces.number"
_LIST_ALL_MEMBERSHIPS = f"{_MEMBERSHIPS} ORDER BY workspaces.number, user_id"
_LIST_MEMBERS = f"""
SELECT {_USER}, role, memberships.created_at
FROM memberships JOIN users ON users.id = memberships.user_id
WHERE workspace_id = :workspace_id AND left_at IS NULL ORDER BY memberships.created_at, users.id
"""
_NAMES = """
SELECT users.id, users.name FROM memberships JOIN users ON users.id = memberships.user_id
WHERE workspace_id = :workspace_id AND user_id
"""
_OF_ONE = "WHERE workspace_id = :workspace_id AND user_id = :user_id AND left_at IS NULL"
_FIND_ROLE = f"SELECT role FROM memberships {_OF_ONE}"
_SET_ROLE = f"UPDATE memberships SET role = :role {_OF_ONE}"
_END_MEMBERSHIP = f"UPDATE memberships SET left_at = :now {_OF_ONE}"
_OWNERS = """
SELECT user_id FROM memberships
WHERE workspace_id = :workspace_id AND role = 'owner' AND left_at IS NULL ORDER BY user_id
"""
_PUT_MEMBERSHIP = """
INSERT INTO memberships (user_id, workspace_id, role, created_at) VALUES (:user_id, :workspace_id, :role, :now)
ON CONFLICT (user_id, workspace_id) DO UPDATE
SET role = excluded.role, created_at = excluded.created_at, left_at = NULL
"""

_FIND_SESSION = f"""
SELECT {_USER}, seen_at FROM sessions JOIN users ON users.id = sessions.user_id
WHERE token_hash = :token_hash AND expires_at > :now
"""
_INSERT_SESSION = """
INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at)
VALUES (:token_hash, :user_id, :now, :now, :expires_at)
"""
_PROLONG_SESSION = "UPDATE sessions SET seen_at = :now, expires_at = :expires_at WHERE token_hash = :token_hash"
_DELETE_SESSION = "DELETE FROM sessions WHERE token_hash = :token_hash"
_DELETE_SESSIONS = "DELETE FROM sessions WHERE user_id = :user_id"

_LINK_FIELDS = StoredLink.__struct_fields__
_FIND_LINK = (
    f"SELECT {', '.join(_LINK_FIELDS)} FROM one_time_links WHERE token_hash = :token_hash AND expires_at > :now"
)
_INSERT_LINK = """
INSERT INTO one_time_links (token_hash, kind, workspace_id, user_id, email, email_key, role, created_at, expires_at)
VALUES (:token_hash, :kind, :workspace_id, :user_id, :email, :email_key, :role, :created_at, :expires_at)
"""
_CONSUME_LINK = "DELETE FROM one_time_links WHERE token_hash = :token_hash AND expires_at > :now"
_DELETE_INVITATIONS = "DELETE FROM one_time_links WHERE workspace_id = :workspace_id AND email_key = :email_key"
_DELETE_RESETS = "DELETE FROM one_time_links WHERE user_id = :user_id"

_HAS_ENDED = """
SELECT 1 FROM sessions WHERE expires_at <= :now UNION ALL SELECT 1 FROM one_time_links WHERE expires_at <= :now LIMIT 1
"""
_CLEAN = (
    "DELETE FROM sessions WHERE expires_at <= :now",
    "DELETE FROM one_time_links WHERE expires_at <= :now",
)


# Users


async def has_users(tx: Transaction) -> bool:
    return await tx.row(_HAS_USERS) is not None


async def find_account(tx: Transaction, email: str) -> Account | None:
    """By an address, whatever its case."""
    row = await tx.row(_FIND_ACCOUNT, email_key=fold(email))
    return _account(*row) if row else None


async def find_account_of(tx: Transaction, user_id: str) -> Account | None:
    row = await tx.row(_FIND_ACCOUNT_OF, user_id=user_id)
    return _account(*row) if row else None


async def hold_account_of(tx: Transaction, user_id: str) -> Account | None:
    """The same for a unit that writes; its row stays as it is until the transaction ends."""
    row = await tx.row(_FIND_ACCOUNT_OF + tx.for_update, user_id=user_id)
    return _account(*row) if row else None


async def insert_user(tx: Transaction, account: Account) -> None:
    """Of two that are made at once with the same address, the schema refuses one, which is then tried again."""
    user = account.user
    await tx.execute(
        _INSERT_USER,
        id=user.id,
        email=user.email,
        email_key=fold(user.email),
        name=user.name,
        password_hash=account.password_hash,
        created_at=user.created_at,
    )


async def set_password(tx: Transaction, user_id: str, password_hash: str, now: int) -> None:
    await tx.execute(_SET_PASSWORD, user_id=user_id, password_hash=password_hash, now=now)


async def list_people(tx: Transaction) -> list[Person]:
    """All users, by age."""
    memberships: dict[str, list[Membership]] = {}
    for user_id, *rest in await tx.rows(_LIST_ALL_MEMBERSHIPS):
        memberships.setdefault(cast("str", user_id), []).append(_membership(*rest))
    users = [_user(*row) for row in await tx.rows(_LIST_USERS)]
    return [Person(user, tuple(memberships.get(user.id, ()))) for user in users]


# Memberships


async def find_workspace_name(tx: Transaction, workspace_id: str) -> str | None:
    row = await tx.row(_FIND_WORKSPACE_NAME, workspace_id=workspace_id)
    return cast("str", row[0]) if row else None


async def list_memberships(tx: Transaction, user_id: str) -> tuple[Membership, ...]:
    return tuple(_membership(*row[1:]) for row in await tx.rows(_LIST_MEMBERSHIPS, user_id=user_id))


async def list_members(tx: Transaction, workspace_id: str) -> list[Member]:
    rows = await tx.rows(_LIST_MEMBERS, workspace_id=workspace_id)
    return [_member(*row) for row in rows]


async def list_names(tx: Transaction, workspace_id: str, user_ids: Sequence[str]) -> dict[str, str]:
    """Of those who belong to a workspace, or did."""
    among, parameters = one_of(user_ids)
    rows = await tx.rows(f"{_NAMES} {among}", workspace_id=workspace_id, **parameters)
    return cast("dict[str, str]", dict(cast("list[tuple[str, str]]", rows)))


async def find_role(tx: Transaction, workspace_id: str, user_id: str) -> Role | None:
    row = await tx.row(_FIND_ROLE, workspace_id=workspace_id, user_id=user_id)
    return Role(cast("str", row[0])) if row else None


async def hold_owners(tx: Transaction, workspace_id: str) -> list[str]:
    """The ids of a workspace's owners, who stay owners until the transaction ends."""
    rows = await tx.rows(_OWNERS + tx.for_update, workspace_id=workspace_id)
    return [cast("str", row[0]) for row in rows]


async def put_membership(tx: Transaction, workspace_id: str, user_id: str, role: Role, now: int) -> None:
    """Lets a user in, also one who had left."""
    await tx.execute(_PUT_MEMBERSHIP, workspace_id=workspace_id, user_id=user_id, role=role.value, now=now)


async def set_role(tx: Transaction, workspace_id: str, user_id: str, role: Role) -> None:
    await tx.execute(_SET_ROLE, workspace_id=workspace_id, user_id=user_id, role=role.value)


async def end_membership(tx: Transaction, workspace_id: str, user_id: str, now: int) -> None:
    await tx.execute(_END_MEMBERSHIP, workspace_id=workspace_id, user_id=user_id, now=now)


# Sessions


async def find_session(tx: Transaction, token_hash: str, now: int) -> tuple[User, int] | None:
    """Whose a session is that has not ended, and when it was last seen."""
    row = await tx.row(_FIND_SESSION, token_hash=token_hash, now=now)
    return (_user(*row[:-1]), cast("int", row[-1])) if row else None


async def insert_session(tx: Transaction, token_hash: str, user_id: str, *, now: int, expires_at: int) -> None:
    await tx.execute(_INSERT_SESSION, token_hash=token_hash, user_id=user_id, now=now, expires_at=expires_at)


async def prolong_session(tx: Transaction, token_hash: str, now: int, expires_at: int) -> None:
    await tx.execute(_PROLONG_SESSION, token_hash=token_hash, now=now, expires_at=expires_at)


async def delete_session(tx: Transaction, token_hash: str) -> None:
    await tx.execute(_DELETE_SESSION, token_hash=token_hash)


async def delete_sessions(tx: Transaction, user_id: str) -> None:
    """All of a user."""
    await tx.execute(_DELETE_SESSIONS, user_id=user_id)


# One-time links


async def find_link(tx: Transaction, token_hash: str, now: int) -> StoredLink | None:
    """One that can still be used."""
    row = await tx.row(_FIND_LINK, token_hash=token_hash, now=now)
    return _link(*row) if row else None


async def insert_link(tx: Transaction, link: StoredLink) -> None:
    email_key = None if link.email is None else fold(link.email)
    fields = {name: getattr(link, name) for name in _LINK_FIELDS}
    role = None if link.role is None else link.role.value
    await tx.execute(_INSERT_LINK, **{**fields, "kind": link.kind.value, "role": role, "email_key": email_key})


async def consume_link(tx: Transaction, token_hash: str, now: int) -> bool:
    """Whether it could be used: of two at once, one is told yes."""
    return await tx.execute(_CONSUME_LINK, token_hash=token_hash, now=now) == 1


async def delete_invitations(tx: Transaction, workspace_id: str, email: str) -> None:
    await tx.execute(_DELETE_INVITATIONS, workspace_id=workspace_id, email_key=fold(email))


async def delete_resets(tx: Transaction, user_id: str) -> None:
    await tx.execute(_DELETE_RESETS, user_id=user_id)


# Housekeeping


async def has_ended(tx: Transaction, now: int) -> bool:
    """Whether there is a session or a link whose time is over."""
    return await tx.row(_HAS_ENDED, now=now) is not None


async def delete_ended(tx: Transaction, now: int) -> None:
    for sql in _CLEAN:
        await tx.execute(sql, now=now)


def _user(*row: Any) -> User:
    return User(*row)


def _account(*row: Any) -> Account:
    return Account(_user(*row[:-1]), row[-1])


def _membership(*row: Any) -> Membership:
    workspace_id, workspace_name, role, on_duplicate, match_on = row
    return Membership(workspace_id, workspace_name, Role(role), DuplicateRule(OnDuplicate(on_duplicate), match_on))


def _member(*row: Any) -> Member:
    *user, role, created_at = row
    return Member(_user(*user), Role(role), created_at)


def _link(*row: Any) -> StoredLink:
    token_hash, kind, workspace_id, user_id, email, role, *times = row
    role = None if role is None else Role(role)
    return StoredLink(token_hash, LinkKind(kind), workspace_id, user_id, email, role, *times)
