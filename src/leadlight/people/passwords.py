"""Passwords: kept as argon2id hashes (RFC 9106), of which each guess costs an attacker memory and time.

19 MiB, two passes, one lane: the choice of OWASP's Password Storage Cheat Sheet, for servers that do other things
too. It takes tens of milliseconds, so it is done in threads, and never inside a transaction.
"""

import asyncio
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from leadlight.people.user import MAX_PASSWORD

_AT_ONCE = 2
RECOMMENDED = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)


class Passwords:
    """Hashes and verifies, two at once at most: a flood of sign-ins must not take all memory."""

    def __init__(self, hasher: PasswordHasher = RECOMMENDED) -> None:
        self._hasher = hasher
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _bytes(password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether a password is the one. Where there is none to compare with, it takes as long to say no."""
        async with self._turns:
            return await asyncio.to_thread(self._verify, password, password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than those that hold now."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None or len(password) > MAX_PASSWORD:
            self._hasher.hash(_bytes(password[:MAX_PASSWORD]))
            return False
        try:
            return self._hasher.verify(password_hash, _bytes(password))
        except VerifyMismatchError:
            return False


def _bytes(password: str) -> bytes:
    """The same for the same characters, whichever keyboard or system composed them (NIST SP 800-63B §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
