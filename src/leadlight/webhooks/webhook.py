"""The webhook: an address that wants events, and what its answers make of it."""

from collections.abc import Iterable

import msgspec

from leadlight.clock import DAY, to_iso
from leadlight.errors import Invalid
from leadlight.events.event import CATALOG, EventType

ROTATION_GRACE = DAY
FAILING_TOO_LONG = 5 * DAY
MAX_WEBHOOKS = 2_000
MAX_DESCRIPTION = 500
TEST_TYPE = "webhook.test"
TEST_MEANING = (
    "Somebody asked for a test: `data` is an invented lead. It goes to that webhook alone, and is in no feed."
)
"""An event that only a test sends."""

_AREAS = sorted({kind.partition(".")[0] for kind in CATALOG})
SUBSCRIPTIONS = (*(kind.value for kind in CATALOG), *(f"{area}.*" for area in _AREAS), TEST_TYPE, "*")
"""What an endpoint can ask for: types, all types of an area, or everything; a test comes whether or not it is named."""

_AT_ONCE = 32
_AT_ONCE_UNPROVEN = 1


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint as it is stored. Times in milliseconds since 1970.

    `position`: its place in the feed. `due_at`: when the first of its waiting deliveries is due. `failing_since` is
    None when the last attempt was a success. `sender`: the process that has it, until another may take it.
    """

    workspace_id: str
    id: str
    url: str
    events: tuple[str, ...]
    description: str | None
    secret: str
    previous_secret: str | None = None
    previous_secret_until: int | None = None
    active: bool = True
    disabled_reason: str | None = None
    created_at: int
    updated_at: int
    position: int
    due_at: int | None = None
    paused_until: int = 0
    sender: str | None = None
    sender_until: int = 0
    is_full: bool = False
    success_count: int = 0
    failure_count: int = 0
    last_success_at: int | None = None
    last_failure_at: int | None = None
    failing_since: int | None = None

    def types(self) -> tuple[EventType, ...]:
        """The types that it asked for."""
        return wanted_types(self.events)

    def secrets(self, now: int) -> tuple[str, ...]:
        """What an attempt is signed with, the newest first."""
        if self.previous_secret is None or (self.previous_secret_until or 0) <= now:
            return (self.secret,)
        return (self.secret, self.previous_secret)

    def secrets_at(self, moment: int) -> tuple[str, ...]:
        """What an attempt of some time ago was signed with; nothing where that was a secret that is not kept."""
        if self.previous_secret_until is not None and moment < self.previous_secret_until - ROTATION_GRACE:
            return ()
        return self.secrets(moment)

    @property
    def is_proven(self) -> bool:
        """Whether its last answer was good."""
        return self.last_success_at is not None and self.failing_since is None

    @property
    def at_once(self) -> int:
        """How many deliveries it may be sent at a time: one that does not answer well is tried with one."""
        return _AT_ONCE if self.is_proven else _AT_ONCE_UNPROVEN


def wanted_types(subscriptions: Iterable[str]) -> tuple[EventType, ...]:
    """The types that subscriptions stand for."""
    named = set(subscriptions)
    return tuple(kind for kind in EventType if named & {kind.value, f"{kind.partition('.')[0]}.*", "*"})


def subscriptions_rule(names: list[str]) -> tuple[str, ...]:
    """Raises Invalid for what no event will ever be called."""
    if not names:
        raise Invalid("blank", "must name at least one event type; * stands for all")
    unknown = [name for name in names if name not in SUBSCRIPTIONS]
    if unknown:
        known = ", ".join(SUBSCRIPTIONS)
        raise Invalid("unknown_event_type", f"there is no event type {', '.join(unknown)[:100]}; known are {known}")
    return tuple(dict.fromkeys(names))


def description_rule(text: str | None) -> str | None:
    if text is not None and len(text) > MAX_DESCRIPTION:
        raise Invalid("too_long", f"must not be longer than {MAX_DESCRIPTION} characters")
    return text


def reason_to_disable(webhook: Webhook, answered: int | None, now: int) -> str | None:
    """Why an endpoint is sent nothing more after a failure, or None. `answered`: the HTTP status, if there was one."""
    if answered == 410:
        return "It answered 410 Gone."
    since = webhook.failing_since
    if since is None or now - since < FAILING_TOO_LONG:
        return None
    days = FAILING_TOO_LONG // DAY
    last = "it did not answer" if answered is None else f"it answered {answered}"
    return f"Every attempt since {to_iso(since)} failed, for {days} days; at last {last}."
