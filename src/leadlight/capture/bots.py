"""How bots are told from people: a field that people don't see, and a time in which nobody fills in a form.

The time at which a form was shown is signed, so that nobody can make it up. A form without it is believed: a page
that stands still can't have it, and a visitor whose browser runs no script is a person all the same.
"""

import hmac
import re
from collections.abc import Callable
from os import urandom

from leadlight.capture.form import FormSettings
from leadlight.capture.submission import Field, Submitted
from leadlight.clock import SECOND

STARTED_FIELD = "_started"
"""Of a form: when it was shown, with our signature."""

_KEY_BYTES = 32
_TOKEN = re.compile(r"([0-9]{1,15})\.([0-9a-f]{64})")


def new_signing_key(random_bytes: Callable[[int], bytes] = urandom) -> str:
    return random_bytes(_KEY_BYTES).hex()


def start_token(signing_key: str, now: int) -> str:
    """Says when a form was shown. `now` in milliseconds since 1970."""
    return f"{now}.{_signature(signing_key, str(now))}"


def suspicion(submitted: Submitted, settings: FormSettings, *, signing_key: str, received_at: int) -> str | None:
    """Why it was a bot that sent a form; None where it may have been a person. `received_at` in milliseconds."""
    sent = {field.name: field for field in submitted.fields}
    if settings.honeypot is not None and _is_filled(sent.get(settings.honeypot)):
        return f"a bot: it filled in {settings.honeypot}, which people don't see"
    token = sent.get(STARTED_FIELD)
    if not _is_filled(token) or not settings.minimum_fill_seconds:
        return None
    shown_at = _shown_at(token.value if token else None, signing_key)
    if shown_at is None:
        return f"a bot: it made up {STARTED_FIELD}"
    if received_at - shown_at < settings.minimum_fill_seconds * SECOND:
        return f"a bot: it took less than {settings.minimum_fill_seconds} seconds to fill in the form"
    return None


def _is_filled(field: Field | None) -> bool:
    if field is None or field.value is None:
        return False
    return not isinstance(field.value, str) or bool(field.value.strip())


def _shown_at(token: object, signing_key: str) -> int | None:
    found = _TOKEN.fullmatch(token) if isinstance(token, str) else None
    if found is None or not hmac.compare_digest(_signature(signing_key, found[1]), found[2]):
        return None
    return int(found[1])


def _signature(signing_key: str, text: str) -> str:
    return hmac.digest(signing_key.encode(), text.encode(), "sha256").hex()
