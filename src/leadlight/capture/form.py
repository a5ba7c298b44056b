"""The form: who may post to it, what its fields mean, what its leads get by default, and the secrets of its senders."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from leadlight.capture.submission import MAX_FIELDS
from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.errors import Invalid, Problem
from leadlight.leads.lead import LeadStatus, email_rule, name_rule, phone_rule, source_rule
from leadlight.leads.metadata import EMPTY, metadata_rule

MAX_FORMS = 100
MAX_NAME = 200
MAX_ORIGINS = 100
MAX_URL = 2_048
MAX_FIELD_NAME = 500
MAX_RATE = 10_000
MAX_FILL_SECONDS = 600
MIN_SECRET, MAX_SECRET = 8, 500

ANY_ORIGIN = "*"
METADATA = "metadata."
IGNORE = ""
TARGETS = ("name", "firstName", "lastName", "email", "phone", "source", "status")
"""What a field of a submission can become, beside a key of the metadata or nothing at all."""

DEFAULT_HONEYPOT = "homepage_url"
"""Tempting for a bot, and no field that browsers fill in by themselves."""

_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\\\s]+)/?", re.IGNORECASE)
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?")
_USUAL_PORTS = {"http": 80, "https": 443}
_UNFIT = re.compile(r"[\s\\\"<>\x00-\x1f\x7f-\x9f]")


class LeadDefaults(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """What a lead gets where a submission says nothing."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    source: str | None = None
    status: LeadStatus | None = None
    metadata: msgspec.Raw = EMPTY


class FormSettings(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """What of a form is shown as it was set.

    `field_map`: targets by the names of fields. `on_duplicate` and `match_on` are the workspace's where they are None.
    """

    allowed_origins: tuple[str, ...] = ()
    redirect_url: str | None = None
    field_map: dict[str, str] = {}
    defaults: LeadDefaults = LeadDefaults()
    on_duplicate: OnDuplicate | None = None
    match_on: str | None = None
    honeypot: str | None = DEFAULT_HONEYPOT
    rate_limit_per_minute: int = 60
    minimum_fill_seconds: int = 2

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may post. `null`, which pages have that hide theirs, needs the star."""
        return ANY_ORIGIN in self.allowed_origins or origin.lower() in self.allowed_origins

    def duplicates(self, usual: DuplicateRule) -> DuplicateRule:
        """`usual`: what the workspace does where nothing else is said."""
        return usual.but(self.on_duplicate, self.match_on)


class FormSecrets(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """What senders prove themselves with; never shown again, and each is None where its platform is not used.

    `signing_key` is our own: it signs when a form was shown.
    """

    signing_key: str
    google_ads_key: str | None = None
    meta_verify_token: str | None = None
    meta_app_secret: str | None = None
    meta_access_token: str | None = None
    typeform_secret: str | None = None
    tally_secret: str | None = None


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it is stored. Times in milliseconds since 1970."""

    workspace_id: str
    id: str
    name: str
    settings: FormSettings
    secrets: FormSecrets
    created_at: int
    updated_at: int


def form_name_rule(name: str) -> str:
    return _bounded(name.strip(), MAX_NAME)


def origins_rule(origins: Iterable[str]) -> tuple[str, ...]:
    """As browsers say them (RFC 6454 §6.2): lower case, without the usual port."""
    known = tuple(dict.fromkeys(_origin(text) for text in origins))
    if len(known) > MAX_ORIGINS:
        raise Invalid("too_many", f"must not name more than {MAX_ORIGINS} origins; * stands for any")
    return known


def _origin(text: str) -> str:
    if text == ANY_ORIGIN:
        return text
    url = _ORIGIN.fullmatch(text)
    host = _HOST.fullmatch(_in_ascii(url["host"])) if url else None
    if url is None or host is None:
        raise Invalid("invalid_origin", f"must hold origins like https://example.com, or *; not {text[:100]!r}")
    scheme, port = url["scheme"].lower(), int(host["port"] or 0)
    if host["port"] and not 1 <= port <= 65_535:
        raise Invalid("invalid_origin", f"must have ports from 1 to 65535; not {port}")
    shown = f":{port}" if port and port != _USUAL_PORTS[scheme] else ""
    return f"{scheme}://{host['name'].lower()}{shown}"


def _in_ascii(host: str) -> str:
    """Browsers tell a name like bücher.example in the form that it has on the wire."""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return ""


def redirect_rule(url: str | None) -> str | None:
    """Where a visitor is sent after a form: an absolute address of the web."""
    if url is None:
        return None
    if len(url) > MAX_URL:
        raise Invalid("too_long", f"must not be longer than {MAX_URL} characters")
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme in _USUAL_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_fit = False
    if not is_fit or _UNFIT.search(url) or not url.isprintable():
        raise Invalid("invalid_url", "must be an absolute http or https address, like https://example.com/thanks")
    if "@" in parts.netloc:
        raise Invalid("credentials_in_url", "must not hold a user name or password")
    return url


def field_map_rule(field_map: dict[str, str]) -> dict[str, str]:
    if len(field_map) > MAX_FIELDS:
        raise Invalid("too_many", f"must not name more than {MAX_FIELDS} fields")
    for name, target in field_map.items():
        field_name_rule(name)
        _check_target(name, target)
    return field_map


def field_name_rule(name: str) -> str:
    return _bounded(name, MAX_FIELD_NAME)


def _check_target(name: str, target: str) -> None:
    key = target.removeprefix(METADATA)
    if target in (*TARGETS, IGNORE) or (key != target and 0 < len(key) <= MAX_FIELD_NAME):
        return
    known = ", ".join(TARGETS)
    raise Invalid(
        "unknown_target",
        f"{name[:100]!r} must become one of {known}, metadata. and a key, or an empty text to be left out",
    )


def defaults_rule(defaults: LeadDefaults) -> LeadDefaults:
    """Each is held to the rule of the lead's field."""
    return LeadDefaults(
        name=None if defaults.name is None else name_rule(defaults.name),
        email=None if defaults.email is None else email_rule(defaults.email),
        phone=phone_rule(defaults.phone),
        source=source_rule(defaults.source),
        status=defaults.status,
        metadata=metadata_rule(defaults.metadata),
    )


def honeypot_rule(name: str | None) -> str | None:
    return None if name is None else field_name_rule(name)


def rate_rule(per_minute: int) -> int:
    return _between(per_minute, 0, MAX_RATE)


def fill_rule(seconds: int) -> int:
    return _between(seconds, 0, MAX_FILL_SECONDS)


def secret_rule(secret: str | None) -> str | None:
    if secret is None:
        return None
    if not MIN_SECRET <= len(secret) <= MAX_SECRET:
        raise Invalid("invalid_secret", f"must have from {MIN_SECRET} to {MAX_SECRET} characters")
    if not secret.isprintable():
        raise Invalid("invalid_secret", "must not contain control characters")
    return secret


def conflicts(settings: FormSettings) -> list[Problem]:
    """What is good alone, but not together."""
    if settings.honeypot is None or settings.honeypot not in settings.field_map:
        return []
    return [Problem("honeypot", "must not be a field that the fieldMap names: people would fill it in", "conflict")]


def _bounded(text: str, longest: int) -> str:
    if not text.strip():
        raise Invalid("blank", "must not be blank")
    if len(text) > longest:
        raise Invalid("too_long", f"must not be longer than {longest} characters")
    return text


def _between(number: int, lowest: int, highest: int) -> int:
    if not lowest <= number <= highest:
        raise Invalid("out_of_range", f"must be from {lowest} to {highest}")
    return number
