"""Leadlight: the open, self-hosted lead store."""

__version__ = "0.1.0"
