"""Leads out of files: what a file holds, how its columns become leads, and the work that brings them in."""
