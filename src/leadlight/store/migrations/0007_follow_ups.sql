-- When a lead is to be followed up, and what is to be said or done then.

ALTER TABLE leads ADD COLUMN follow_up_at BIGINT;
ALTER TABLE leads ADD COLUMN follow_up_note TEXT;
CREATE INDEX leads_by_follow_up ON leads (workspace_id, follow_up_at, id) WHERE follow_up_at IS NOT NULL;

-- The follow-ups that nobody was told of yet.
CREATE TABLE reminders (
    workspace_id TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, lead_id)
);
CREATE INDEX reminders_by_time ON reminders (due_at);
