"""Webhooks: addresses that are told of events, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, Unpack

import msgspec

from leadlight.client.calls import Call, Page, body, data, page, params, segment
from leadlight.client.models import Deleted, Delivery
from leadlight.client.resource import D, Listing, Method, Resource

_PATH = "/webhooks"


class Webhook(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """An address that is told of events. `secret`: only in the answer that makes it."""

    id: str
    url: str
    events: Sequence[str]
    description: str | None
    active: bool
    disabled_reason: str | None
    created_at: datetime
    updated_at: datetime
    success_count: int
    failure_count: int
    last_success_at: datetime | None
    last_failure_at: datetime | None
    secret: str | None = None


class WebhookFields(TypedDict, total=False):
    url: str
    events: Sequence[str]
    description: str | None
    active: bool


_decode_webhook = data(Webhook)
_decode_page = page("webhooks", Webhook)
_decode_deleted = data(Deleted)
_decode_delivery = data(Delivery)
_decode_deliveries = page("deliveries", Delivery)


class Webhooks(Resource[D]):
    @Method
    def get(self, webhook_id: str) -> Call[Webhook]:
        """Raises NotFound."""
        return Call(method="GET", path=_webhook(webhook_id), decode=_decode_webhook)

    @Method
    def create(
        self, url: str, events: Sequence[str], *, description: str | None = None, active: bool = True
    ) -> Call[Webhook]:
        """Answers with the secret, this once. `events`: types, areas (`lead.*`) or `*`. Raises ValidationFailed."""
        asked = {"url": url, "events": events, "description": description, "active": active}
        return Call(method="POST", path=_PATH, decode=_decode_webhook, content=body(asked), repeatable=False)

    @Method
    def update(self, webhook_id: str, **fields: Unpack[WebhookFields]) -> Call[Webhook]:
        """Changes what is given. Raises NotFound, ValidationFailed."""
        return Call(method="PUT", path=_webhook(webhook_id), decode=_decode_webhook, content=body(fields))

    @Method
    def delete(self, webhook_id: str) -> Call[Deleted]:
        """Raises NotFound; that too where an earlier try did it and its answer was lost."""
        return Call(method="DELETE", path=_webhook(webhook_id), decode=_decode_deleted)

    @Method
    def rotate_secret(self, webhook_id: str) -> Call[Webhook]:
        """Answers with the new secret, this once. Raises NotFound."""
        path = f"{_webhook(webhook_id)}/rotate-secret"
        return Call(method="POST", path=path, decode=_decode_webhook, repeatable=False)

    @Method
    def test(self, webhook_id: str) -> Call[Delivery]:
        """Sends it an event with an invented lead. Raises NotFound, Conflict."""
        path = f"{_webhook(webhook_id)}/test"
        return Call(method="POST", path=path, decode=_decode_delivery, repeatable=False)

    @Method
    def delivery(self, delivery_id: str) -> Call[Delivery]:
        """With each of its attempts. Raises NotFound."""
        return Call(method="GET", path=f"/deliveries/{segment(delivery_id)}", decode=_decode_delivery)

    @Method
    def retry(self, delivery_id: str) -> Call[Delivery]:
        """Sends a delivery again, now. Raises NotFound, Conflict."""
        path = f"/deliveries/{segment(delivery_id)}/retry"
        return Call(method="POST", path=path, decode=_decode_delivery, repeatable=False)

    @Listing
    def deliveries(self, webhook_id: str, *, status: str | None = None, page_size: int = 50) -> Call[Page[Delivery]]:
        """All that it was sent, newest first. `status`: pending, sending, succeeded, failed or dropped."""
        asked = params({"status": status, "limit": page_size})
        return Call(method="GET", path=f"{_webhook(webhook_id)}/deliveries", decode=_decode_deliveries, params=asked)

    @Listing
    def list(self, *, page_size: int = 100) -> Call[Page[Webhook]]:
        """All webhooks, oldest first."""
        return Call(method="GET", path=_PATH, decode=_decode_page, params=params({"limit": page_size}))


def _webhook(webhook_id: str) -> str:
    return f"{_PATH}/{segment(webhook_id)}"
