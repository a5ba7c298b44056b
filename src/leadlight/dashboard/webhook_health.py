"""How an endpoint is doing, as people read it, and what that makes of its pages."""

from typing import NamedTuple

from leadlight.clock import MINUTE, to_iso
from leadlight.webhooks.webhook import Webhook


class Health(NamedTuple):
    """How an endpoint is doing, in a word, and since or until when."""

    word: str
    text: str = ""
    at: int | None = None


def is_due_soon(webhook: Webhook, due_at: int | None, now: int) -> bool:
    """Whether a page that shows what is due at a time will be an old one within a minute."""
    return webhook.active and due_at is not None and max(due_at, webhook.paused_until) < now + MINUTE


def health_of(webhook: Webhook, now: int) -> Health:
    if not webhook.active:
        if webhook.disabled_reason is None:
            return Health("off", "Nothing is sent to it.")
        return Health("disabled", f"We stopped sending to it. {webhook.disabled_reason}")
    if webhook.paused_until > now:
        return Health("paused", "It asked to be left alone until", webhook.paused_until)
    if webhook.failing_since is not None:
        return Health("failing", "No attempt was answered well since", webhook.failing_since)
    if webhook.last_success_at is None:
        when = "yet" if webhook.last_failure_at is None else "since it was changed or turned on"
        return Health("untried", f"Nothing was sent to it {when}.")
    return Health("healthy", "It answered well", webhook.last_success_at)


def missed_since(webhook: Webhook) -> str | None:
    """When the last good answer came, to the minute, where others came since: from there on it has missed something."""
    failed, well = webhook.last_failure_at, webhook.last_success_at or webhook.created_at
    return to_iso(well)[:16] if failed is not None and failed > well else None
