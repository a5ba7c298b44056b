"""Webhooks and deliveries on the wire."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from leadlight.clock import to_iso, to_iso_or_none
from leadlight.http.body import FieldRule, time_rule
from leadlight.http.pagination import CursorPagination
from leadlight.http.query import Parameter, choice, id_cursor, integer
from leadlight.ids import DELIVERY, WEBHOOK
from leadlight.webhooks.address import MAX_URL, check_url
from leadlight.webhooks.delivery import Attempt, Delivery, DeliveryStatus, Replay
from leadlight.webhooks.failure import Failure
from leadlight.webhooks.service import WebhookDraft, WebhookPatch
from leadlight.webhooks.webhook import MAX_DESCRIPTION, SUBSCRIPTIONS, Webhook, description_rule, subscriptions_rule

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Url = Annotated[
    str,
    Meta(
        description="Where events are posted to: http or https, without credentials, no private address.",
        examples=["https://example.com/hooks/leads"],
        extra_json_schema={"format": "uri", "minLength": 1, "maxLength": MAX_URL},
    ),
]
Events = Annotated[
    list[Annotated[str, Meta(extra_json_schema={"enum": list(SUBSCRIPTIONS)})]],
    Meta(
        description="Which events it wants: types, all types of an area (`lead.*`), or all (`*`).",
        examples=[["lead.created", "lead.status_changed"]],
        extra_json_schema={"minItems": 1},
    ),
]
Description = Annotated[str, Meta(extra_json_schema={"maxLength": MAX_DESCRIPTION})]
Secret = Annotated[
    str,
    Meta(
        description="What its calls are signed with; only in the answer that makes it.",
        extra_json_schema={"pattern": "^whsec_[A-Za-z0-9+/]+=*$"},
    ),
]


def _events_rule(names: list[str]) -> list[str]:
    return list(subscriptions_rule(names))


class WebhookCreate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """An endpoint to be made."""

    url: Url
    events: Events
    description: Description | None = None
    active: bool = True

    rules: ClassVar[dict[str, FieldRule]] = {
        "url": check_url,
        "events": _events_rule,
        "description": description_rule,
    }

    def draft(self) -> WebhookDraft:
        return WebhookDraft(self.url, tuple(self.events), self.description, self.active)


class WebhookUpdate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is to change: only what is sent does."""

    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    active: (
        Annotated[bool, Meta(description="Set to true to go on with an endpoint that was disabled, from then on.")]
        | UnsetType
    ) = UNSET

    rules: ClassVar[dict[str, FieldRule]] = WebhookCreate.rules

    def patch(self) -> WebhookPatch:
        events = UNSET if self.events is UNSET else tuple(self.events)
        return WebhookPatch(self.url, events, self.description, self.active)


class WebhookView(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An endpoint. The counts are of attempts."""

    id: str
    url: Url
    events: Events
    description: Description | None
    active: bool
    disabled_reason: Annotated[str | None, Meta(description="Why we stopped sending to it.")]
    created_at: Time
    updated_at: Time
    success_count: int
    failure_count: int
    last_success_at: Time | None
    last_failure_at: Time | None
    secret: Secret | UnsetType = UNSET

    @classmethod
    def of(cls, webhook: Webhook, secret: str | UnsetType = UNSET) -> "WebhookView":
        return cls(
            webhook.id,
            webhook.url,
            list(webhook.events),
            webhook.description,
            webhook.active,
            webhook.disabled_reason,
            to_iso(webhook.created_at),
            to_iso(webhook.updated_at),
            webhook.success_count,
            webhook.failure_count,
            to_iso_or_none(webhook.last_success_at),
            to_iso_or_none(webhook.last_failure_at),
            secret,
        )

    @classmethod
    def with_secret(cls, webhook: Webhook) -> "WebhookView":
        return cls.of(webhook, webhook.secret)


class WebhookList(msgspec.Struct, frozen=True):
    webhooks: list[WebhookView]
    pagination: CursorPagination


class DeletedWebhook(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    deleted_at: Time


class AttemptView(msgspec.Struct, frozen=True, rename="camel"):
    """One try."""

    number: int
    timestamp: Time
    duration_ms: int
    status: Annotated[int | None, Meta(description="HTTP status of the answer; null if none came.")]
    failure: Annotated[Failure | None, Meta(description="Why it counts as failed; null for a success.")]
    answer: Annotated[str, Meta(description="How the answer's body begins: its first 1024 bytes.")]

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptView":
        failure = None if attempt.failure is None else Failure(attempt.failure)
        return cls(attempt.number, to_iso(attempt.began_at), attempt.duration, attempt.status, failure, attempt.answer)


class DeliveryView(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One event on its way to one endpoint. `attempts` stands in the answer for one delivery alone."""

    id: str
    webhook_id: str
    event_id: Annotated[str, Meta(description="The `webhook-id` of every attempt.")]
    event_type: str
    lead_id: str | None
    status: DeliveryStatus
    attempt_count: int
    next_attempt_at: Time | None
    created_at: Time
    finished_at: Time | None
    attempts: list[AttemptView] | UnsetType = UNSET

    @classmethod
    def of(cls, delivery: Delivery, attempts: list[Attempt] | UnsetType = UNSET) -> "DeliveryView":
        return cls(
            delivery.id,
            delivery.webhook_id,
            delivery.event_id,
            delivery.event_type,
            delivery.lead_id,
            delivery.status,
            delivery.attempts,
            to_iso_or_none(delivery.due_at),
            to_iso(delivery.created_at),
            to_iso_or_none(delivery.finished_at),
            UNSET if attempts is UNSET else [AttemptView.of(attempt) for attempt in attempts],
        )


class DeliveryList(msgspec.Struct, frozen=True):
    deliveries: list[DeliveryView]
    pagination: CursorPagination


class ReplayRequest(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The part of the past that is to be sent again."""

    since: Time
    until: Annotated[
        str | None, Meta(description="Just before this; now, if not said.", extra_json_schema={"format": "date-time"})
    ] = None
    types: Annotated[Events, Meta(description="Only these; what the endpoint wants, if not said.")] | None = None

    rules: ClassVar[dict[str, FieldRule]] = {
        "since": time_rule,
        "until": time_rule,
        "types": lambda names: None if names is None else _events_rule(names),
    }


class ReplayView(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    webhook_id: str
    types: list[str]
    since: Time
    until: Time
    created_at: Time

    @classmethod
    def of(cls, replay: Replay) -> "ReplayView":
        return cls(
            replay.id,
            replay.webhook_id,
            list(replay.types),
            to_iso(replay.since),
            to_iso(replay.until),
            to_iso(replay.created_at),
        )


class WebhookQuery(msgspec.Struct, frozen=True):
    after: str = ""
    limit: int = 100


class DeliveryQuery(msgspec.Struct, frozen=True):
    after: str = ""
    limit: int = 50
    status: DeliveryStatus | None = None


WEBHOOK_PARAMETERS = (
    Parameter("after", id_cursor(WEBHOOK), "Where to go on: a `nextCursor` from before."),
    Parameter("limit", integer(1, 100, default=100), "How many webhooks at the most."),
)
DELIVERY_PARAMETERS = (
    Parameter("after", id_cursor(DELIVERY), "Where to go on: a `nextCursor` from before."),
    Parameter("limit", integer(1, 100, default=50), "How many deliveries at the most."),
    Parameter("status", choice(DeliveryStatus), "Only deliveries in this state."),
)
