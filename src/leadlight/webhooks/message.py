"""What is sent: the event as the feed tells it, and the headers that prove who sent it."""

from typing import Any

import msgspec

from leadlight.clock import SECOND, to_iso
from leadlight.events.schemas import EVENT_EXAMPLE, EventView
from leadlight.webhooks.delivery import Attempt
from leadlight.webhooks.failure import Failure
from leadlight.webhooks.job import Job
from leadlight.webhooks.sender import HEADERS
from leadlight.webhooks.signing import sign
from leadlight.webhooks.webhook import TEST_TYPE

_encode = msgspec.json.Encoder().encode


def body_of(job: Job) -> bytes:
    """The JSON of the event; the same for each attempt."""
    return _encode(_test_event(job) if job.event is None else EventView.of(job.event))


def headers_of(job: Job, body: bytes, now: int) -> dict[str, str]:
    """Signed for this attempt. `now` in milliseconds since 1970."""
    secrets = job.webhook.secrets(now)
    return sign(body, secrets, event_id=job.delivery.event_id, timestamp=now // SECOND)


def headers_sent(job: Job, body: bytes, attempt: Attempt) -> dict[str, str]:
    """What stood in an attempt's headers, made once more.

    Without a signature where its secret was changed since, or where the process that sent it ended, and nobody knows
    when that was.
    """
    secrets = job.webhook.secrets_at(attempt.began_at)
    headers = {**HEADERS, "Content-Length": str(len(body)), "webhook-id": job.delivery.event_id}
    if secrets and attempt.failure != Failure.INTERRUPTED:
        headers |= sign(body, secrets, event_id=job.delivery.event_id, timestamp=attempt.began_at // SECOND)
    return headers


def _test_event(job: Job) -> dict[str, Any]:
    """An event like any other, of an invented lead."""
    workspace_id, example = job.delivery.workspace_id, EVENT_EXAMPLE["events"][0]
    return {
        **example,
        "id": job.delivery.event_id,
        "type": TEST_TYPE,
        "timestamp": to_iso(job.delivery.created_at),
        "workspaceId": workspace_id,
        "actor": {"type": "system", "id": TEST_TYPE},
        "data": {**example["data"], "workspaceId": workspace_id},
        "changes": {},
    }
