"""The page of one delivery: what was sent, what each attempt came to and what that means; and sending it again."""

from typing import Any, NamedTuple

import msgspec
from starlette.responses import Response

from leadlight.clock import Clock
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit
from leadlight.dashboard.webhook_health import is_due_soon
from leadlight.errors import Conflict, NotFound
from leadlight.events.event import EventType
from leadlight.ids import DELIVERY, WEBHOOK
from leadlight.webhooks.delivery import Attempt, DeliveryStatus
from leadlight.webhooks.failure import Failure
from leadlight.webhooks.job import Job
from leadlight.webhooks.message import body_of, headers_sent
from leadlight.webhooks.service import WebhookService

FAILURES = {
    Failure.TIMEOUT: (
        "No answer in time",
        "Have the receiver store the event, answer, and do its work afterwards.",
    ),
    Failure.DNS_FAILED: (
        "Name not found",
        "The name in the URL leads to no address. Look at its spelling, and at its entry in the DNS.",
    ),
    Failure.CONNECTION_REFUSED: (
        "Connection refused",
        "Nothing listens at this address and port. Look whether the receiver runs.",
    ),
    Failure.CONNECTION_FAILED: (
        "No connection",
        "The address can't be reached. Look at it, and at what lies between: networks, firewalls.",
    ),
    Failure.CONNECTION_LOST: (
        "Connection lost",
        "It ended before the answer was whole. Look at the receiver's log.",
    ),
    Failure.TLS_FAILED: (
        "No secure connection",
        "Look at the receiver's certificate: its name, its dates, its chain.",
    ),
    Failure.BLOCKED_ADDRESS: (
        "Address not allowed",
        "The URL leads into a private or local network, to which nothing is sent.",
    ),
    Failure.INVALID_ANSWER: (
        "Not HTTP",
        "What came back was no answer of a web server. Look at the port.",
    ),
    Failure.REDIRECT: (
        "Redirected",
        "Redirects are not followed. Change the URL to where it leads now.",
    ),
    Failure.HTTP_STATUS: (
        "Refused",
        "It took the request, and answered that something is wrong.",
    ),
    Failure.INTERRUPTED: (
        "Broken off",
        "Our process ended while it was sending. The receiver may have had it all the same, and is sent it again.",
    ),
}
"""What an attempt failed of, and what to do."""
_STATUSES = {
    400: "It did not like the request. Its answer or its log may say why.",
    401: "It did not believe the request. Look whether it has this webhook's present secret.",
    403: "It did not believe the request. Look whether it has this webhook's present secret.",
    404: "There is nothing at this path. Look at the URL.",
    405: "It takes no POST at this path. Look at the URL.",
    410: "It said that it is gone for good, which disables the webhook.",
    413: "The event is too large for it. Have it take larger bodies.",
    429: "It has too much to do. If it says for how long, it is left alone until then.",
    503: "It has too much to do, or is away. If it says for how long, it is left alone until then.",
}
_SERVER_ERROR = "Something went wrong in the receiver. Look at its log."
_GOOD = "It answered well."
_STANDINGS = {
    DeliveryStatus.PENDING: "It waits to be sent.",
    DeliveryStatus.SENDING: "It is being sent at this moment.",
    DeliveryStatus.SUCCEEDED: "It has arrived.",
    DeliveryStatus.FAILED: "It was given up. It is not tried again, unless you send it again.",
    DeliveryStatus.DROPPED: "Its lead was deleted before it arrived, and with it what there was to send.",
}


class Try(NamedTuple):
    """An attempt with what it came to, in few words, and what that means."""

    attempt: Attempt
    result: str
    meaning: str


class DeliveryPages:
    def __init__(self, webhooks: WebhookService, clock: Clock) -> None:
        self._webhooks = webhooks
        self._clock = clock

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def retry(self, visit: Visit) -> Response:
        await visit.form()
        job, _ = await self._job(visit)
        try:
            await self._webhooks.retry_delivery(visit.workspace_id, job.delivery.id)
        except Conflict as error:
            return await self._page(visit, 409, refusal=error.message)
        return to(visit.request.url.path.removesuffix("/retry"))

    async def _job(self, visit: Visit) -> tuple[Job, list[Attempt]]:
        job, attempts = await self._webhooks.get_job(visit.workspace_id, visit.id(DELIVERY))
        if job.webhook.id == visit.id(WEBHOOK):
            return job, attempts
        raise NotFound("There is no such delivery in this workspace")

    async def _page(self, visit: Visit, status: int = 200, *, refusal: str = "") -> Response:
        job, attempts = await self._job(visit)
        delivery = job.delivery
        is_sending = delivery.status is DeliveryStatus.SENDING
        address = f"{visit.home}/settings/webhooks/{job.webhook.id}"
        return visit.page(
            "settings_delivery.html",
            status,
            webhook=job.webhook,
            delivery=delivery,
            back=address,
            address=f"{address}/deliveries/{delivery.id}",
            standing=_STANDINGS[delivery.status],
            tries=[try_of(attempt) for attempt in reversed(attempts)],
            request=None if job.is_gone else _request(job, attempts),
            has_lead=delivery.lead_id and not job.is_gone and delivery.event_type != EventType.LEAD_DELETED,
            may_retry=job.webhook.active and not job.is_gone and not is_sending,
            is_moving=is_sending or is_due_soon(job.webhook, delivery.due_at, self._clock()),
            refusal=refusal,
            done=None,
        )


def try_of(attempt: Attempt) -> Try:
    if attempt.failure is None:
        return Try(attempt, f"Answered {attempt.status}", _GOOD)
    failure = Failure(attempt.failure)
    result, meaning = FAILURES[failure]
    if attempt.status is not None:
        result = f"{result}: answered {attempt.status}"
    if failure is Failure.HTTP_STATUS:
        meaning = _STATUSES.get(attempt.status or 0, _SERVER_ERROR if (attempt.status or 0) >= 500 else meaning)
    return Try(attempt, result, meaning)


def _request(job: Job, attempts: list[Attempt]) -> dict[str, Any]:
    """As the last attempt sent it, or the first one will."""
    body = body_of(job)
    last = attempts[-1] if attempts else None
    text = body.decode()
    return {
        "headers": headers_sent(job, body, last) if last else {},
        "has_changed": last is not None and job.webhook.updated_at > last.began_at,
        "number": last.number if last else None,
        "text": text,
        "json": msgspec.json.format(text, indent=2),
    }
