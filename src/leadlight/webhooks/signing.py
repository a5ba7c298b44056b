"""The signature of a delivery: made here, and checked with `verify_webhook` by whoever receives it.

The names of the headers and what is signed may never change: receivers in every language rely on them. They are
those of Standard Webhooks 1.0, and beside them one in hexadecimal over the body alone.
"""

import hmac
import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from os import urandom
from typing import Any

PREFIX = "whsec_"
_SECRET_BYTES = 32
_SECONDS = re.compile(r"[0-9]{1,12}")


class WebhookVerificationError(Exception):
    """A delivery that is not to be believed; the text tells why, and what to look at."""


def new_secret(random_bytes: Callable[[int], bytes] = urandom) -> str:
    return PREFIX + b64encode(random_bytes(_SECRET_BYTES)).decode()


def sign(body: bytes, secrets: Sequence[str], *, event_id: str, timestamp: int) -> dict[str, str]:
    """The headers that prove a body to its receiver. `secrets`: the newest first; `timestamp` in seconds since 1970.

    Every secret signs in `webhook-signature`, so that a receiver can change to the new one when it likes. In the
    hexadecimal header there is room for one signature: the newest secret's, keyed with its text as it is shown.
    """
    content = _signed_content(body, event_id, str(timestamp))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(content, _key(secret)) for secret in secrets),
        "X-Webhook-Signature": "sha256=" + hmac.digest(secrets[0].encode(), body, "sha256").hex(),
    }


def verify_webhook(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance_seconds: int = 300,
    now: int | None = None,
) -> dict[str, Any]:
    """The event of a delivery that is genuine and fresh. Raises WebhookVerificationError for any other.

    `body`: as it came in, before any JSON parser. `headers`: all of the request's, in whatever case. `secret`: the
    webhook's, or several while they are changed. `now` in seconds since 1970; the machine's clock, if not said.

    The Standard Webhooks headers have to be there: their signature covers the time. X-Webhook-Signature alone is not
    enough, for who once saw such a delivery could send it again for ever.
    """
    given = {name.lower(): value for name, value in headers.items()}
    event_id = _required(given, "webhook-id")
    timestamp = _required(given, "webhook-timestamp")
    signatures = _required(given, "webhook-signature").split()
    _require_fresh(timestamp, int(time.time()) if now is None else now, tolerance_seconds)
    raw = body.encode(errors="surrogatepass") if isinstance(body, str) else body
    content = _signed_content(raw, event_id, timestamp)
    expected = [_signature(content, key) for key in _keys(secret)]
    if not any(_is_same(known, sent) for known in expected for sent in signatures):
        raise WebhookVerificationError(
            "No signature matches: the secret is another webhook's, or the body is not what was sent, byte for byte."
        )
    return _decoded(raw)


def _signed_content(body: bytes, event_id: str, timestamp: str) -> bytes:
    return f"{event_id}.{timestamp}.".encode(errors="surrogatepass") + body


def _signature(content: bytes, key: bytes) -> str:
    return "v1," + b64encode(hmac.digest(key, content, "sha256")).decode()


def _key(secret: str) -> bytes:
    """Raises ValueError when the text is no secret; the error does not repeat it."""
    key = b64decode(secret.removeprefix(PREFIX), validate=True)
    if not key:
        raise ValueError
    return key


def _keys(secret: str | Sequence[str]) -> list[bytes]:
    try:
        keys = [_key(text) for text in ([secret] if isinstance(secret, str) else secret)]
    except ValueError:
        keys = []
    if not keys:
        raise WebhookVerificationError(f"The secret is not a webhook's: that is {PREFIX} and base64 after it.")
    return keys


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise WebhookVerificationError(f"The header {name} is missing: give all headers of the request.")
    return value


def _require_fresh(timestamp: str, now: int, tolerance_seconds: int) -> None:
    if not _SECONDS.fullmatch(timestamp):
        raise WebhookVerificationError("The header webhook-timestamp is not a number of seconds.")
    age = now - int(timestamp)
    if abs(age) > tolerance_seconds:
        when = f"{age} seconds ago: too old" if age > 0 else f"{-age} seconds ahead of this machine's clock: too new"
        raise WebhookVerificationError(f"The delivery was signed {when}, for {tolerance_seconds} seconds are allowed.")


def _is_same(known: str, sent: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return hmac.compare_digest(known.encode(), sent.encode(errors="surrogatepass"))


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise WebhookVerificationError("The signature is right, but the body is not a JSON object.")
    return event
