"""People: users with a password, the workspaces they belong to, and how they are let in. Its pages live elsewhere."""
