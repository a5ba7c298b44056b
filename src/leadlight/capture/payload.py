"""What the platforms' deliveries have in common: JSON read strictly, ids that are text, signatures."""

import hmac
import re
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from leadlight.capture.submission import MAX_EXTERNAL_ID, MAX_FIELDS, Field
from leadlight.errors import InvalidInput, Problem
from leadlight.strict_json import check_json

T = TypeVar("T")

_AT = re.compile(r" - at `\$\.?(.*)`")


def decode(body: bytes, target: type[T]) -> T:
    """Fields that `target` does not name are let be: platforms add some. Raises InvalidJson, InvalidInput."""
    problems = check_json(body)
    if problems:
        raise InvalidInput(problems)
    try:
        return msgspec.json.decode(body, type=target)
    except msgspec.ValidationError as error:
        raise InvalidInput([_problem(error)]) from None


def id_of(*values: object) -> str | None:
    """The first that can be the sender's own id of a submission, as text."""
    texts = (text_of(value) for value in values)
    return next((text for text in texts if text and len(text) <= MAX_EXTERNAL_ID), None)


def text_of(value: object) -> str | None:
    """The text of a text or of a whole number, for ids come as either; None for a blank and for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def texts_of(*values: object) -> tuple[str, ...]:
    """The texts among some values."""
    return tuple(text for value in values if (text := text_of(value)))


def details(prefix: str, values: dict[str, Any]) -> Iterable[Field]:
    """What a platform tells of a submission beside its answers, as metadata: `campaign_id` → `google_campaign_id`.

    Ids are text there: some have more digits than JavaScript can carry in a number.
    """
    for name, value in values.items():
        if text := text_of(value):
            yield Field(name, text, means=f"metadata.{prefix}_{name}")


def digest(body: bytes, secret: str) -> bytes:
    """HMAC-SHA256, which all of them sign with."""
    return hmac.digest(secret.encode(), body, "sha256")


def is_same(known: str, sent: str | None) -> bool:
    """In a time that does not tell how much of it is right."""
    return sent is not None and hmac.compare_digest(known.encode(), sent.encode(errors="surrogatepass"))


def required(field: str, message: str = "is required") -> InvalidInput:
    return InvalidInput([Problem(field, message, "required")])


def too_many_fields() -> InvalidInput:
    return InvalidInput([Problem("body", f"must not have more than {MAX_FIELDS} fields", "too_many")])


def _problem(error: msgspec.ValidationError) -> Problem:
    sentence = str(error)
    found = _AT.search(sentence)
    message = sentence.partition(" - at ")[0].replace("`", "").replace("Expected", "expected")
    return Problem((found and found[1]) or "body", message, "invalid_type")
