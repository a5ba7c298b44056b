"""`leadlight keys`: API keys."""

import re
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from leadlight.app import Services
from leadlight.cli.opened import fail, find_workspace, run
from leadlight.cli.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, option, print_json
from leadlight.clock import system_clock
from leadlight.errors import Invalid
from leadlight.principal import Scope
from leadlight.workspaces.key import IssuedKey
from leadlight.workspaces.schemas import MAX_GRACE_SECONDS, MAX_RATE_LIMIT, KeyView, name_rule
from leadlight.workspaces.service import KeySpec

commands = typer.Typer(no_args_is_help=True, help="Create, list, rotate and revoke API keys.")

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 100 * 365 * _SECONDS["d"]
_DURATION = re.compile(r"(\d{1,6})([smhdw])")

KeyId = Annotated[str, typer.Argument(help="The key's id, key_…")]


class Issued(msgspec.Struct, rename="camel"):
    """A new key as printed for programs."""

    id: str
    key: str
    workspace_id: str
    name: str
    scopes: list[Scope]
    rate_limit: int | None
    expires_at: str | None

    @classmethod
    def of(cls, issued: IssuedKey) -> "Issued":
        view = KeyView.of(issued.key)
        return cls(view.id, issued.secret, view.workspace_id, view.name, view.scopes, view.rate_limit, view.expires_at)


@commands.command()
def create(
    workspace: Annotated[str, option("--workspace", "The workspace: its id, or its name.")],
    name: Annotated[str, option("--name", "What to call the key.", variable="key_name")] = "API key",
    scope: Annotated[
        list[Scope] | None,
        option("--scope", "What it may do; can be repeated. leads:read and leads:write, if not said."),
    ] = None,
    rate_limit: Annotated[
        int | None,
        option(
            "--rate-limit",
            "Requests an hour; 0 for no limit. The server's own, if not said.",
            variable="key_rate_limit",
        ),
    ] = None,
    expires: Annotated[
        str | None,
        option("--expires", "When it ends: 90d, 12h, 4w … from now. Never, if not said.", variable="key_expires"),
    ] = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Create a key; it is shown this once."""
    if rate_limit is not None and not 0 <= rate_limit <= MAX_RATE_LIMIT:
        fail(f"--rate-limit has to be a number from 0 to {MAX_RATE_LIMIT}")
    try:
        spec = KeySpec(
            name_rule(name),
            tuple(dict.fromkeys(scope or (Scope.LEADS_READ, Scope.LEADS_WRITE))),
            rate_limit,
            None if expires is None else system_clock() + 1000 * _seconds(expires, "--expires"),
        )
    except Invalid as invalid:
        fail(f"--name {invalid.message}")

    async def work(services: Services) -> IssuedKey:
        return await services.workspaces.create_key(await find_workspace(services, workspace), spec)

    _print_issued(run(data, database_url, work), as_json)


@commands.command("list")
def list_(
    workspace: Annotated[str | None, option("--workspace", "Only the keys of this workspace.")] = None,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """List keys; the secrets are nowhere to be read."""

    async def work(services: Services) -> list[KeyView]:
        if workspace is not None:
            ids = [await find_workspace(services, workspace)]
        else:
            ids = [found.id for found in await services.workspaces.list_workspaces()]
        return [KeyView.of(key) for id_ in ids for key in await services.workspaces.list_all_keys(id_)]

    keys = run(data, database_url, work)
    if as_json:
        print_json(keys)
        return
    table = Table("id", "name", "workspace", "scopes", "limit", "last used", "state")
    for key in keys:
        limit = "default" if key.rate_limit is None else str(key.rate_limit or "none")
        table.add_row(
            key.id, key.name, key.workspace_id, " ".join(key.scopes), limit, key.last_used_at or "", _state(key)
        )
    Console().print(table)


@commands.command()
def rotate(
    key_id: KeyId,
    grace: Annotated[str, option("--grace", "How long the old key goes on working: 24h, 0s …")] = "24h",
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Issue a key like another, which goes on working for a time of grace."""
    grace_seconds = _seconds(grace, "--grace")
    if grace_seconds > MAX_GRACE_SECONDS:
        fail("--grace has to be 30d or less")

    async def work(services: Services) -> IssuedKey:
        workspace_id = await services.workspaces.workspace_of_key(key_id)
        return await services.workspaces.rotate_key(workspace_id, key_id, grace_seconds=grace_seconds)

    _print_issued(run(data, database_url, work), as_json)


@commands.command()
def revoke(key_id: KeyId, data: Data = DEFAULT_DATA, database_url: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """End a key, for good; running servers notice within a second."""

    async def work(services: Services) -> KeyView:
        workspace_id = await services.workspaces.workspace_of_key(key_id)
        return KeyView.of(await services.workspaces.revoke_key(workspace_id, key_id))

    key = run(data, database_url, work)
    if as_json:
        print_json({"id": key.id, "revokedAt": key.revoked_at})
    else:
        typer.echo(f"Revoked {key.id} ({key.name})")


def _print_issued(issued: IssuedKey, as_json: bool) -> None:
    if as_json:
        print_json(Issued.of(issued))
        return
    typer.echo(f"{issued.secret}\n\nThis is {issued.key.id} ({issued.key.name}). The key is not shown again.")


def _state(key: KeyView) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return f"until {key.expires_at}" if key.expires_at else "valid"


def _seconds(text: str, flag: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        fail(f"{flag} has to be a number and a unit: 90d, 12h, 30m, 4w")
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > _LONGEST:
        fail(f"{flag} has to be a hundred years or less")
    return seconds
