-- Substring search in name and email: trigrams in FTS5, kept by triggers.
-- The row id is the workspace's number and, in its lower 40 bits, the lead's: postings of one
-- workspace lie together, so a search costs what its own workspace holds. `secure-delete` takes
-- the trigrams of a deleted lead out at once.

CREATE VIEW lead_text_rows AS
SELECT (workspaces.number << 40) | leads.number AS number, leads.name_key, leads.email_key
FROM leads JOIN workspaces ON workspaces.id = leads.workspace_id;

CREATE VIRTUAL TABLE lead_text USING fts5(
    name_key, email_key,
    content = 'lead_text_rows', content_rowid = 'number',
    tokenize = 'trigram case_sensitive 1', columnsize = 0
);
INSERT INTO lead_text (lead_text, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER lead_text_insert AFTER INSERT ON leads BEGIN
    INSERT INTO lead_text (rowid, name_key, email_key)
    SELECT (number << 40) | new.number, new.name_key, new.email_key
    FROM workspaces WHERE id = new.workspace_id;
END;

CREATE TRIGGER lead_text_delete AFTER DELETE ON leads BEGIN
    INSERT INTO lead_text (lead_text, rowid, name_key, email_key)
    SELECT 'delete', (number << 40) | old.number, old.name_key, old.email_key
    FROM workspaces WHERE id = old.workspace_id;
END;

CREATE TRIGGER lead_text_update AFTER UPDATE OF name_key, email_key ON leads
WHEN old.name_key <> new.name_key OR old.email_key <> new.email_key BEGIN
    INSERT INTO lead_text (lead_text, rowid, name_key, email_key)
    SELECT 'delete', (number << 40) | old.number, old.name_key, old.email_key
    FROM workspaces WHERE id = old.workspace_id;
    INSERT INTO lead_text (rowid, name_key, email_key)
    SELECT (number << 40) | new.number, new.name_key, new.email_key
    FROM workspaces WHERE id = new.workspace_id;
END;
