"""Webhooks: endpoints, what became of their deliveries, sending again."""

from collections.abc import Awaitable, Callable
from typing import Any

from leadlight.clock import to_iso
from leadlight.http.operation import Operation
from leadlight.http.pagination import cut
from leadlight.ids import DELIVERY, WEBHOOK
from leadlight.principal import Principal, Scope
from leadlight.webhooks.schemas import (
    DELIVERY_PARAMETERS,
    WEBHOOK_PARAMETERS,
    DeletedWebhook,
    DeliveryList,
    DeliveryQuery,
    DeliveryView,
    ReplayRequest,
    ReplayView,
    WebhookCreate,
    WebhookList,
    WebhookQuery,
    WebhookUpdate,
    WebhookView,
)
from leadlight.webhooks.service import WebhookService

_WEBHOOK = {
    "id": "wh_01kb2v7r2mf0r8n4t9q5w7x1yz",
    "url": "https://example.com/hooks/leads",
    "events": ["lead.created", "lead.status_changed"],
    "description": "Billing",
    "active": True,
    "disabledReason": None,
    "createdAt": "2026-01-15T10:30:00.000Z",
    "updatedAt": "2026-01-15T10:30:00.000Z",
    "successCount": 412,
    "failureCount": 3,
    "lastSuccessAt": "2026-01-20T08:14:03.114Z",
    "lastFailureAt": "2026-01-18T22:01:45.870Z",
}
_WITH_SECRET = {**_WEBHOOK, "secret": "whsec_" + "A" * 43 + "="}
_DELIVERY = {
    "id": "dlv_01kb2v7xq8d6y3f9k1m4p7s0tv",
    "webhookId": _WEBHOOK["id"],
    "eventId": "evt_01kb2v6e3mf0r8n4t9q5w7x1yz",
    "eventType": "lead.created",
    "leadId": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz",
    "status": "pending",
    "attemptCount": 1,
    "nextAttemptAt": "2026-01-15T10:30:05.312Z",
    "createdAt": "2026-01-15T10:30:00.004Z",
    "finishedAt": None,
}
_ATTEMPT = {
    "number": 1,
    "timestamp": "2026-01-15T10:30:00.009Z",
    "durationMs": 38,
    "status": 500,
    "failure": "http_status",
    "answer": "Internal Server Error",
}
_REPLAY = {
    "id": "rpl_01kb2v8b5qe4m8c2n7t0r6w3hj",
    "webhookId": _WEBHOOK["id"],
    "types": ["lead.created"],
    "since": "2026-01-14T00:00:00.000Z",
    "until": "2026-01-15T00:00:00.000Z",
    "createdAt": "2026-01-15T10:30:00.000Z",
}


def _pagination(limit: int) -> dict[str, Any]:
    return {"limit": limit, "hasNext": False, "nextCursor": None}


def _webhooks(handler: Callable[..., Awaitable[Any]], **declared: Any) -> Operation:
    return Operation(tag="Webhooks", scope=Scope.WEBHOOKS_MANAGE, handler=handler, **declared)


