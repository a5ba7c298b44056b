"""`leadlight webhooks`: a receiver under development, fed with what happens on a server."""

import math
from contextlib import aclosing
from functools import partial
from typing import Annotated

import msgspec
import typer
from msgspec import Meta

from leadlight.cli.connection import DEFAULT_URL, Key, Url, end, talking_on_loop
from leadlight.cli.options import option
from leadlight.client import Connection
from leadlight.clock import SECOND, system_clock, to_iso
from leadlight.errors import Invalid
from leadlight.events.event import EventType
from leadlight.server import run, until_told_to_end
from leadlight.settings import Settings
from leadlight.webhooks.address import check_url
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.sender import Sender
from leadlight.webhooks.signing import PREFIX, new_secret, sign
from leadlight.webhooks.webhook import TEST_TYPE, subscriptions_rule, wanted_types

commands = typer.Typer(no_args_is_help=True, help="Develop a receiver of webhooks.")

_LONGEST_TYPE = max(map(len, EventType))
_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._]{1,100}\Z")]  # goes into a header, and onto a terminal


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    """What has to be known of an event to send it on."""

    id: _Word
    type: _Word
    lead_id: _Word


@commands.command()
def listen(
    forward: Annotated[str, option("--forward", "URL to send events to; a local one too.")],
    events: Annotated[str, option("--events", "Which events, by comma: types, areas (`lead.*`), or all (`*`).")] = "*",
    secret: Annotated[
        str | None,
        option("--secret", "What to sign with, whsec_…; a new one, if not said.", variable="webhook_secret"),
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Send what happens on a server to a URL of yours, signed as a webhook is; for development.

    It begins with what happens from now on. An event that can't be sent is shown, and not sent again.
    """
    target, types = _target(forward), _types(events)
    signed_with = new_secret() if secret is None else _secret(secret)
    greeting = f"What happens on {url} is sent to {forward}; Ctrl-C ends it."
    if secret is None:
        greeting = f"The receiver's secret: {signed_with}\n{greeting}"
    run(until_told_to_end(_forward(_Feed(url, key, types), target, signed_with, greeting)))


class _Feed(msgspec.Struct, frozen=True):
    """Whose events are sent on. `types`: None for all there are."""

    url: str
    key: str
    types: tuple[EventType, ...] | None


async def _forward(feed: _Feed, target: str, secret: str, greeting: str) -> None:
    sender = Sender(allow_private=True, timeout_seconds=Settings.webhook_timeout_seconds, clock=system_clock)
    try:
        async with talking_on_loop(feed.url, feed.key) as client:
            following = client.events.follow(
                types=feed.types, on_connection=partial(_tell, greeting), patience_seconds=math.inf
            )
            async with aclosing(following) as told:
                async for each in told:
                    await _send(sender, each.body, target, secret)
    finally:
        await sender.close()


def _tell(greeting: str, connection: Connection) -> None:
    if connection is Connection.BEGUN:
        typer.echo(greeting)
    elif connection is Connection.LOST:
        typer.secho("The connection to the server is lost; it is tried again.", fg=typer.colors.YELLOW)
    else:
        typer.echo("Connected again; nothing was missed.")


async def _send(sender: Sender, body: bytes, target: str, secret: str) -> None:
    try:
        event = msgspec.json.decode(body, type=_Event)
    except msgspec.DecodeError:
        end("the server sent something that is no event; look at --url (LEADLIGHT_URL)")
    headers = sign(body, [secret], event_id=event.id, timestamp=system_clock() // SECOND)
    outcome = await sender.post(target, body, headers)
    line = f"{to_iso(outcome.began_at)}  {event.type:{_LONGEST_TYPE}}  {event.lead_id}  {_result(outcome)}"
    typer.secho(f"{line}  {outcome.duration} ms", fg=typer.colors.RED if outcome.failure else None)


def _result(outcome: Outcome) -> str:
    """The status, the failure, or both where the one does not say it all."""
    words = [] if outcome.status is None else [str(outcome.status)]
    if outcome.failure not in (None, Failure.HTTP_STATUS):
        words.append(str(outcome.failure))
    return " ".join(words)


def _target(text: str) -> str:
    try:
        return check_url(text)
    except Invalid as invalid:
        end(f"--forward {invalid.message}")


def _types(text: str) -> tuple[EventType, ...] | None:
    """None for all there are: a newer server may know more."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if TEST_TYPE in names:
        end(f"--events: {TEST_TYPE} is in no feed; only `POST …/test` of a webhook sends it")
    try:
        wanted = wanted_types(subscriptions_rule(names))
    except Invalid as invalid:
        end(f"--events: {invalid.message}")
    return None if len(wanted) == len(EventType) else wanted


def _secret(text: str) -> str:
    try:
        sign(b"", [text], event_id="", timestamp=0)
    except ValueError:
        end(f"--secret is no webhook's secret: that is {PREFIX} and base64 after it; one is made if you give none")
    return text
