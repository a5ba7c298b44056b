"""Every knob of the server, in one frozen value; a bad one stops the boot with a sentence."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

_DEFAULT_DATA = Path("leadlight-data")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
FALLBACKS: Final = ("fail-open", "fail-closed")
SCHEDULE_FORM: Final = "1 to 50 delays in seconds, by comma, each from 0 to 2592000"
_MAX_ATTEMPTS = 50
_MAX_DELAY_SECONDS = 30 * 86_400


class SettingsError(Exception):
    """A setting that can't be: the text says which, and what would do."""


def _knob(default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"help": meaning})


@dataclass(frozen=True)
class Settings:
    """The environment variable of each is `LEADLIGHT_` and its name in capitals."""

    host: str = _knob("127.0.0.1", "Address to listen on.")
    port: int = _knob(8000, "Port to listen on; 0 picks a free one.")
    workers: int = _knob(1, "How many processes serve requests.")
    data: Path = _knob(_DEFAULT_DATA, "Folder that holds the store, unless database_url names another place.")
    database_url: str = _knob("", "URL of the store; a file in the data folder, if not said.", secret=True)
    database_connections: int = _knob(8, "Connections that each process opens to a database server, at the most.")
    rate_limit: int = _knob(1000, "Requests an hour for a key without a limit of its own; 0 for no limit.")
    rate_limit_url: str = _knob(
        "",
        "Valkey that counts requests for all processes: valkey://host:6379/0; each counts its own, if not said.",
        secret=True,
    )
    rate_limit_fallback: str = _knob(
        "fail-open", "What happens while Valkey is away: fail-open lets requests pass, fail-closed answers 503."
    )
    auth_failures_per_minute: int = _knob(
        300, "Failed authentications a minute and address before they get 429; 0 for no limit."
    )
    max_body_bytes: int = _knob(1_048_576, "Largest request body, in bytes.")
    max_header_bytes: int = _knob(32_768, "Largest request head (line and headers), in bytes.")
    trusted_proxies: str = _knob(
        "", "Addresses of reverse proxies, by comma, whose X-Forwarded-For header is believed."
    )
    background: bool = _knob(
        default=True, meaning="Whether serving processes do the background work too; `leadlight worker` does it alone."
    )
    webhook_allow_private: bool = _knob(
        default=False, meaning="Whether webhooks may be sent to private and local addresses: for development."
    )
    webhook_retry_schedule: str = _knob(
        "0,5,300,1800,7200,18000,36000,50400,72000,86400",
        "Seconds before each attempt to deliver, by comma; after the last one a delivery has failed.",
    )
    webhook_timeout_seconds: int = _knob(30, "How long an attempt to deliver may take, in all.")
    webhook_retention_days: int = _knob(30, "How long deliveries are kept that have succeeded or failed.")
    undo_days: int = _knob(30, "How long merges, imports and batches can be taken back.")
    submission_retention_days: int = _knob(90, "How long what came in by a form and is no lead is kept.")
    import_max_bytes: int = _knob(2_147_483_648, "Largest file that can be imported, in bytes.")
    import_max_expanded_bytes: int = _knob(8_589_934_592, "Largest content of a compressed file, in bytes.")
    log_level: str = _knob("info", "One of debug, info, warning, error; requests are logged at info.")
    drain_seconds: int = _knob(30, "How long a stopping server waits for the requests under way.")

    def __post_init__(self) -> None:
        self._require(0 <= self.port <= 65535, "port", "a number from 0 to 65535")
        self._require(1 <= self.workers <= 256, "workers", "1 to 256")
        self._require(3 <= self.database_connections <= 1000, "database_connections", "3 to 1000")
        self._require(self.rate_limit >= 0, "rate_limit", "0 or more requests an hour")
        self._require(self.auth_failures_per_minute >= 0, "auth_failures_per_minute", "0 or more")
        self._require(1024 <= self.max_body_bytes <= 1 << 30, "max_body_bytes", "1024 to 1073741824 bytes")
        self._require(1024 <= self.max_header_bytes <= 1 << 20, "max_header_bytes", "1024 to 1048576 bytes")
        self._require(_is_valkey(self.rate_limit_url), "rate_limit_url", "like valkey://[:password@]host:6379/0")
        self._require(self.rate_limit_fallback in FALLBACKS, "rate_limit_fallback", " or ".join(FALLBACKS))
        self._require(self.log_level in LOG_LEVELS, "log_level", "one of " + ", ".join(LOG_LEVELS))
        self._require(self.drain_seconds >= 1, "drain_seconds", "1 second or more")
        self._require(_is_schedule(self.webhook_retry_schedule), "webhook_retry_schedule", SCHEDULE_FORM)
        self._require(1 <= self.webhook_timeout_seconds <= 300, "webhook_timeout_seconds", "1 to 300 seconds")
        self._require(1 <= self.webhook_retention_days <= 3650, "webhook_retention_days", "1 to 3650 days")
        self._require(1 <= self.undo_days <= 3650, "undo_days", "1 to 3650 days")
        self._require(1 <= self.submission_retention_days <= 3650, "submission_retention_days", "1 to 3650 days")
        self._require(self.import_max_bytes >= 1024, "import_max_bytes", "at least 1024 bytes")
        self._require(self.import_max_expanded_bytes >= 1024, "import_max_expanded_bytes", "at least 1024 bytes")
        for proxy in self.proxies:
            self._require(_is_network(proxy), "trusted_proxies", "IP addresses or networks, by comma")
        if self.workers > 1 and not self.rate_limit_url and (self.rate_limit or self.auth_failures_per_minute):
            raise SettingsError(
                f"{self.workers} processes would each count requests for themselves and let more pass than a limit "
                "allows. Give LEADLIGHT_RATE_LIMIT_URL (--rate-limit-url valkey://…) so that they count together, or "
                "set both LEADLIGHT_RATE_LIMIT and LEADLIGHT_AUTH_FAILURES_PER_MINUTE to 0 for no limits."
            )

    @property
    def retry_delays(self) -> tuple[float, ...]:
        """Seconds before each attempt to deliver."""
        return _numbers(self.webhook_retry_schedule)

    @property
    def proxies(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.trusted_proxies.split(",") if part.strip())

    def _require(self, holds: object, name: str, expected: str) -> None:
        if not holds:
            given = "not usable" if name.endswith("_url") else repr(getattr(self, name))  # a URL may hold a password
            raise SettingsError(f"LEADLIGHT_{name.upper()} is {given}; it has to be {expected}.")


def _is_valkey(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_there = parts.scheme in ("valkey", "valkeys") and bool(parts.hostname) and parts.port != 0
        return not url or (is_there and parts.path.removeprefix("/").isdigit() | (parts.path in ("", "/")))
    except ValueError:
        return False


def _numbers(text: str) -> tuple[float, ...]:
    """Those in a text, by comma. Raises ValueError."""
    return tuple(float(part) for part in text.split(","))


def _is_schedule(text: str) -> bool:
    try:
        delays = _numbers(text)
    except ValueError:
        return False
    return len(delays) <= _MAX_ATTEMPTS and all(0 <= delay <= _MAX_DELAY_SECONDS for delay in delays)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