class WebhookRoutes:
    def __init__(self, webhooks: WebhookService) -> None:
        self._webhooks = webhooks

    def operations(self) -> list[Operation]:
        return [*self._endpoints(), *self._deliveries()]

    def _endpoints(self) -> list[Operation]:
        return [
            _webhooks(
                self.list_webhooks,
                id="listWebhooks",
                method="GET",
                path="/api/v1/webhooks",
                summary="List webhooks",
                description="Oldest first. The secrets are nowhere to be read.",
                query=WebhookQuery,
                parameters=WEBHOOK_PARAMETERS,
                response=WebhookList,
                example={"webhooks": [_WEBHOOK], "pagination": _pagination(100)},
            ),
            _webhooks(
                self.create_webhook,
                id="createWebhook",
                method="POST",
                path="/api/v1/webhooks",
                summary="Create a webhook",
                description="It is sent what happens from now on. The answer holds the secret, this once.",
                body=WebhookCreate,
                response=WebhookView,
                example=_WITH_SECRET,
                status=201,
                errors=("CONFLICT",),
                request_example={"url": _WEBHOOK["url"], "events": _WEBHOOK["events"], "description": "Billing"},
            ),
            _webhooks(
                self.get_webhook,
                id="getWebhook",
                method="GET",
                path="/api/v1/webhooks/{webhookId}",
                summary="Read a webhook",
                description="With how it is doing.",
                path_id=WEBHOOK,
                response=WebhookView,
                example=_WEBHOOK,
            ),
            _webhooks(
                self.update_webhook,
                id="updateWebhook",
                method="PUT",
                path="/api/v1/webhooks/{webhookId}",
                summary="Change a webhook",
                description="Only what is sent changes. One that is set active again is sent what happens from then "
                "on; for what it missed, ask for a replay.",
                path_id=WEBHOOK,
                body=WebhookUpdate,
                response=WebhookView,
                example=_WEBHOOK,
                request_example={"events": ["lead.*"], "active": True},
            ),
            _webhooks(
                self.delete_webhook,
                id="deleteWebhook",
                method="DELETE",
                path="/api/v1/webhooks/{webhookId}",
                summary="Delete a webhook",
                description="Nothing more is sent to it. Its deliveries go with it.",
                path_id=WEBHOOK,
                response=DeletedWebhook,
                example={"id": _WEBHOOK["id"], "deletedAt": "2026-01-15T10:30:00.000Z"},
                message="Webhook deleted",
            ),
            _webhooks(
                self.rotate_secret,
                id="rotateWebhookSecret",
                method="POST",
                path="/api/v1/webhooks/{webhookId}/rotate-secret",
                summary="Rotate a webhook's secret",
                description="The answer holds the new secret, this once. For 24 hours `webhook-signature` holds a "
                "signature by the old one too; `X-Webhook-Signature` is made with the new one at once.",
                path_id=WEBHOOK,
                response=WebhookView,
                example=_WITH_SECRET,
            ),
            _webhooks(
                self.send_test,
                id="testWebhook",
                method="POST",
                path="/api/v1/webhooks/{webhookId}/test",
                summary="Send a test event",
                description="Queues a `webhook.test` with an invented lead. The delivery tells what became of it.",
                path_id=WEBHOOK,
                response=DeliveryView,
                example={**_DELIVERY, "eventType": "webhook.test", "leadId": None, "attemptCount": 0},
                status=202,
                errors=("CONFLICT",),
            ),
        ]

    def _deliveries(self) -> list[Operation]:
        return [
            _webhooks(
                self.replay,
                id="replayWebhook",
                method="POST",
                path="/api/v1/webhooks/{webhookId}/replay",
                summary="Send a part of the past again",
                description="Every event from `since` to just before `until` that is still there, oldest first, "
                "beside what is new. They keep their ids: a receiver can tell what it has seen.",
                path_id=WEBHOOK,
                body=ReplayRequest,
                response=ReplayView,
                example=_REPLAY,
                status=202,
                errors=("CONFLICT",),
                request_example={"since": _REPLAY["since"], "until": _REPLAY["until"], "types": _REPLAY["types"]},
            ),
            _webhooks(
                self.list_deliveries,
                id="listDeliveries",
                method="GET",
                path="/api/v1/webhooks/{webhookId}/deliveries",
                summary="List a webhook's deliveries",
                description="Newest first: every event that was tried, and how it stands. An event appears with its "
                "first attempt.",
                path_id=WEBHOOK,
                query=DeliveryQuery,
                parameters=DELIVERY_PARAMETERS,
                response=DeliveryList,
                example={"deliveries": [_DELIVERY], "pagination": _pagination(50)},
            ),
            _webhooks(
                self.get_delivery,
                id="getDelivery",
                method="GET",
                path="/api/v1/deliveries/{deliveryId}",
                summary="Read a delivery",
                description="With each attempt: when, how long, what was answered, why it failed.",
                path_id=DELIVERY,
                response=DeliveryView,
                example={**_DELIVERY, "attempts": [_ATTEMPT]},
            ),
            _webhooks(
                self.retry_delivery,
                id="retryDelivery",
                method="POST",
                path="/api/v1/deliveries/{deliveryId}/retry",
                summary="Send a delivery again, now",
                description="Whatever became of it, unless its lead was deleted.",
                path_id=DELIVERY,
                response=DeliveryView,
                example=_DELIVERY,
                status=202,
                errors=("CONFLICT",),
            ),
        ]

    async def list_webhooks(self, caller: Principal, query: WebhookQuery) -> WebhookList:
        found = await self._webhooks.list_webhooks(caller.workspace_id, after=query.after, limit=query.limit + 1)
        page, pagination = cut(found, query.limit)
        return WebhookList([WebhookView.of(webhook) for webhook in page], pagination)

    async def create_webhook(self, caller: Principal, body: WebhookCreate) -> WebhookView:
        return WebhookView.with_secret(await self._webhooks.create_webhook(caller.workspace_id, body.draft()))

    async def get_webhook(self, caller: Principal, webhook_id: str) -> WebhookView:
        return WebhookView.of(await self._webhooks.get_webhook(caller.workspace_id, webhook_id))

    async def update_webhook(self, caller: Principal, webhook_id: str, body: WebhookUpdate) -> WebhookView:
        return WebhookView.of(await self._webhooks.update_webhook(caller.workspace_id, webhook_id, body.patch()))

    async def delete_webhook(self, caller: Principal, webhook_id: str) -> DeletedWebhook:
        deleted_at = await self._webhooks.delete_webhook(caller.workspace_id, webhook_id)
        return DeletedWebhook(webhook_id, to_iso(deleted_at))

    async def rotate_secret(self, caller: Principal, webhook_id: str) -> WebhookView:
        return WebhookView.with_secret(await self._webhooks.rotate_secret(caller.workspace_id, webhook_id))

    async def send_test(self, caller: Principal, webhook_id: str) -> DeliveryView:
        return DeliveryView.of(await self._webhooks.send_test(caller.workspace_id, webhook_id))

    async def replay(self, caller: Principal, webhook_id: str, body: ReplayRequest) -> ReplayView:
        replay = await self._webhooks.replay(
            caller.workspace_id,
            webhook_id,
            since=body.since,  # type: ignore[arg-type]  # its rule made it a number
            until=body.until,  # type: ignore[arg-type]  # the same
            types=tuple(body.types or ()),
        )
        return ReplayView.of(replay)

    async def list_deliveries(self, caller: Principal, webhook_id: str, query: DeliveryQuery) -> DeliveryList:
        found = await self._webhooks.list_deliveries(
            caller.workspace_id, webhook_id, status=query.status, before=query.after, limit=query.limit + 1
        )
        page, pagination = cut(found, query.limit)
        return DeliveryList([DeliveryView.of(delivery) for delivery in page], pagination)

    async def get_delivery(self, caller: Principal, delivery_id: str) -> DeliveryView:
        return DeliveryView.of(*await self._webhooks.get_delivery(caller.workspace_id, delivery_id))

    async def retry_delivery(self, caller: Principal, delivery_id: str) -> DeliveryView:
        return DeliveryView.of(await self._webhooks.retry_delivery(caller.workspace_id, delivery_id))
