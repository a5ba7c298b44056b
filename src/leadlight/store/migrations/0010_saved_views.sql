-- Names for states of the table of leads, for all who work in a workspace.
CREATE TABLE saved_views (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,                 -- the same, whatever its case
    query TEXT NOT NULL,                    -- what stands behind the question mark of the table's address
    created_by TEXT NOT NULL,               -- the user
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX saved_views_by_name ON saved_views (workspace_id, name_key);
