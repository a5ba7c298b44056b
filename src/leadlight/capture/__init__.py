"""Leads from websites' forms and from the platforms that deliver their forms' answers: stored as sent, then read."""
