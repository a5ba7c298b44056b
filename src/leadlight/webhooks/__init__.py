"""Webhooks: signed events, sent to the addresses that asked for them until they arrive."""
