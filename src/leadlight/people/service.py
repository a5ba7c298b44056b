"""Use cases of people: they are let in, sign in and out, and belong to workspaces.

A password is hashed and verified before a transaction begins, and what it was verified by is compared again inside.
"""

from collections.abc import Callable
from contextlib import suppress

import msgspec

from leadlight.clock import DAY, HOUR, Clock
from leadlight.errors import Conflict, Invalid, InvalidInput, NotFound, Problem, StoreUnavailable
from leadlight.ids import USER, NewId
from leadlight.leads.lead import email_rule
from leadlight.people import joining, queries
from leadlight.people.link import LIFETIMES, Link, LinkKind, OneTimeLink, StoredLink
from leadlight.people.passwords import Passwords
from leadlight.people.role import SCOPES, Role
from leadlight.people.tokens import csrf_token, hash_token, new_token
from leadlight.people.user import Account, Member, Membership, Person, User, name_rule, password_rule
from leadlight.principal import Actor, Principal
from leadlight.store.database import Database, Transaction

SESSION_MILLISECONDS = 30 * DAY
"""How long one lasts from when it was last seen."""

_SEEN_EVERY = HOUR


class Session(msgspec.Struct, frozen=True):
    """A user who is signed in. `csrf`: what the forms of this session carry."""

    user: User
    memberships: tuple[Membership, ...]
    csrf: str

    def membership(self, workspace_id: str) -> Membership | None:
        return next((each for each in self.memberships if each.workspace_id == workspace_id), None)

    def principal(self, workspace_id: str) -> Principal | None:
        """The caller that they are in a workspace; None where they do not belong to it."""
        membership = self.membership(workspace_id)
        if membership is None:
            return None
        return Principal(Actor.of(self.user.id), workspace_id, SCOPES[membership.role], 0, None, membership.duplicates)


