"""What is done with a lead that is there already, and by what two are told to be the same."""

import re
from enum import StrEnum

import msgspec

from leadlight.errors import Invalid

METADATA = "metadata."
_KEY = re.compile(r'[^\x00-\x1f"\\]{1,100}')


class OnDuplicate(StrEnum):
    """What to do when a lead that is the same exists."""

    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    REJECT = "reject"


class DuplicateRule(msgspec.Struct, frozen=True):
    """`match_on`: `email`, `phone` (in E.164 form), or `metadata.` and a key of the metadata."""

    on_duplicate: OnDuplicate = OnDuplicate.CREATE
    match_on: str = "email"

    def but(self, on_duplicate: OnDuplicate | None, match_on: str | None) -> "DuplicateRule":
        """The same, as far as nothing else is asked for."""
        return DuplicateRule(on_duplicate or self.on_duplicate, match_on or self.match_on)


def match_on_rule(text: str) -> str:
    if text in ("email", "phone") or (text.startswith(METADATA) and _KEY.fullmatch(text, len(METADATA))):
        return text
    raise Invalid("invalid_value", "must be email, phone, or metadata. and a key, such as metadata.external_id")
