-- Substring search in name and email: a trigram index, whose first column keeps a search within its workspace.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE INDEX lead_text_index ON leads
USING gin (workspace_id, (name_key || chr(31) || email_key) gin_trgm_ops);

CREATE VIEW lead_text AS
SELECT workspace_id, number, name_key || chr(31) || email_key AS text FROM leads;
