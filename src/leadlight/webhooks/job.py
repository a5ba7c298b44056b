"""What the transactions of delivering and the process that sends hand to each other."""

import msgspec

from leadlight.events.event import Event
from leadlight.webhooks.delivery import Delivery
from leadlight.webhooks.failure import Outcome
from leadlight.webhooks.webhook import Webhook


class Job(msgspec.Struct, frozen=True, eq=False):
    """An attempt to be made. `event` is None for a test, and when its lead was deleted."""

    webhook: Webhook
    delivery: Delivery
    event: Event | None

    @property
    def is_gone(self) -> bool:
        """Whether its lead was deleted, and with it what there was to send."""
        return self.event is None and self.delivery.lead_id is not None


class Done(msgspec.Struct, frozen=True, eq=False):
    """What became of a job; `outcome` is None when it was not sent, for its lead or its endpoint is gone."""

    job: Job
    outcome: Outcome | None


class Room(msgspec.Struct):
    """How many attempts a process may begin: in all, and to endpoints whose last answer was not good."""

    total: int
    unproven: int

    def of(self, webhook: Webhook) -> int:
        return self.total if webhook.is_proven else min(self.total, self.unproven)

    def take(self, webhook: Webhook, count: int) -> None:
        self.total -= count
        if not webhook.is_proven:
            self.unproven -= count


class Sending(msgspec.Struct, frozen=True):
    """Where a process stands in a workspace.

    `under_way`: how many attempts by endpoint, but for those whose end is being recorded. `known`: the deliveries that
    it knows to have taken on; None when there can be no others.
    """

    sender: str
    room: Room
    under_way: dict[str, int]
    known: frozenset[str] | None = None


class Advanced(msgspec.Struct):
    """What to send now, and the times at which to look again. `starved`: more could be sent, had we room."""

    jobs: list[Job]
    times: set[int]
    starved: bool = False
