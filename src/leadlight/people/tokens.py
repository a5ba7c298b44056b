"""Tokens of sessions and one-time links: made, and hashed for the store. They are secrets, and stored nowhere."""

import hashlib
import hmac
import secrets

_BYTES = 32


def new_token() -> str:
    """256 random bits, in characters that an address and a cookie take."""
    return secrets.token_urlsafe(_BYTES)


def hash_token(token: str) -> str:
    """SHA-256 is enough here: nobody can guess 256 random bits from their hash."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def csrf_token(session_token: str) -> str:
    """What a form of a session carries: it tells nothing of the session's token, and no other website knows it."""
    return hmac.new(_bytes(session_token), b"csrf", hashlib.sha256).hexdigest()


def _bytes(token: str) -> bytes:
    """Of whatever was sent: what can't be encoded becomes something that is no token."""
    return token.encode(errors="replace")
