-- How far each lead has come, and roll-ups by day that insights are counted from.
-- The rows of roll-ups lie in the order of their keys, so that days are read one after another.

ALTER TABLE leads ADD COLUMN reached BIGINT NOT NULL DEFAULT 0;  -- its statuses before the present one, a bit for each
ALTER TABLE leads ADD COLUMN contacted_at BIGINT;                -- when it first was `new` no more

UPDATE leads SET reached = past.reached, contacted_at = past.contacted_at
FROM (
    SELECT workspace_id, lead_id,
        sum(DISTINCT CASE status WHEN 'new' THEN 1 WHEN 'contacted' THEN 2 WHEN 'qualified' THEN 4
            WHEN 'converted' THEN 8 WHEN 'lost' THEN 16 WHEN 'follow_up' THEN 32 END) AS reached,
        min(CASE status WHEN 'new' THEN created_at END) AS contacted_at
    FROM (
        SELECT workspace_id, lead_id, created_at, changes ->> '$.status.from' AS status FROM events
        WHERE type IN ('lead.status_changed', 'lead.merged')
    ) AS told WHERE status IS NOT NULL GROUP BY workspace_id, lead_id
) AS past WHERE leads.workspace_id = past.workspace_id AND leads.id = past.lead_id;

-- Of the leads that were created on a day (of UTC, since 1970): by source, '' where they have none, and by campaign.
CREATE TABLE lead_days (
    workspace_id TEXT NOT NULL,
    dimension TEXT NOT NULL CHECK (dimension IN ('source', 'campaign')),
    day BIGINT NOT NULL,
    value TEXT NOT NULL,
    leads BIGINT NOT NULL,
    contacted BIGINT NOT NULL,              -- those that ever were so, or further
    qualified BIGINT NOT NULL,
    converted BIGINT NOT NULL,
    lost BIGINT NOT NULL,                   -- those that ever were so
    follow_up BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, dimension, day, value)
) WITHOUT ROWID;

WITH lead_facts AS (
    SELECT workspace_id, source, (created_at - (created_at % 86400000 + 86400000) % 86400000) / 86400000 AS day,
        reached | CASE status WHEN 'new' THEN 1 WHEN 'contacted' THEN 2 WHEN 'qualified' THEN 4
            WHEN 'converted' THEN 8 WHEN 'lost' THEN 16 ELSE 32 END AS had,
        CASE json_type(metadata, '$.utm_campaign') WHEN 'text' THEN metadata ->> '$.utm_campaign'
            WHEN 'integer' THEN metadata -> '$.utm_campaign' WHEN 'real' THEN metadata -> '$.utm_campaign' END AS campaign
    FROM leads
), marked AS (
    SELECT workspace_id, 'source' AS dimension, day, coalesce(source, '') AS value, had FROM lead_facts
    UNION ALL
    SELECT workspace_id, 'campaign', day, substr(trim(campaign), 1, 200), had FROM lead_facts WHERE trim(campaign) <> ''
)
INSERT INTO lead_days
SELECT workspace_id, dimension, day, value, count(*), count(CASE WHEN (had & 14) <> 0 THEN 1 END),
    count(CASE WHEN (had & 12) <> 0 THEN 1 END), count(CASE WHEN (had & 8) <> 0 THEN 1 END),
    count(CASE WHEN (had & 16) <> 0 THEN 1 END), count(CASE WHEN (had & 32) <> 0 THEN 1 END)
FROM marked GROUP BY workspace_id, dimension, day, value;

-- How long those of a day waited for their first contact: `bucket` is the least number of seconds of a step.
CREATE TABLE contact_times (
    workspace_id TEXT NOT NULL,
    day BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    leads BIGINT NOT NULL,
    seconds BIGINT NOT NULL,                -- of all of them
    PRIMARY KEY (workspace_id, day, bucket)
) WITHOUT ROWID;

WITH waited AS (
    SELECT workspace_id, (created_at - (created_at % 86400000 + 86400000) % 86400000) / 86400000 AS day,
        CASE WHEN contacted_at > created_at THEN (contacted_at - created_at) / 1000 ELSE 0 END AS seconds
    FROM leads WHERE contacted_at IS NOT NULL
), placed AS (
    SELECT workspace_id, day, seconds, CASE WHEN seconds < 900 THEN seconds / 60 * 60
        WHEN seconds < 3600 THEN seconds / 300 * 300 WHEN seconds < 86400 THEN seconds / 3600 * 3600
        WHEN seconds < 2592000 THEN seconds / 86400 * 86400
        WHEN seconds < 31104000 THEN seconds / 2592000 * 2592000 ELSE 31104000 END AS bucket
    FROM waited
)
INSERT INTO contact_times
SELECT workspace_id, day, bucket, count(*), sum(seconds) FROM placed GROUP BY workspace_id, day, bucket;
