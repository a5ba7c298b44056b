"""`leadlight leads`: leads on a server, one by one and in lists."""

from typing import Annotated

import msgspec
import typer

from leadlight.cli.connection import DEFAULT_URL, Key, Url, end, talking
from leadlight.cli.lead_options import (
    CreatedAfter,
    CreatedBefore,
    FollowUpAfter,
    FollowUpAt,
    FollowUpBefore,
    FollowUpNote,
    FromSource,
    InStatus,
    MatchOn,
    Metadata,
    OnDuplicate,
    Phone,
    Search,
    Source,
    Status,
    UpdatedAfter,
    UpdatedBefore,
    WithEmail,
    WithMetadata,
    WithPhone,
    chosen,
    fields,
)
from leadlight.cli.listing import Limit, beginning, page_size, show_list
from leadlight.cli.options import AsJson
from leadlight.cli.tables import LEAD_COLUMNS, lead_fields, lead_row, print_json, printable, show
from leadlight.client import Lead
from leadlight.client.arguments import LeadFilter

commands = typer.Typer(no_args_is_help=True, help="Read and change leads on a server.")

LeadId = Annotated[str, typer.Argument(help="The lead's id, lead_…")]
Sort = Annotated[
    str | None,
    typer.Option("--sort", help="createdAt, updatedAt, name, email or followUpAt; with - before it descending."),
]


@commands.command()
def get(lead_id: LeadId, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """Show a lead."""
    with talking(url, key) as client:
        _print(client.leads.get(lead_id), as_json)


@commands.command("list")
def list_(
    status: Status = None,
    source: Source = None,
    search: Search = None,
    email: WithEmail = None,
    phone: WithPhone = None,
    created_after: CreatedAfter = None,
    created_before: CreatedBefore = None,
    updated_after: UpdatedAfter = None,
    updated_before: UpdatedBefore = None,
    follow_up_after: FollowUpAfter = None,
    follow_up_before: FollowUpBefore = None,
    metadata: WithMetadata = None,
    sort: Sort = None,
    limit: Limit = 20,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """List leads, newest first; every filter has to hold."""
    which = chosen(
        status=status,
        source=source,
        search=search,
        email=email,
        phone=phone,
        created_after=created_after,
        created_before=created_before,
        updated_after=updated_after,
        updated_before=updated_before,
        follow_up_after=follow_up_after,
        follow_up_before=follow_up_before,
        metadata=metadata,
    )
    _list(which, sort, limit, url, key, as_json=as_json)


@commands.command()
def search(
    text: Annotated[str, typer.Argument(help="Text in the name or the email, whatever its case.")],
    status: Status = None,
    sort: Sort = None,
    limit: Limit = 20,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Find leads by a part of their name or email."""
    _list(chosen(search=text, status=status), sort, limit, url, key, as_json=as_json)


@commands.command()
def create(
    name: Annotated[str, typer.Option("--name", help="The person's name.")],
    email: Annotated[str, typer.Option("--email", help="Email address.")],
    phone: Phone = None,
    source: FromSource = None,
    status: InStatus = None,
    follow_up_at: FollowUpAt = None,
    follow_up_note: FollowUpNote = None,
    metadata: Metadata = None,
    on_duplicate: OnDuplicate = None,
    match_on: MatchOn = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Store a lead."""
    given = fields(
        phone=phone,
        source=source,
        status=status,
        follow_up_at=follow_up_at,
        follow_up_note=follow_up_note,
        metadata=metadata,
    )
    with talking(url, key) as client:
        lead = client.leads.create(name, email, on_duplicate=on_duplicate, match_on=match_on, **given)  # type: ignore[misc]  # name and email are not among them
        _print(lead, as_json)


@commands.command()
def update(
    lead_id: LeadId,
    name: Annotated[str | None, typer.Option("--name", help="The person's name.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="Email address.")] = None,
    phone: Phone = None,
    source: FromSource = None,
    status: InStatus = None,
    follow_up_at: FollowUpAt = None,
    follow_up_note: FollowUpNote = None,
    metadata: Metadata = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Change a lead: only what is given changes."""
    given = fields(
        name=name,
        email=email,
        phone=phone,
        source=source,
        status=status,
        follow_up_at=follow_up_at,
        follow_up_note=follow_up_note,
        metadata=metadata,
    )
    if not given:
        end("nothing is to be changed: say what is, as in --status contacted; --help names all that can be")
    with talking(url, key) as client:
        _print(client.leads.update(lead_id, **given), as_json)


@commands.command()
def delete(
    lead_id: LeadId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Erase a lead for good; this can't be undone."""
    with talking(url, key) as client:
        if not yes:
            _ask(client.leads.get(lead_id))
        deleted = client.leads.delete(lead_id)
    if as_json:
        print_json(deleted)
    else:
        typer.echo(f"Erased {deleted.id}")


def _ask(lead: Lead) -> None:
    """Where nobody answers, the command ends."""
    typer.confirm(f"Erase {printable(lead.name)} <{printable(lead.email)}> for good?", abort=True, err=True)


def _list(which: LeadFilter, sort: str | None, limit: int, url: str, key: str, *, as_json: bool) -> None:
    with talking(url, key) as client:
        found = beginning(client.leads.list(sort=sort, page_size=page_size(limit), **which), limit)
    show_list(found, limit, columns=LEAD_COLUMNS, row=lead_row, as_json=as_json)


def _print(lead: Lead, as_json: bool) -> None:
    lead = msgspec.structs.replace(lead, etag=None)
    if as_json:
        print_json(lead)
        return
    if lead.merged_into is not None:
        typer.secho(f"This was merged into {lead.merged_into}.", err=True)
    show(lead_fields(lead))
