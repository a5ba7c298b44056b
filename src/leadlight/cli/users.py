"""`leadlight users`: people with an account, and the links by which they get one."""

import sys
from typing import Annotated

import msgspec
import typer

from leadlight.app import Services
from leadlight.cli.connection import DEFAULT_URL
from leadlight.cli.opened import demand_url, fail, find_workspace, only_workspace, run
from leadlight.cli.options import DEFAULT_DATA, AsJson, BaseUrl, Data, DatabaseUrl, option, print_json
from leadlight.cli.tables import printable, table
from leadlight.clock import to_iso
from leadlight.people.link import OneTimeLink
from leadlight.people.role import Role
from leadlight.people.user import Membership, Person, User

commands = typer.Typer(no_args_is_help=True, help="Create, invite and list users, and let them set a new password.")

Email = Annotated[str, typer.Argument(help="The user's email address.")]
InWorkspace = Annotated[
    str | None, option("--workspace", "The workspace: its id, or its name. The only one there is, if not said.")
]
AsRole = Annotated[Role, option("--role", "What they may do: everything, read and change leads, or read them.")]


class Created(msgspec.Struct, rename="camel"):
    """A new user as printed for programs."""

    id: str
    email: str
    name: str
    workspace_id: str
    role: Role


class Sent(msgspec.Struct, rename="camel"):
    """A new link as printed for programs."""

    link: str
    expires_at: str

    @classmethod
    def of(cls, link: OneTimeLink, base_url: str) -> "Sent":
        return cls(f"{base_url.rstrip('/')}/welcome/{link.token}", to_iso(link.expires_at))


class Belongs(msgspec.Struct, rename="camel"):
    id: str
    name: str
    role: Role

    @classmethod
    def of(cls, membership: Membership) -> "Belongs":
        return cls(membership.workspace_id, membership.workspace_name, membership.role)


class Listed(msgspec.Struct, rename="camel"):
    """A user as an operator sees them, who stands outside of all workspaces."""

    id: str
    email: str
    name: str
    created_at: str
    workspaces: list[Belongs]

    @classmethod
    def of(cls, person: Person) -> "Listed":
        user = person.user
        workspaces = [Belongs.of(membership) for membership in person.memberships]
        return cls(user.id, user.email, user.name, to_iso(user.created_at), workspaces)


@commands.command()
def create(
    email: Email,
    name: Annotated[str, option("--name", "What to call them.", variable="user_name")],
    workspace: InWorkspace = None,
    role: AsRole = Role.MEMBER,
    password_stdin: Annotated[
        bool, option("--password-stdin", "Read the password as one line from standard input.")
    ] = False,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Create a user; asks for their password."""
    password = _read_password() if password_stdin else _ask_password()

    async def work(services: Services) -> tuple[User, str]:
        workspace_id = await _workspace(services, workspace)
        return await services.people.create_user(workspace_id, email, name, password, role), workspace_id

    user, workspace_id = run(data, database_url, work)
    if as_json:
        print_json(Created(user.id, user.email, user.name, workspace_id, role))
    else:
        typer.echo(f"Created user {user.id} ({printable(user.email)}), {role.value} of {workspace_id}")


@commands.command()
def invite(
    email: Email,
    workspace: InWorkspace = None,
    role: AsRole = Role.MEMBER,
    base_url: BaseUrl = DEFAULT_URL,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Print a link by which somebody joins a workspace; it works once, for 7 days."""
    demand_url(base_url)

    async def work(services: Services) -> OneTimeLink:
        return await services.people.invite(await _workspace(services, workspace), email, role)

    _print_link(Sent.of(run(data, database_url, work), base_url), as_json)


@commands.command("reset-password")
def reset_password(
    email: Email,
    base_url: BaseUrl = DEFAULT_URL,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Print a link by which a user sets a new password; it works once, for 24 hours."""
    demand_url(base_url)

    async def work(services: Services) -> OneTimeLink:
        return await services.people.reset_link(email)

    _print_link(Sent.of(run(data, database_url, work), base_url), as_json)


@commands.command("list")
def list_(
    workspace: Annotated[str | None, option("--workspace", "Only the users of this workspace.")] = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """List users, and what they are in which workspace."""

    async def work(services: Services) -> list[Listed]:
        everybody = [Listed.of(person) for person in await services.people.list_all()]
        if workspace is None:
            return everybody
        wanted = await find_workspace(services, workspace)
        return [user for user in everybody if wanted in [belongs.id for belongs in user.workspaces]]

    users = run(data, database_url, work)
    if as_json:
        print_json(users)
        return
    rows = [
        (user.id, user.email, user.name, ", ".join(f"{each.role.value} of {each.name}" for each in user.workspaces))
        for user in users
    ]
    table(("id", "email", "name", "workspaces"), rows)


async def _workspace(services: Services, wanted: str | None) -> str:
    return await only_workspace(services) if wanted is None else await find_workspace(services, wanted)


def _ask_password() -> str:
    if not sys.stdin.isatty():
        fail("nobody is there to be asked for the password: send it as one line, with --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="The same again"))


def _read_password() -> str:
    return sys.stdin.readline().removesuffix("\n").removesuffix("\r")


def _print_link(sent: Sent, as_json: bool) -> None:
    if as_json:
        print_json(sent)
        return
    typer.echo(f"{sent.link}\n\nIt works once, until {sent.expires_at}. It is not shown again.")
