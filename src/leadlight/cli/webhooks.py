"""`leadlight webhooks`: a receiver under development, fed with what happens on a server."""

from contextlib import aclosing
from functools import partial
from typing import Annotated

import msgspec
import typer
from msgspec import Meta

from leadlight.cli.options import fail, option
from leadlight.cli.remote_feed import Connection, FeedRefused, RemoteFeed
from leadlight.clock import SECOND, system_clock, to_iso
from leadlight.errors import Invalid
from leadlight.events.event import EventType
from leadlight.http.sse_parser import ServerEvent
from leadlight.server import run, until_told_to_end
from leadlight.settings import Settings
from leadlight.webhooks.address import check_url
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.sender import Sender
from leadlight.webhooks.signing import PREFIX, new_secret, sign
from leadlight.webhooks.webhook import TEST_TYPE, subscriptions_rule, wanted_types
from leadlight.workspaces.key import PREFIX as KEY_PREFIX
from leadlight.workspaces.key import is_well_formed

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
    key: Annotated[str, option("--key", "API key with the scope leads:read.", variable="api_key")],
    server: Annotated[str, option("--server", "URL of the server.")] = "http://127.0.0.1:8000",
    events: Annotated[str, option("--events", "Which events, by comma: types, areas (`lead.*`), or all (`*`).")] = "*",
    secret: Annotated[
        str | None,
        option("--secret", "What to sign with, whsec_…; a new one, if not said.", variable="webhook_secret"),
    ] = None,
) -> None:
    """Send what happens on a server to a URL of yours, signed as a webhook is; for development.

    It begins with what happens from now on. An event that can't be sent is shown, and not sent again.
    """
    target = _url(forward, "--forward")
    feed = RemoteFeed(_server(server), _key(key), _types(events))
    signed_with = new_secret() if secret is None else _secret(secret)
    greeting = f"What happens on {server} is sent to {forward}; Ctrl-C ends it."
    if secret is None:
        greeting = f"The receiver's secret: {signed_with}\n{greeting}"
    run(until_told_to_end(_forward(feed, target, signed_with, greeting)))


async def _forward(feed: RemoteFeed, target: str, secret: str, greeting: str) -> None:
    sender = Sender(allow_private=True, timeout_seconds=Settings.webhook_timeout_seconds, clock=system_clock)
    try:
        async with aclosing(feed.events(partial(_tell, greeting))) as told:
            async for event in told:
                await _send(sender, event, target, secret)
    except FeedRefused as refused:
        fail(str(refused))
    finally:
        await sender.close()


def _tell(greeting: str, connection: Connection) -> None:
    if connection is Connection.BEGUN:
        typer.echo(greeting)
    elif connection is Connection.LOST:
        typer.secho("The connection to the server is lost; it is tried again.", fg=typer.colors.YELLOW)
    else:
        typer.echo("Connected again; nothing was missed.")


async def _send(sender: Sender, told: ServerEvent, target: str, secret: str) -> None:
    body = told.data.encode()
    try:
        event = msgspec.json.decode(body, type=_Event)
    except msgspec.DecodeError:
        fail("the server sent something that is no event; look at --server")
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


def _url(text: str, flag: str) -> str:
    try:
        return check_url(text)
    except Invalid as invalid:
        fail(f"{flag} {invalid.message}")


def _server(text: str) -> str:
    url = _url(text, "--server")
    if "?" in url:
        fail("--server must be the server's address alone, without a question mark")
    return url


def _key(text: str) -> str:
    if not text.isascii() or not is_well_formed(text):
        fail(f"--key is no API key: that is {KEY_PREFIX} and 38 letters and digits; copy it as it was shown")
    return text


def _types(text: str) -> tuple[EventType, ...]:
    """Empty for all there are."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if TEST_TYPE in names:
        fail(f"--events: {TEST_TYPE} is in no feed; only `POST …/test` of a webhook sends it")
    try:
        wanted = wanted_types(subscriptions_rule(names))
    except Invalid as invalid:
        fail(f"--events: {invalid.message}")
    return () if len(wanted) == len(EventType) else wanted  # a newer server may know more


def _secret(text: str) -> str:
    try:
        sign(b"", [text], event_id="", timestamp=0)
    except ValueError:
        fail(f"--secret is no webhook's secret: that is {PREFIX} and base64 after it; one is made if you give none")
    return text
