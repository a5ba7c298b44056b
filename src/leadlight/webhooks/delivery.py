"""The delivery: one event on its way to one endpoint, its attempts, and when the next is due."""

from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from leadlight.clock import SECOND

_JITTER = 0.1


class DeliveryStatus(StrEnum):
    """`dropped`: the lead was deleted before it was sent, and with it what there was to send."""

    PENDING = "pending"
    SENDING = "sending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DROPPED = "dropped"


class Delivery(msgspec.Struct, frozen=True):
    """As it is stored.

    `position`: of its event in the feed; None for a test, and when its lead was deleted. `failures`: those that the
    schedule counts, which an attempt that broke off with its sender is not one of.
    """

    workspace_id: str
    id: str
    webhook_id: str
    event_id: str
    event_type: str
    position: int | None
    lead_id: str | None
    status: DeliveryStatus
    attempts: int
    failures: int
    due_at: int | None
    created_at: int
    finished_at: int | None = None

    @property
    def is_gone(self) -> bool:
        """Whether its lead was deleted, and with it what there was to send."""
        return self.position is None and self.lead_id is not None


class Attempt(msgspec.Struct, frozen=True):
    """One try, as it is stored. `duration` in milliseconds; `failure` is None for a success."""

    delivery_id: str
    number: int
    began_at: int
    duration: int
    status: int | None
    failure: str | None
    answer: str


class RetrySchedule(msgspec.Struct, frozen=True):
    """Milliseconds before each attempt: the first from the event, each other from the failure before it."""

    delays: tuple[int, ...]

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "RetrySchedule":
        return cls(tuple(round(delay * SECOND) for delay in seconds))

    def next_due(
        self, failures: int, now: int, random: Callable[[], float], *, retry_after: int | None = None
    ) -> int | None:
        """When to try again after so many failures, or None when it was the last try.

        Up to a tenth later than planned, so that what failed together does not come back together. `retry_after`:
        seconds that the endpoint asked for.
        """
        if failures >= len(self.delays):
            return None
        planned = int(self.delays[failures] * (1 + _JITTER * random()))
        return now + max(planned, (retry_after or 0) * SECOND)


class Replay(msgspec.Struct, frozen=True):
    """A part of the feed that is sent once more: what lies behind `position`, up to `last_position`.

    It was asked for by time: from `since` to just before `until`.
    """

    workspace_id: str
    id: str
    webhook_id: str
    types: tuple[str, ...]
    position: int
    last_position: int
    since: int
    until: int
    created_at: int
