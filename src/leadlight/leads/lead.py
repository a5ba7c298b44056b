"""The lead, and the rules that hold with no computer running: what its fields may be (contract §3)."""

from enum import StrEnum

import email_validator
import msgspec
import phonenumbers

from leadlight.errors import Invalid

MAX_NAME = 255
MAX_EMAIL = 254
MAX_PHONE = 50
MAX_SOURCE = 100
DEFAULT_SOURCE = "api"

# Whether mail can be delivered is not ours to judge: a test server's addresses are addresses.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


class LeadStatus(StrEnum):
    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"
    FOLLOW_UP = "follow_up"


class Lead(msgspec.Struct, frozen=True):
    """A lead as it is stored. Times in milliseconds since 1970; `metadata` is JSON text as it was sent."""

    id: str
    workspace_id: str
    name: str
    email: str
    phone: str | None
    source: str | None
    status: LeadStatus
    metadata: msgspec.Raw
    created_at: int
    updated_at: int
    version: int

    @property
    def etag(self) -> str:
        """A strong validator (RFC 9110 §8.8.1): the time keeps it apart from a version before a restore."""
        return f'"{self.updated_at:x}-{self.version}"'


def name_rule(name: str) -> str:
    return _bounded(name, MAX_NAME)


def email_rule(email: str) -> str:
    email = _bounded(email, MAX_EMAIL)
    try:
        email_validator.validate_email(email, check_deliverability=False, strict=True)
    except email_validator.EmailNotValidError as error:
        raise Invalid("invalid_email", f"must be a valid email address: {error}") from None
    return email


def phone_rule(phone: str | None) -> str | None:
    return None if phone is None else _bounded(phone, MAX_PHONE)


def source_rule(source: str | None) -> str | None:
    return None if source is None else _bounded(source, MAX_SOURCE)


def fold(text: str) -> str:
    """The form in which text is matched, whatever its case."""
    return text.casefold()


def to_e164(phone: str | None) -> str | None:
    """`+15551234567` for an international number however it was typed; None for any other."""
    if phone is None or not phone.lstrip().startswith("+"):
        return None
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _bounded(text: str, longest: int) -> str:
    text = text.strip()
    if not text:
        raise Invalid("blank", "must not be blank")
    if len(text) > longest:
        raise Invalid("too_long", f"must not be longer than {longest} characters")
    return text
