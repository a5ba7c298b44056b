"""`leadlight insights`: what the leads of some days have come to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from leadlight.cli.connection import DEFAULT_URL, Key, Url, talking
from leadlight.cli.options import AsJson
from leadlight.cli.tables import print_json, show, table

commands = typer.Typer(no_args_is_help=True, help="Funnel, arrivals, first contact, and what sources bring.")

From = Annotated[
    str | None, typer.Option("--from", help="The first day, as in 2026-01-15, of UTC; thirty days, if not said.")
]
To = Annotated[str | None, typer.Option("--to", help="The last day; today, if not said.")]
Sort = Annotated[str | None, typer.Option("--sort", help="-converted, -rate or -leads.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100, help="How many at the most.")]


@commands.command()
def funnel(first: From = None, last: To = None, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False) -> None:
    """How far leads have come, from stage to stage."""
    with talking(url, key) as client:
        found = client.insights.funnel(first, last)
    if as_json:
        print_json(found)
        return
    stages = [(each.status, each.leads, _percent(each.share), _percent(each.rate)) for each in found.stages]
    beside = [
        (name, each.leads, _percent(each.share), None)
        for name, each in (("lost", found.lost), ("follow_up", found.follow_up))
    ]
    table(("ever", "leads", "of all", "of the stage before"), [*stages, *beside])


@commands.command()
def arrivals(
    first: From = None,
    last: To = None,
    bucket: Annotated[str | None, typer.Option("--bucket", help="day, week or month.")] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=20, help="How many sources are told apart.")] = 6,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """How many leads were created over time, by source."""
    with talking(url, key) as client:
        found = client.insights.leads_over_time(first, last, bucket=bucket, top=top)
    if as_json:
        print_json(found)
        return
    names = [_source(each.source) for each in found.sources]
    series = [*(each.counts for each in found.sources), found.others.counts]
    rows = [
        (f"{each.first}", each.leads, *(counts[index] for counts in series)) for index, each in enumerate(found.buckets)
    ]
    table((f"{found.bucket} from", "leads", *names, "others"), rows)


@commands.command("first-contact")
def first_contact(
    first: From = None, last: To = None, url: Url = DEFAULT_URL, key: Key = "", as_json: AsJson = False
) -> None:
    """How long leads waited for their first contact."""
    with talking(url, key) as client:
        found = client.insights.first_contact(first, last)
    if as_json:
        print_json(found)
        return
    show(
        {
            "leads": found.leads,
            "contacted": found.contacted,
            "median": _duration(found.median_seconds),
            "90% within": _duration(found.p90_seconds),
        }
    )
    rows = [
        (_duration(each.from_seconds), _duration(each.to_seconds), each.leads, _percent(each.share))
        for each in found.distribution
    ]
    table(("waited from", "to", "leads", "share"), rows)


@commands.command()
def sources(
    first: From = None,
    last: To = None,
    sort: Sort = None,
    limit: Limit = 10,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """What each source has brought."""
    with talking(url, key) as client:
        found = client.insights.sources(first, last, sort=sort, limit=limit)
    rows = [(_source(each.source), each.leads, each.converted, _percent(each.rate)) for each in found]
    _show_yields("source", found, rows, as_json=as_json)


@commands.command()
def campaigns(
    first: From = None,
    last: To = None,
    sort: Sort = None,
    limit: Limit = 10,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """What each campaign has brought."""
    with talking(url, key) as client:
        found = client.insights.campaigns(first, last, sort=sort, limit=limit)
    rows = [(each.campaign, each.leads, each.converted, _percent(each.rate)) for each in found]
    _show_yields("campaign", found, rows, as_json=as_json)


def _show_yields(name: str, found: object, rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        table((name, "leads", "converted", "rate"), rows)


def _source(source: str | None) -> str:
    return "(none)" if source is None else source


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"


def _duration(seconds: int | None) -> str | None:
    """As in `2 days, 3:04:05`."""
    return None if seconds is None else str(timedelta(seconds=seconds))
