-- The counter of a feed belongs to its tenant: the directory is then only read by the requests.

CREATE TABLE feeds (
    workspace_id TEXT PRIMARY KEY,
    last_event BIGINT NOT NULL              -- taken in each writing transaction: orders its feed
);
INSERT INTO feeds (workspace_id, last_event) SELECT id, last_event FROM workspaces;
ALTER TABLE workspaces DROP COLUMN last_event;

CREATE INDEX idempotency_keys_of_workspace_by_age ON idempotency_keys (workspace_id, created_at);

-- One row while a copy into this store has not reached its end; a server refuses to run on it.
CREATE TABLE unfinished_copies (
    id INTEGER PRIMARY KEY,
    began_at BIGINT NOT NULL
);
