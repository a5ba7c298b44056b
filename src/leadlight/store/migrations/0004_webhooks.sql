-- Where events are sent to, and what became of each. An endpoint's queue is its place in the feed; a delivery's row
-- comes to be when it is first tried.

ALTER TABLE events ADD COLUMN lead TEXT;    -- JSON of the lead after the event, where `changes` do not tell all of it

CREATE TABLE webhooks (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,                   -- types and patterns, separated by spaces
    description TEXT,
    secret TEXT NOT NULL,                   -- as it is: each attempt is signed with it
    previous_secret TEXT,                   -- signs too, for a while after a rotation
    previous_secret_until BIGINT,
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    disabled_reason TEXT,                   -- why we set it inactive; NULL when its owner did
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,                      -- its rows are removed little by little, this one last
    position BIGINT NOT NULL,               -- in the feed: what lies behind it was not looked at yet
    due_at BIGINT,                          -- when the first of its waiting deliveries is due
    paused_until BIGINT NOT NULL,           -- it asked for a pause
    sender TEXT,                            -- the process that sends to it, which nobody else does
    sender_until BIGINT NOT NULL,           -- unless that one is silent for so long
    is_full BIGINT NOT NULL,                -- 1 while it is being sent as many as it may be at a time
    success_count BIGINT NOT NULL,
    failure_count BIGINT NOT NULL,
    last_success_at BIGINT,
    last_failure_at BIGINT,
    failing_since BIGINT,                   -- NULL when the last attempt was a success
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE deliveries (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    position BIGINT,                        -- of its event in the feed; NULL for a test
    lead_id TEXT,
    status TEXT NOT NULL
        CHECK (status IN ('pending', 'sending', 'succeeded', 'failed', 'dropped')),
    attempts BIGINT NOT NULL,               -- that were begun
    failures BIGINT NOT NULL,               -- attempts that count in the schedule
    due_at BIGINT,                          -- when it is tried next; only while it is pending
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX deliveries_of_webhook ON deliveries (workspace_id, webhook_id, status, id);
CREATE INDEX deliveries_due ON deliveries (workspace_id, webhook_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_of_lead ON deliveries (workspace_id, lead_id);

CREATE TABLE delivery_attempts (
    workspace_id TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    duration BIGINT NOT NULL,               -- milliseconds
    status BIGINT,                          -- of the answer; NULL when none came
    failure TEXT,                           -- NULL for a success
    answer TEXT NOT NULL,                   -- its beginning
    PRIMARY KEY (workspace_id, delivery_id, number)
);

-- A part of the feed that is sent to an endpoint once more.
CREATE TABLE replays (
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    types TEXT NOT NULL,                    -- patterns, separated by spaces
    position BIGINT NOT NULL,               -- what lies behind it is still to be sent
    last_position BIGINT NOT NULL,          -- up to this one
    since BIGINT NOT NULL,                  -- the times that were asked for
    until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX replays_of_webhook ON replays (workspace_id, webhook_id, id);
