"""Authentication: from the Authorization header to a Principal (contract §2).

A key that was good a moment ago is not looked up again; a revocation is noticed within
`_FRESH_MILLISECONDS` in every process.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable

from leadlight.clock import Clock
from leadlight.errors import InvalidApiKey, MalformedAuthHeader, MissingAuthHeader
from leadlight.principal import Principal

FindPrincipal = Callable[[str], Awaitable[Principal | None]]
"""The Principal of a token, or None if no key that is valid now has it."""

_FRESH_MILLISECONDS = 500
_MAX_CACHED = 10_000
_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9\-._~+/]+=*) *", re.ASCII)  # RFC 6750 §2.1


class Authenticator:
    def __init__(self, find_principal: FindPrincipal, clock: Clock) -> None:
        self._find_principal = find_principal
        self._clock = clock
        self._cache: dict[bytes, tuple[Principal, int]] = {}

    def cached(self, header: bytes | None, now: int) -> Principal | None:
        """The caller, if its key was looked up a moment ago."""
        if header is None:
            return None
        entry = self._cache.get(hashlib.sha256(header).digest())
        if entry is None:
            return None
        principal, checked_at = entry
        if not 0 <= now - checked_at < _FRESH_MILLISECONDS:
            return None
        if principal.expires_at is not None and principal.expires_at <= now:
            return None
        return principal

    async def look_up(self, header: bytes | None) -> Principal:
        """The caller, from the store.

        Raises MissingAuthHeader, MalformedAuthHeader, or InvalidApiKey for a key that is unknown, revoked or expired.
        """
        if header is None:
            raise MissingAuthHeader
        match = _BEARER.fullmatch(header)
        if match is None:
            raise MalformedAuthHeader
        digest = hashlib.sha256(header).digest()
        principal = await self._find_principal(match[1].decode("ascii"))
        if principal is None:
            self._cache.pop(digest, None)
            raise InvalidApiKey
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        self._cache[digest] = (principal, self._clock())
        return principal
