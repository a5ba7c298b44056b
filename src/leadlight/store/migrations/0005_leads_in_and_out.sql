-- How leads come in, are found to be the same, are changed by the thousand, and how all that is taken back.

ALTER TABLE workspaces ADD COLUMN on_duplicate TEXT NOT NULL DEFAULT 'create';  -- where a request says nothing
ALTER TABLE workspaces ADD COLUMN match_on TEXT NOT NULL DEFAULT 'email';

ALTER TABLE events ADD COLUMN quiet BIGINT NOT NULL DEFAULT 0;  -- 1 for those that no webhook is told of

ALTER TABLE leads ADD COLUMN mailbox TEXT;      -- where mail to it ends up, when that is spelt otherwise than email_key
ALTER TABLE leads ADD COLUMN name_code TEXT DEFAULT '';   -- the same for names that sound the same; '' until it is known
CREATE INDEX leads_by_mailbox ON leads (workspace_id, mailbox, id) WHERE mailbox IS NOT NULL;
CREATE INDEX leads_by_name_code ON leads (workspace_id, name_code, id) WHERE name_code IS NOT NULL;

-- The keys of metadata by which leads are recognised, and what stands there.
CREATE TABLE match_keys (
    workspace_id TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (workspace_id, key)
);
CREATE TABLE lead_identities (
    workspace_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, key, value, lead_id)
);
CREATE INDEX lead_identities_of_lead ON lead_identities (workspace_id, lead_id);

-- Where a lead went that was merged into another one; that one may have been merged on.
CREATE TABLE merged_leads (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    survivor_id TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    merged_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX merged_leads_of_survivor ON merged_leads (workspace_id, survivor_id);

-- What changed many leads at once, or made one of two; each can be taken back for a while.
CREATE TABLE operations (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('merge', 'import', 'batch_update', 'batch_delete')),
    status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'undoing', 'undone', 'expired')),
    actor_type TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    subject_id TEXT,                        -- the import, or the lead that is left after a merge
    quiet BIGINT NOT NULL,                  -- whether no webhook is told of what its undo does
    leads BIGINT NOT NULL,                  -- that it changed
    created_at BIGINT NOT NULL,
    undo_until BIGINT NOT NULL,             -- then, what is kept of the leads is erased
    undone_at BIGINT,
    undone_by TEXT,                         -- the key
    restored BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX operations_by_status ON operations (workspace_id, status, undo_until, id);

-- What an operation did to each lead.
CREATE TABLE operation_leads (
    workspace_id TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('created', 'updated', 'deleted', 'merged')),
    version BIGINT NOT NULL,                -- of the lead after it: one that has another now was changed since
    before TEXT,                            -- JSON of the lead before it, where it was there
    outcome TEXT,                           -- why the undo left it alone; those that it restored are removed
    PRIMARY KEY (workspace_id, operation_id, lead_id)
);
CREATE INDEX operation_leads_of_lead ON operation_leads (workspace_id, lead_id);

CREATE TABLE imports (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('receiving', 'queued', 'running', 'completed', 'failed', 'cancelled')),
    key_id TEXT NOT NULL,                   -- who sent it
    file_name TEXT NOT NULL,
    options TEXT NOT NULL,                  -- JSON of what was asked for
    operation_id TEXT,                      -- NULL for a dry run, and until it begins
    format TEXT,
    mapping TEXT,                           -- JSON of column and target, once the file was looked at
    size BIGINT NOT NULL,
    bytes_read BIGINT NOT NULL,
    processed BIGINT NOT NULL,              -- rows; where it goes on after a break
    total BIGINT,                           -- rows, once they were counted
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    error TEXT,                             -- why all of it failed
    cancelling BIGINT NOT NULL,             -- 1 once somebody asked for its end
    runner TEXT,                            -- the process that works on it, which nobody else does
    runner_until BIGINT NOT NULL,           -- unless that one is silent for so long
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX imports_that_wait ON imports (workspace_id, id) WHERE status IN ('queued', 'running');

-- The file, until the import has ended.
CREATE TABLE import_pieces (
    workspace_id TEXT NOT NULL,
    import_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, import_id, number)
);

CREATE TABLE import_errors (
    workspace_id TEXT NOT NULL,
    import_id TEXT NOT NULL,
    number BIGINT NOT NULL,                 -- of the row
    line BIGINT NOT NULL,
    cells TEXT NOT NULL,                    -- JSON of the row as it was
    reason TEXT NOT NULL,
    PRIMARY KEY (workspace_id, import_id, number)
);

-- Whose a form is: the public address of a form tells no workspace.
CREATE TABLE form_directory (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id)
);

CREATE TABLE forms (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,                 -- JSON
    secrets TEXT NOT NULL,                  -- JSON, as they are: each submission is verified with them
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,                      -- its submissions are removed in the background, and then it is
    PRIMARY KEY (workspace_id, id)
);

-- Everything that came in by a form, as it came.
CREATE TABLE submissions (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    form_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('form', 'google_ads', 'meta', 'typeform', 'tally')),
    external_id TEXT,                       -- the sender's own, which makes repeats harmless
    status TEXT NOT NULL CHECK (status IN ('received', 'stored', 'failed', 'ignored')),
    reason TEXT,                            -- why it is no lead
    lead_id TEXT,
    content_type TEXT NOT NULL,
    body BYTEA NOT NULL,
    context TEXT NOT NULL,                  -- JSON of what came beside the body: query, referrer …
    received_at BIGINT NOT NULL,
    processed_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX submissions_by_external_id ON submissions (workspace_id, form_id, kind, external_id)
WHERE external_id IS NOT NULL;
CREATE INDEX submissions_of_form ON submissions (workspace_id, form_id, status, id);
CREATE INDEX submissions_of_lead ON submissions (workspace_id, lead_id);
