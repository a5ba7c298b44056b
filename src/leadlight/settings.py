"""Every knob of the server, in one frozen value; a bad one stops the boot with a sentence."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_DEFAULT_DATA = Path("leadlight-data")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")


class SettingsError(Exception):
    """A setting that can't be: the text says which, and what would do."""


def _knob(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class Settings:
    """The environment variable of each is `LEADLIGHT_` and its name in capitals."""

    host: str = _knob("127.0.0.1", "Address to listen on.")
    port: int = _knob(8000, "Port to listen on; 0 picks a free one.")
    data: Path = _knob(_DEFAULT_DATA, "Folder that holds everything.")
    rate_limit: int = _knob(1000, "Requests an hour for a key without a limit of its own; 0 for no limit.")
    auth_failures_per_minute: int = _knob(
        300, "Failed authentications a minute and address before they get 429; 0 for no limit."
    )
    max_body_bytes: int = _knob(1_048_576, "Largest request body, in bytes.")
    max_header_bytes: int = _knob(32_768, "Largest request head (line and headers), in bytes.")
    trusted_proxies: str = _knob(
        "", "Addresses of reverse proxies, by comma, whose X-Forwarded-For header is believed."
    )
    log_level: str = _knob("info", "One of debug, info, warning, error; requests are logged at info.")
    drain_seconds: int = _knob(30, "How long a stopping server waits for the requests under way.")

    def __post_init__(self) -> None:
        self._require(0 <= self.port <= 65535, "port", "a number from 0 to 65535")
        self._require(self.rate_limit >= 0, "rate_limit", "0 or more requests an hour")
        self._require(self.auth_failures_per_minute >= 0, "auth_failures_per_minute", "0 or more")
        self._require(1024 <= self.max_body_bytes <= 1 << 30, "max_body_bytes", "1024 to 1073741824 bytes")
        self._require(1024 <= self.max_header_bytes <= 1 << 20, "max_header_bytes", "1024 to 1048576 bytes")
        self._require(self.log_level in LOG_LEVELS, "log_level", "one of " + ", ".join(LOG_LEVELS))
        self._require(self.drain_seconds >= 1, "drain_seconds", "1 second or more")
        for proxy in self.proxies:
            self._require(_is_network(proxy), "trusted_proxies", "IP addresses or networks, by comma")

    @property
    def proxies(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.trusted_proxies.split(",") if part.strip())

    def _require(self, holds: object, name: str, expected: str) -> None:
        if not holds:
            given = getattr(self, name)
            raise SettingsError(f"LEADLIGHT_{name.upper()} is {given!r}; it has to be {expected}.")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
