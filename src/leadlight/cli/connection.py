"""What the commands that talk to a server share: where it is, the key, and the last word on its errors."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import IntEnum
from typing import Annotated, NoReturn

import typer

from leadlight.cli.options import option
from leadlight.cli.tables import printable
from leadlight.client import (
    AsyncLeadlight,
    Conflict,
    InsufficientScope,
    Leadlight,
    LeadlightError,
    NotConfigured,
    NotFound,
    RateLimited,
    Retrying,
    ServerFault,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)

DEFAULT_URL = "http://127.0.0.1:8000"
_PATIENCE = Retrying(max_tries=3, max_seconds=30.0, first_pause_seconds=0.3)

Url = Annotated[str, option("--url", "URL of the server.", variable="url")]
Key = Annotated[str, option("--key", "API key; better in the variable, for others see commands.", variable="key")]

_SAID = (
    (Unreachable, "{error}; see that the server runs there, or give another --url (LEADLIGHT_URL)"),
    (UnexpectedAnswer, "{error}; look at --url (LEADLIGHT_URL)"),
    (NotConfigured, "{error}; look at --url (LEADLIGHT_URL) and --key (LEADLIGHT_KEY)"),
    (Unauthenticated, "the server does not know this key, or no longer; give another --key (LEADLIGHT_KEY)"),
    (InsufficientScope, "this key lacks the scope {error.required}; give a --key (LEADLIGHT_KEY) that has it"),
    (TooLarge, "this is larger than the server takes, which is {error.limit} bytes"),
    (RateLimited | Unavailable, "{error}; try again in a moment"),
    (ServerFault, "{error} ({error.request_id})"),
)


class Exit(IntEnum):
    """How a command ends; 2 is a usage error."""

    DONE = 0
    REFUSED = 1
    AWAY = 3
    IN_PART = 4
    INTERRUPTED = 130


@contextmanager
def talking(url: str, key: str) -> Iterator[Leadlight]:
    """A client for the time of a command; errors end the command with a sentence."""
    with _last_word(key), Leadlight(url, key, retrying=_PATIENCE) as client:
        yield client


@asynccontextmanager
async def talking_on_loop(url: str, key: str) -> AsyncIterator[AsyncLeadlight]:
    """The same on an event loop."""
    with _last_word(key):
        async with AsyncLeadlight(url, key, retrying=_PATIENCE) as client:
            yield client


def sentence(error: LeadlightError) -> str:
    """What to tell a person of an error, and what to do."""
    said = next((said for kind, said in _SAID if isinstance(error, kind)), "{error}")
    return _more_exactly(error) or said.format(error=error)


def _more_exactly(error: LeadlightError) -> str:
    """Where the kind of an error does not say it all."""
    match error:
        case NotFound() if error.code == "LEAD_NOT_FOUND":
            return f"there is no lead {error.details.get('leadId')} in this workspace"
        case NotFound() if not error.details:
            return f"{error}; look at --url (LEADLIGHT_URL)"
        case Conflict() if other := error.existing_id or error.merged_into:
            return f"{error}: {other}"
        case Unreachable() if error.maybe_done:
            return f"{error}; it may be done all the same: look before you try again"
        case RateLimited() if error.retry_after:
            return f"the key has used up its requests; try again in {error.retry_after:.0f} seconds"
    return ""


@contextmanager
def _last_word(key: str) -> Iterator[None]:
    if not key:
        end("an API key is needed: set LEADLIGHT_KEY, or give --key; `leadlight keys create` makes one")
    try:
        yield
    except LeadlightError as error:
        away = isinstance(error, Unreachable | Unavailable | RateLimited)
        end(sentence(error), Exit.AWAY if away else Exit.REFUSED)
    except BrokenPipeError:
        raise  # who read our output has enough
    except OSError as error:
        end(str(error))


def end(text: str, code: Exit = Exit.REFUSED) -> NoReturn:
    """Ends the command with a sentence on the error stream."""
    typer.secho(f"leadlight: {printable(text)}", fg=typer.colors.RED, err=True)
    raise typer.Exit(code)
