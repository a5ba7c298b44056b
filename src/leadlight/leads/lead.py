"""The lead, and the rules that hold with no computer running: what its fields may be (contract §3)."""

import re
from enum import StrEnum
from functools import cache
from typing import NamedTuple

import email_validator
import msgspec
import phonenumbers

from leadlight.errors import Invalid

MAX_NAME = 255
MAX_EMAIL = 254
MAX_PHONE = 50
MAX_SOURCE = 100
MAX_FOLLOW_UP_NOTE = 1_000
DEFAULT_SOURCE = "api"

# Whether mail can be delivered is not ours to judge: a test server's addresses are addresses.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN_EMAIL = re.compile(
    rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@"
    r"(?:(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?!..--)(?:[A-Za-z0-9][A-Za-z0-9-]{0,61})?[A-Za-z]"
)
"""Addresses that email_validator accepts for certain; to ask it takes tens of times as long."""

# Numbers of which phonenumbers keeps every digit; to ask it takes ten times as long. Not those with a trunk prefix,
# as in +44 (0) 20 7946 0018: whether that goes, depends on the country. And not those of few digits or very many.
_PLAIN_PHONE = re.compile(r"\+[1-9](?:[ ().-]*[0-9]){4,}")
_WITHOUT_SEPARATORS = str.maketrans("", "", "+ ().-")
_MOST_DIGITS = 18
_NEVER = "(?!)"


class LeadStatus(StrEnum):
    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"
    FOLLOW_UP = "follow_up"


class Lead(msgspec.Struct, frozen=True):
    """A lead as it is stored. Times in milliseconds since 1970; `metadata` is JSON text as it was sent.

    `reached`, `contacted_at`: what insights know of its past (`leads.progress`).
    """

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
    follow_up_at: int | None = None
    follow_up_note: str | None = None
    reached: int = 0
    contacted_at: int | None = None

    @property
    def etag(self) -> str:
        """A strong validator (RFC 9110 §8.8.1): the time keeps it apart from a version before a restore."""
        return f'"{self.updated_at:x}-{self.version}"'


def name_rule(name: str) -> str:
    return _bounded(name, MAX_NAME)


def email_rule(email: str) -> str:
    email = _bounded(email, MAX_EMAIL)
    if _PLAIN_EMAIL.fullmatch(email):
        return email
    try:
        email_validator.validate_email(email, check_deliverability=False, strict=True)
    except email_validator.EmailNotValidError as error:
        raise Invalid("invalid_email", f"must be a valid email address: {error}") from None
    return email


def phone_rule(phone: str | None) -> str | None:
    return None if phone is None else _bounded(phone, MAX_PHONE)


def source_rule(source: str | None) -> str | None:
    return None if source is None else _bounded(source, MAX_SOURCE)


def follow_up_at_rule(at: int | None) -> int | None:
    if at is not None and at < 0:
        raise Invalid("out_of_range", "must not be before 1970")
    return at


def follow_up_note_rule(note: str | None) -> str | None:
    return None if note is None else _bounded(note, MAX_FOLLOW_UP_NOTE)


def fold(text: str) -> str:
    """The form in which text is matched, whatever its case."""
    return text.casefold()


def to_e164(phone: str | None) -> str | None:
    """`+15551234567` for an international number however it was typed; None for any other."""
    if phone is None or not phone.lstrip().startswith("+"):
        return None
    if _PLAIN_PHONE.fullmatch(phone):
        digits = phone.translate(_WITHOUT_SEPARATORS)
        country = _country(digits[:3])
        if country is not None and len(digits) <= _MOST_DIGITS and not country.trunk.match(digits[country.length :]):
            return f"+{digits}"
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class _Country(NamedTuple):
    """`length`: of its calling code. `trunk`: what may stand behind that and is not dialled from abroad."""

    length: int
    trunk: re.Pattern[str]


@cache
def _country(beginning: str) -> _Country | None:
    """Whose number begins with three digits."""
    for length in (1, 2, 3):
        code = int(beginning[:length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            region = phonenumbers.region_code_for_country_code(code)
            metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            trunk = None if metadata is None else metadata.national_prefix_for_parsing
            return _Country(length, re.compile(trunk or _NEVER))
    return None


def _bounded(text: str, longest: int) -> str:
    text = text.strip()
    if not text:
        raise Invalid("blank", "must not be blank")
    if len(text) > longest:
        raise Invalid("too_long", f"must not be longer than {longest} characters")
    return text
