"""Duplicates: leads that may be one person, how likely that is, and why."""
