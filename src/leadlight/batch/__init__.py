"""Many leads in one request: stored, changed, deleted."""
