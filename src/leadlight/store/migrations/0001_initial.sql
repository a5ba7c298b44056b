-- Workspaces and keys are the directory; every other table starts its primary key with the workspace.

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,          -- short form of the id, for the text index
    name TEXT NOT NULL,
    last_event BIGINT NOT NULL DEFAULT 0,   -- taken in each writing transaction: orders its feed
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,              -- SHA-256 of the key; the key itself is nowhere
    scopes TEXT NOT NULL,                   -- separated by spaces
    rate_limit BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT,
    replaced_by TEXT                        -- the key that it was rotated to
);
CREATE INDEX api_keys_of_workspace ON api_keys (workspace_id, id);

CREATE TABLE leads (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    number BIGINT NOT NULL,                 -- position of its lead.created event in the workspace
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,                 -- case-folded, to sort and search
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,                -- case-folded, to match
    phone TEXT,
    phone_key TEXT,                         -- E.164, when the number is an international one
    source TEXT,
    status TEXT NOT NULL
        CHECK (status IN ('new', 'contacted', 'qualified', 'converted', 'lost', 'follow_up')),
    metadata TEXT NOT NULL,                 -- JSON text as it was sent, without white space
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX leads_by_number ON leads (workspace_id, number);
CREATE INDEX leads_by_created ON leads (workspace_id, created_at, id);
CREATE INDEX leads_by_updated ON leads (workspace_id, updated_at, id);
CREATE INDEX leads_by_name ON leads (workspace_id, name_key, id);
CREATE INDEX leads_by_email ON leads (workspace_id, email_key, id);
CREATE INDEX leads_by_phone ON leads (workspace_id, phone_key, id) WHERE phone_key IS NOT NULL;
CREATE INDEX leads_by_status ON leads (workspace_id, status, created_at, id);
CREATE INDEX leads_by_source ON leads (workspace_id, source, created_at, id);

-- Exact totals at a flat cost; source is '' where a lead has none.
CREATE TABLE lead_counts (
    workspace_id TEXT NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    leads BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, status, source)
);

CREATE TABLE events (
    workspace_id TEXT NOT NULL,
    position BIGINT NOT NULL,               -- rises by commit order within the workspace
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    actor_type TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    changes TEXT NOT NULL,                  -- JSON {field: {from, to}}
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, position)
);
CREATE INDEX events_of_lead ON events (workspace_id, lead_id, position);

CREATE TABLE idempotency_keys (
    workspace_id TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT,                       -- NULL once what it made was erased
    subject_id TEXT NOT NULL,               -- what the request made
    result TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_keys_of_subject ON idempotency_keys (workspace_id, subject_id);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- One row that a readiness check writes.
CREATE TABLE heartbeats (
    id INTEGER PRIMARY KEY,
    checked_at BIGINT NOT NULL
);
