-- Who signs in, where they belong, and the links by which they come in.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,         -- the same, whatever its case
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,            -- argon2id, with its salt and parameters
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Asked for by the user and by the workspace, so no table of tenants: every node of a cluster has all of it.
CREATE TABLE memberships (
    user_id TEXT NOT NULL REFERENCES users (id),
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'member', 'viewer')),
    created_at BIGINT NOT NULL,
    left_at BIGINT,                         -- kept then, so that timelines go on to tell the name
    PRIMARY KEY (user_id, workspace_id)
);
CREATE INDEX memberships_of_workspace ON memberships (workspace_id, created_at, user_id);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,            -- SHA-256 of what the browser holds
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,                -- moved on once an hour at most
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE one_time_links (
    token_hash TEXT PRIMARY KEY,            -- SHA-256 of what stands in the address
    kind TEXT NOT NULL CHECK (kind IN ('owner', 'invitation', 'reset')),
    workspace_id TEXT REFERENCES workspaces (id),  -- NULL for a reset by an operator
    user_id TEXT REFERENCES users (id),     -- whose password is reset
    email TEXT,                             -- who is invited
    email_key TEXT,
    role TEXT CHECK (role IN ('owner', 'member', 'viewer')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
