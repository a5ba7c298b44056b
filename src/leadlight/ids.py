"""Typed ids: a prefix that says what it names, then a UUIDv7 in base 32 (the TypeID format).

Ids made by one process sort by the order in which they were made. The text form is stored and
handed to clients, so neither the alphabet nor the prefixes may ever change.
"""

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from leadlight.clock import Clock, system_clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_MAX_LENGTH = 64


@dataclass(frozen=True, slots=True)
class IdKind:
    """One kind of id: what it names, its prefix, and the check of its form (contract §3)."""

    name: str
    prefix: str
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        room = _MAX_LENGTH - len(self.prefix)
        object.__setattr__(self, "pattern", re.compile(f"{self.prefix}[A-Za-z0-9]{{1,{room}}}"))

    def accepts(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None


LEAD = IdKind("lead", "lead_")
WORKSPACE = IdKind("workspace", "ws_")
KEY = IdKind("key", "key_")
USER = IdKind("user", "usr_")
EVENT = IdKind("event", "evt_")
WEBHOOK = IdKind("webhook", "wh_")
DELIVERY = IdKind("delivery", "dlv_")
REPLAY = IdKind("replay", "rpl_")
OPERATION = IdKind("operation", "op_")
IMPORT = IdKind("import", "imp_")
FORM = IdKind("form", "form_")
SUBMISSION = IdKind("submission", "sub_")
NOTE = IdKind("note", "note_")
VIEW = IdKind("view", "view_")

NewId = Callable[[IdKind], str]
"""Makes a new id of a kind."""


class IdFactory:
    """Makes ids that rise: UUIDv7 whose random part counts up within a millisecond (RFC 9562 §6.2)."""

    def __init__(self, clock: Clock = system_clock, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._lock = threading.Lock()
        self._millisecond = 0
        self._random = 0

    def __call__(self, kind: IdKind) -> str:
        return kind.prefix + _base32(self._next_uuid7())

    def _next_uuid7(self) -> int:
        with self._lock:
            now = self._clock()
            if now > self._millisecond:
                self._millisecond = now
                self._random = self._random_bits(73)  # one bit of 74 left free, to count into
            else:
                self._random += 1 + self._random_bits(32)
            high, low = self._random >> 62, self._random & ((1 << 62) - 1)
            return self._millisecond << 80 | 7 << 76 | high << 64 | 2 << 62 | low


def first_id(kind: IdKind, moment: int) -> str:
    """What no id that was made at a time or later is lower than; in milliseconds since 1970."""
    return kind.prefix + _base32(moment << 80)


def _base32(number: int) -> str:
    """26 characters for 128 bits, two at a time."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])
