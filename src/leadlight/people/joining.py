"""How people come in, inside a transaction: what a one-time link does when it is used, and joining a workspace."""

from leadlight.errors import Conflict, InvalidInput, NotFound, Problem
from leadlight.people import queries
from leadlight.people.link import LinkKind, StoredLink
from leadlight.people.role import Role
from leadlight.people.user import Account, User
from leadlight.store.database import Transaction


async def create_account(tx: Transaction, account: Account) -> None:
    """Raises Conflict where somebody has this address already."""
    if await queries.find_account(tx, account.user.email) is not None:
        raise Conflict("There is an account with this email address already; invite it to the workspace")
    await queries.insert_user(tx, account)


async def join(tx: Transaction, workspace_id: str, user: User, role: Role, now: int) -> None:
    """Lets a user in, and ends what invitations are left: one who is removed later must not come back by them."""
    await queries.put_membership(tx, workspace_id, user.id, role, now)
    await queries.delete_invitations(tx, workspace_id, user.email)


async def use_link(tx: Transaction, link: StoredLink, account: Account, now: int) -> None:
    """Does what a link is for; of two uses at once, one is too late. Raises NotFound, InvalidInput.

    `account`: with the hash of a new password; or, of one that is there, the hash that its password was verified by.
    """
    if not await queries.consume_link(tx, link.token_hash, now):
        raise no_such_link()
    if link.kind is LinkKind.RESET:
        if link.workspace_id is not None:  # made by an owner there: they may have joined another one since
            await demand_only_in(tx, link.workspace_id, account.user.id)
        await change_password(tx, account, now)
        return
    known = await queries.find_account(tx, account.user.email)
    if known is None:
        await queries.insert_user(tx, account)
    else:  # also one that was made since it was looked for: nobody has shown its password
        await hold_verified(tx, account, "password")
    await _join_by(tx, link, account.user, now)


async def demand_only_in(tx: Transaction, workspace_id: str, user_id: str) -> None:
    """Raises NotFound for a user who does not belong to a workspace, Conflict for one who belongs to others too."""
    belongs_to = {membership.workspace_id for membership in await queries.list_memberships(tx, user_id)}
    if workspace_id not in belongs_to:
        raise NotFound("No user with this ID in your workspace", userId=user_id)
    if len(belongs_to) > 1:
        raise Conflict(
            "They belong to another workspace, too, which a link of yours must not open: an operator makes one, with "
            "`leadlight users reset-password`",
            userId=user_id,
        )


async def change_password(tx: Transaction, account: Account, now: int) -> None:
    """Gives a user another password; whoever was signed in by the old one is so no more."""
    await queries.set_password(tx, account.user.id, account.password_hash, now)
    await queries.delete_sessions(tx, account.user.id)
    await queries.delete_resets(tx, account.user.id)


async def hold_verified(tx: Transaction, account: Account, field: str) -> None:
    """Raises InvalidInput where the password was changed after it was verified."""
    current = await queries.hold_account_of(tx, account.user.id)
    if current is None or current.password_hash != account.password_hash:
        raise wrong_password(field)


def no_such_link() -> NotFound:
    return NotFound("This link is not valid: it was used already, or its time is over. Ask for a new one")


def wrong_password(field: str) -> InvalidInput:
    return InvalidInput(
        [Problem(field, "is not the password of the account with this email address", "wrong_password")]
    )


async def _join_by(tx: Transaction, link: StoredLink, user: User, now: int) -> None:
    """An invitation changes nothing for one who is a member by now; an owner's link makes an owner of them too."""
    assert link.workspace_id is not None  # noqa: S101  (a reset alone has none)
    assert link.role is not None  # noqa: S101  (nor a role)
    current = await queries.find_role(tx, link.workspace_id, user.id)
    if current is not None and link.kind is LinkKind.OWNER:
        await queries.set_role(tx, link.workspace_id, user.id, link.role)
    elif current is None:
        await join(tx, link.workspace_id, user, link.role, now)
