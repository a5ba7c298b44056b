"""The Idempotency-Key header: its form, and the fingerprint of the request that it stands for."""

import hashlib
import re

from leadlight.errors import InvalidInput, Problem
from leadlight.store.idempotency import IdempotencyKey

FORM = r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?"
"""1 to 255 printable ASCII characters, with no space at either end."""

_PATTERN = re.compile(FORM.encode())


def idempotency_key(header: bytes | None, operation: str, query_string: bytes, body: bytes) -> IdempotencyKey | None:
    """None without the header. Raises InvalidInput for one that is not 1 to 255 printable ASCII characters."""
    if header is None:
        return None
    if _PATTERN.fullmatch(header) is None:
        message = "must have 1 to 255 printable ASCII characters"
        raise InvalidInput([Problem("Idempotency-Key", message, "invalid_header")])
    digest = hashlib.sha256(b"\0".join((operation.encode(), query_string, body)))
    return IdempotencyKey(header.decode("ascii"), digest.hexdigest())
