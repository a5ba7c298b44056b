"""The settings pages of webhooks: endpoints are made, changed, tried out and removed, and list their deliveries."""

import re
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from starlette.responses import Response

from leadlight.clock import Clock
from leadlight.dashboard.form import Form
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit
from leadlight.dashboard.webhook_health import health_of, is_due_soon, missed_since
from leadlight.errors import Conflict, InvalidInput, Problem
from leadlight.events.event import CATALOG, EventType
from leadlight.http.body import time_rule
from leadlight.http.pagination import cut
from leadlight.http.query import Parameter, QueryDecoder, text
from leadlight.ids import WEBHOOK
from leadlight.webhooks.address import check_url
from leadlight.webhooks.delivery import DeliveryStatus
from leadlight.webhooks.schemas import DELIVERY_PARAMETERS, WEBHOOK_PARAMETERS, DeliveryQuery, WebhookQuery
from leadlight.webhooks.service import WebhookDraft, WebhookPatch, WebhookService
from leadlight.webhooks.webhook import TEST_TYPE, Webhook, description_rule, subscriptions_rule

EVENTS = {
    "*": "All that happens, now and in later versions",
    "lead.*": "All that happens to leads",
    **{kind.value: re.split("[.:]", tells, maxsplit=1)[0].replace("`", "") for kind, tells in CATALOG.items()},
    TEST_TYPE: "Tests, which come in any case",
}
"""What an endpoint can ask for, in few words: of a type, how its entry in the catalog begins."""

_DONE = {
    "saved": "Saved.",
    "on": "It is sent what happens from now on. For what it missed, send a part of the past again.",
    "off": "Nothing is sent to it any more. What happens meanwhile is not kept for it.",
    "replayed": "The events of that time are sent again, oldest first.",
    "nothing": "Nothing happened in that time that is still there to be sent.",
    "deleted": "The webhook was deleted: nothing more is sent to it.",
}


class ListQuery(WebhookQuery, frozen=True):
    done: str = ""


class PageQuery(DeliveryQuery, frozen=True):
    limit: int = 25
    done: str = ""


_DONE_PARAMETER = Parameter("done", text(20), "What was just done.")
_decode_list = QueryDecoder(ListQuery, (*WEBHOOK_PARAMETERS, _DONE_PARAMETER)).decode
_decode_page = QueryDecoder(PageQuery, (*DELIVERY_PARAMETERS, _DONE_PARAMETER)).decode


