"""API keys: how they are made, told from a typo, and hashed. What a key looks like may never change.

`sk-workspace_` + 32 random characters (190 bits) + 6 characters of checksum, all of them
alphanumeric: `sk-workspace_[A-Za-z0-9]{38}`, which secret scanners can match.
"""

import hashlib
import secrets
import zlib
from collections.abc import Callable, Sequence

import msgspec

from leadlight.principal import Scope

PREFIX = "sk-workspace_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6

Choose = Callable[[Sequence[str]], str]
"""Picks one of a sequence at random, unpredictably."""


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is stored: everything about it but the key. Times in milliseconds since 1970."""

    id: str
    workspace_id: str
    name: str
    scopes: tuple[Scope, ...]
    rate_limit: int | None
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None
    replaced_by: str | None = None

    def is_valid(self, now: int) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class IssuedKey(msgspec.Struct, frozen=True):
    """A new key with its secret, which is shown this once."""

    key: ApiKey
    secret: str


def new_secret(choose: Choose = secrets.choice) -> str:
    body = "".join(choose(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return PREFIX + body + _checksum(body)


def is_well_formed(secret: str) -> bool:
    """Whether the checksum fits: tells a typo without a look-up."""
    body = secret.removeprefix(PREFIX)
    if len(secret) != len(PREFIX) + _RANDOM_LENGTH + _CHECKSUM_LENGTH or len(body) == len(secret):
        return False
    return _checksum(body[:_RANDOM_LENGTH]) == body[_RANDOM_LENGTH:]


def hash_secret(secret: str) -> str:
    """SHA-256 is enough here: the secret has 190 random bits, so it can't be guessed from its hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
