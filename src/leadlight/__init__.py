"""Leadlight: the open, self-hosted lead store."""

from leadlight.webhooks.signing import WebhookVerificationError, verify_webhook

__all__ = ["WebhookVerificationError", "__version__", "verify_webhook"]

__version__ = "0.1.0"