class WebhookPages:
    def __init__(self, webhooks: WebhookService, clock: Clock) -> None:
        self._webhooks = webhooks
        self._clock = clock

    # All of them

    async def show_all(self, visit: Visit) -> Response:
        query: ListQuery = _decode_list(visit.query)
        return await self._list_page(visit, query=query)

    async def create(self, visit: Visit) -> Response:
        form = await visit.form()
        try:
            webhook = await self._webhooks.create_webhook(visit.workspace_id, _draft_of(form))
        except InvalidInput as error:
            form.note(*error.problems)
            return await self._list_page(visit, 400, form=form)
        except Conflict as error:
            form.note(Problem("url", error.message, "conflict"))
            return await self._list_page(visit, 409, form=form)
        return await self._list_page(visit, fresh=webhook)

    async def _list_page(
        self,
        visit: Visit,
        status: int = 200,
        *,
        query: ListQuery = ListQuery(),  # noqa: B008  (frozen)
        form: Form | None = None,
        fresh: Webhook | None = None,
    ) -> Response:
        """`form`: of one that can't be made; `fresh`: one whose secret is shown this once."""
        found = await self._webhooks.list_webhooks(visit.workspace_id, after=query.after, limit=query.limit + 1)
        webhooks, pagination = cut(found, query.limit)
        now = self._clock()
        return visit.page(
            "settings_webhooks.html",
            status,
            rows=[(webhook, health_of(webhook, now)) for webhook in webhooks],
            after=query.after,
            next=pagination.next_cursor,
            form=form or Form.filled(active="on"),
            fresh=fresh,
            subscriptions=EVENTS,
            done=_DONE.get(query.done),
        )

    # One

    async def show(self, visit: Visit) -> Response:
        query: PageQuery = _decode_page(visit.query)
        return await self._page(visit, await self._webhook(visit), query=query)

    async def save(self, visit: Visit) -> Response:
        form = await visit.form()
        webhook = await self._webhook(visit)
        try:
            draft = _draft_of(form)
            patch = WebhookPatch(
                url=UNSET if draft.url == webhook.url else draft.url,  # a name that DNS has lost is no obstacle then
                events=draft.events,
                description=draft.description,
            )
            await self._webhooks.update_webhook(visit.workspace_id, webhook.id, patch)
        except InvalidInput as error:
            form.note(*error.problems)
            return await self._page(visit, webhook, 400, form=form)
        return _back(visit, webhook, "saved")

    async def switch(self, visit: Visit) -> Response:
        form = await visit.form()
        webhook = await self._webhook(visit)
        is_active = form["active"] == "on"
        await self._webhooks.update_webhook(visit.workspace_id, webhook.id, WebhookPatch(active=is_active))
        return _back(visit, webhook, "on" if is_active else "off")

    async def rotate(self, visit: Visit) -> Response:
        await visit.form()
        webhook = await self._webhooks.rotate_secret(visit.workspace_id, visit.id(WEBHOOK))
        return await self._page(visit, webhook, secret=webhook.secret)

    async def delete(self, visit: Visit) -> Response:
        await visit.form()
        await self._webhooks.delete_webhook(visit.workspace_id, visit.id(WEBHOOK))
        return to(f"{visit.home}/settings/webhooks?done=deleted")

    async def send_test(self, visit: Visit) -> Response:
        await visit.form()
        webhook = await self._webhook(visit)
        try:
            delivery = await self._webhooks.send_test(visit.workspace_id, webhook.id)
        except Conflict as error:
            return await self._page(visit, webhook, 409, refusal=error.message)
        return to(f"{visit.home}/settings/webhooks/{webhook.id}/deliveries/{delivery.id}")

    async def replay(self, visit: Visit) -> Response:
        form = await visit.form()
        webhook = await self._webhook(visit)
        try:
            since = form.take("since", time_rule)
            until = form.take("until", lambda text: time_rule(text.strip() or None))
            types = form.take("types", lambda _: subscriptions_rule(form.all("types")) if "types" in form else ())
            form.refuse()
            assert since is not None  # noqa: S101  (or it was refused)
            replay = await self._webhooks.replay(
                visit.workspace_id, webhook.id, since=since, until=until, types=types or ()
            )
        except InvalidInput as error:
            form.note(*error.problems)
            return await self._page(visit, webhook, 400, replay=form)
        except Conflict as error:
            return await self._page(visit, webhook, 409, replay=form, refusal=error.message)
        return _back(visit, webhook, "replayed" if replay.position < replay.last_position else "nothing")

    async def _webhook(self, visit: Visit) -> Webhook:
        return await self._webhooks.get_webhook(visit.workspace_id, visit.id(WEBHOOK))

    async def _page(
        self,
        visit: Visit,
        webhook: Webhook,
        status: int = 200,
        *,
        query: PageQuery = PageQuery(),  # noqa: B008  (frozen)
        form: Form | None = None,
        replay: Form | None = None,
        **values: Any,
    ) -> Response:
        """`form` and `replay`: what can't be done as it was typed; `refusal`: why something can't be done at all."""
        found = await self._webhooks.list_deliveries(
            visit.workspace_id, webhook.id, status=query.status, before=query.after, limit=query.limit + 1
        )
        deliveries, pagination = cut(found, query.limit)
        now = self._clock()
        return visit.page(
            "settings_webhook.html",
            status,
            webhook=webhook,
            address=f"{visit.home}/settings/webhooks/{webhook.id}",
            health=health_of(webhook, now),
            form=form or _form_of(webhook),
            replay=replay or Form.filled(since=missed_since(webhook)),
            deliveries=deliveries,
            is_moving=is_due_soon(webhook, webhook.due_at, now)  # a replay is, until its end
            or any(delivery.status is DeliveryStatus.SENDING for delivery in deliveries),
            statuses=list(DeliveryStatus),
            query=query,
            next=pagination.next_cursor,
            subscriptions=EVENTS,
            types={kind.value: EVENTS[kind] for kind in EventType},
            **{"done": _DONE.get(query.done), "secret": "", "refusal": "", **values},
        )


def _draft_of(form: Form) -> WebhookDraft:
    """Raises InvalidInput."""
    url = form.take("url", check_url)
    events = form.take("events", lambda _: subscriptions_rule(form.all("events")))
    description = form.take("description", lambda text: description_rule(text.strip() or None))
    form.refuse()
    assert url is not None  # noqa: S101  (or it was refused)
    assert events is not None  # noqa: S101  (as above)
    return WebhookDraft(url, events, description, active=form["active"] == "on")


def _form_of(webhook: Webhook) -> Form:
    events: Sequence[tuple[str, str]] = [("events", name) for name in webhook.events]
    return Form([("url", webhook.url), ("description", webhook.description or ""), *events])


def _back(visit: Visit, webhook: Webhook, done: str) -> Response:
    return to(f"{visit.home}/settings/webhooks/{webhook.id}?done={done}")
