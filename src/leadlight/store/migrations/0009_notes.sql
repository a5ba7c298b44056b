-- What people write on leads.

CREATE TABLE notes (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    lead_id TEXT NOT NULL,                  -- on which it was written; a merge leaves that as it is
    text TEXT NOT NULL,
    actor_type TEXT NOT NULL,               -- who wrote it
    actor_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    edited_by TEXT,                         -- who changed it last
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX notes_of_lead ON notes (workspace_id, lead_id, id);
