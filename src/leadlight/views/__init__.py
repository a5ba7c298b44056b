"""Saved views: names for states of the table of leads."""
