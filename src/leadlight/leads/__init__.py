"""Leads: the rules, the SQL, the use cases, the wire shapes and the routes."""
