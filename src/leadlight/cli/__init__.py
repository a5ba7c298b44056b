"""The `leadlight` command."""