class PeopleService:
    def __init__(self, database: Database, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._passwords = Passwords()

    # Sessions

    async def sign_in(self, email: str, password: str) -> str | None:
        """The token of a new session, or None where either is wrong: which of them, takes no shorter to find out."""
        account = await self._find_account(email)
        if not await self._passwords.verify(password, account.password_hash if account else None) or account is None:
            return None
        outdated = self._passwords.is_outdated(account.password_hash)
        new_hash = await self._passwords.hash(password) if outdated else None
        token = new_token()
        signed_in = await self._database.write(self._sign_in, account, new_hash, hash_token(token))
        return token if signed_in else None

    async def find_session(self, token: str) -> Session | None:
        """Who holds a token, or None when no session that goes on has it.

        It is prolonged by this, with a write once an hour at most; one that can't be prolonged right now goes on.
        """
        token_hash, now = hash_token(token), self._clock()
        found = await self._database.read(queries.find_session, token_hash, now)
        if found is None:
            return None
        user, seen_at = found
        if now - seen_at >= _SEEN_EVERY:
            with suppress(StoreUnavailable):
                await self._database.write(queries.prolong_session, token_hash, now, now + SESSION_MILLISECONDS)
        memberships = await self._database.read(queries.list_memberships, user.id)
        return Session(user, memberships, csrf_token(token))

    async def sign_out(self, token: str) -> None:
        """Ends a session; to end it again changes nothing."""
        await self._database.write(queries.delete_session, hash_token(token))

    async def sign_out_everywhere(self, user_id: str) -> None:
        """Ends all sessions of a user, this one too."""
        await self._database.write(queries.delete_sessions, user_id)

    async def change_password(self, user_id: str, old: str, new: str) -> str:
        """Ends all sessions of a user, and answers with the token of a new one. Raises NotFound, InvalidInput."""
        account = await self._database.read(queries.find_account_of, user_id)
        if account is None:
            raise _no_such_user()
        checks = _Checks()
        checks.that("new", password_rule, new, account.user.email)
        if not await self._passwords.verify(old, account.password_hash):
            checks.problems += joining.wrong_password("old").problems
        checks.raise_any()
        new_hash, token = await self._passwords.hash(new), new_token()
        await self._database.write(self._change_password, account, new_hash, hash_token(token))
        return token

    # One-time links

    async def make_owner_link(self, workspace_id: str) -> OneTimeLink:
        """For the first owner of a workspace, whoever opens it. Raises NotFound."""
        return await self._make_link(LinkKind.OWNER, workspace_id=workspace_id, role=Role.OWNER)

    async def invite(self, workspace_id: str, email: str, role: Role) -> OneTimeLink:
        """In place of earlier invitations of the same. Raises NotFound, InvalidInput, or Conflict for a member."""
        checks = _Checks()
        email = checks.that("email", email_rule, email)
        checks.raise_any()
        return await self._make_link(LinkKind.INVITATION, workspace_id=workspace_id, email=email, role=role)

    async def reset_member(self, workspace_id: str, user_id: str) -> OneTimeLink:
        """A link for a member's new password, in place of earlier ones, as long as they belong to no other workspace.

        For whoever holds it is let in wherever they belong. Raises NotFound, Conflict.
        """
        return await self._make_link(LinkKind.RESET, workspace_id=workspace_id, user_id=user_id)

    async def reset_link(self, email: str) -> OneTimeLink:
        """For an operator; in place of earlier ones. Raises NotFound when nobody has this address."""
        account = await self._find_account(email)
        if account is None:
            raise NotFound("Nobody has an account with this email address")
        return await self._make_link(LinkKind.RESET, user_id=account.user.id)

    async def find_link(self, token: str) -> Link | None:
        """What a link is for; None for one that is unknown, was used, or whose time is over."""
        return await self._database.read(self._show_link, hash_token(token))

    async def use_link(self, token: str, *, email: str, name: str, password: str) -> str:
        """Lets its holder in, once, and answers with the token of a session.

        `email` counts for an owner's link alone, and `name` for a new user. Who has an account already, joins with its
        password. Raises NotFound, InvalidInput.
        """
        link = await self._database.read(queries.find_link, hash_token(token), self._clock())
        if link is None:
            raise joining.no_such_link()
        account = await self._account_for(link, email if link.email is None else link.email, name, password)
        session_token = new_token()
        await self._database.write(self._use_link, link, account, hash_token(session_token))
        return session_token

    # Members

    async def create_user(self, workspace_id: str, email: str, name: str, password: str, role: Role) -> User:
        """Raises NotFound, InvalidInput, or Conflict when the address has an account already."""
        account = await self._new_account(email, name, password)
        await self._database.write(self._create_user, workspace_id, account, role)
        return account.user

    async def list_members(self, workspace_id: str) -> list[Member]:
        """By the time at which they joined."""
        return await self._database.scan(queries.list_members, workspace_id)

    async def set_role(self, workspace_id: str, user_id: str, role: Role) -> None:
        """Holds from the next request on. Raises NotFound, or Conflict for the last owner."""
        await self._database.write(self._change_member, workspace_id, user_id, role)

    async def remove_member(self, workspace_id: str, user_id: str) -> None:
        """Shuts a user out from the next request on; their name stays known. Raises NotFound, Conflict."""
        await self._database.write(self._change_member, workspace_id, user_id, None)

    async def names(self, workspace_id: str, user_ids: list[str]) -> dict[str, str]:
        """The names of users who belong to a workspace or did, by their ids."""
        return await self._database.read(queries.list_names, workspace_id, user_ids) if user_ids else {}

    # For the operator, who stands outside of all workspaces

    async def has_users(self) -> bool:
        return await self._database.read(queries.has_users)

    async def list_all(self) -> list[Person]:
        """All users with their workspaces, by age."""
        return await self._database.scan(queries.list_people)

    async def clean(self) -> None:
        """Removes sessions and links whose time is over."""
        now = self._clock()
        if await self._database.scan(queries.has_ended, now):
            await self._database.write(queries.delete_ended, now)

    # Before a transaction

    async def _find_account(self, email: str) -> Account | None:
        try:
            return await self._database.read(queries.find_account, email_rule(email))
        except Invalid:
            return None

    async def _new_account(self, email: str, name: str, password: str) -> Account:
        checks = _Checks()
        email, name = checks.that("email", email_rule, email), checks.that("name", name_rule, name)
        checks.that("password", password_rule, password, email)
        checks.raise_any()
        user = User(self._new_id(USER), email, name, self._clock())
        return Account(user, await self._passwords.hash(password))

    async def _account_for(self, link: StoredLink, email: str, name: str, password: str) -> Account:
        """The account that uses a link; one that is not there yet has a new id."""
        if link.user_id is not None:
            account = await self._database.read(queries.find_account_of, link.user_id)
            if account is None:
                raise joining.no_such_link()
            checks = _Checks()
            checks.that("password", password_rule, password, account.user.email)
            checks.raise_any()
            return Account(account.user, await self._passwords.hash(password))
        known = await self._find_account(email)
        if known is None:
            return await self._new_account(email, name, password)
        if not await self._passwords.verify(password, known.password_hash):
            raise joining.wrong_password("password")
        return known

    async def _make_link(
        self,
        kind: LinkKind,
        *,
        workspace_id: str | None = None,
        user_id: str | None = None,
        email: str | None = None,
        role: Role | None = None,
    ) -> OneTimeLink:
        token, now = new_token(), self._clock()
        expires_at = now + LIFETIMES[kind]
        link = StoredLink(hash_token(token), kind, workspace_id, user_id, email, role, now, expires_at)
        await self._database.write(self._store_link, link)
        return OneTimeLink(token, expires_at)

    # Units of work

    async def _sign_in(self, tx: Transaction, account: Account, new_hash: str | None, token_hash: str) -> bool:
        """False where the password was changed after it was verified."""
        current = await queries.hold_account_of(tx, account.user.id)
        if current is None or current.password_hash != account.password_hash:
            return False
        now = self._clock()
        if new_hash is not None:
            await queries.set_password(tx, account.user.id, new_hash, now)
        await self._open_session(tx, account.user.id, token_hash, now)
        return True

    async def _open_session(self, tx: Transaction, user_id: str, token_hash: str, now: int) -> None:
        await queries.insert_session(tx, token_hash, user_id, now=now, expires_at=now + SESSION_MILLISECONDS)

    async def _change_password(self, tx: Transaction, account: Account, new_hash: str, token_hash: str) -> None:
        now = self._clock()
        await joining.hold_verified(tx, account, "old")
        await joining.change_password(tx, Account(account.user, new_hash), now)
        await self._open_session(tx, account.user.id, token_hash, now)

    async def _store_link(self, tx: Transaction, link: StoredLink) -> None:
        if link.workspace_id is not None:
            await _demand_workspace(tx, link.workspace_id)
        if link.workspace_id is not None and link.email is not None:
            known = await queries.find_account(tx, link.email)
            if known is not None and await queries.find_role(tx, link.workspace_id, known.user.id) is not None:
                raise Conflict("Whoever has this email address is a member already", userId=known.user.id)
            await queries.delete_invitations(tx, link.workspace_id, link.email)
        if link.user_id is not None:
            if link.workspace_id is not None:
                await joining.demand_only_in(tx, link.workspace_id, link.user_id)
            await queries.delete_resets(tx, link.user_id)
        await queries.insert_link(tx, link)

    async def _show_link(self, tx: Transaction, token_hash: str) -> Link | None:
        link = await queries.find_link(tx, token_hash, self._clock())
        if link is None:
            return None
        if link.user_id is not None:
            account = await queries.find_account_of(tx, link.user_id)
            return Link(link.kind, None, account.user.email if account else None, None, is_new_user=False)
        workspace_name = await queries.find_workspace_name(tx, link.workspace_id or "")
        is_new_user = link.email is None or await queries.find_account(tx, link.email) is None
        return Link(link.kind, workspace_name, link.email, link.role, is_new_user)

    async def _use_link(self, tx: Transaction, link: StoredLink, account: Account, token_hash: str) -> None:
        now = self._clock()
        await joining.use_link(tx, link, account, now)
        await self._open_session(tx, account.user.id, token_hash, now)

    async def _create_user(self, tx: Transaction, workspace_id: str, account: Account, role: Role) -> None:
        await _demand_workspace(tx, workspace_id)
        await joining.create_account(tx, account)
        await joining.join(tx, workspace_id, account.user, role, self._clock())

    async def _change_member(self, tx: Transaction, workspace_id: str, user_id: str, role: Role | None) -> None:
        """None removes. It begins with the owners, so that of the last two not both are gone at once."""
        owners = await queries.hold_owners(tx, workspace_id)
        if await queries.find_role(tx, workspace_id, user_id) is None:
            raise NotFound("No user with this ID in your workspace", userId=user_id)
        if owners == [user_id] and role is not Role.OWNER:
            raise Conflict("This is the last owner; make another member an owner first", userId=user_id)
        if role is None:
            await queries.end_membership(tx, workspace_id, user_id, self._clock())
        else:
            await queries.set_role(tx, workspace_id, user_id, role)


class _Checks:
    """What is wrong with an input, field by field, until all of it is told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def that(self, field: str, rule: Callable[..., str], *values: str) -> str:
        """The value as the rule gives it; as it was, where it breaks the rule."""
        try:
            return rule(*values)
        except Invalid as invalid:
            self.problems.append(invalid.of(field))
            return values[0]

    def raise_any(self) -> None:
        if self.problems:
            raise InvalidInput(self.problems)


async def _demand_workspace(tx: Transaction, workspace_id: str) -> None:
    if await queries.find_workspace_name(tx, workspace_id) is None:
        raise NotFound(f"There is no workspace {workspace_id}")


def _no_such_user() -> NotFound:
    return NotFound("There is no user with this ID")
