-- What people do about alerts, the history of each, and the supply hours of zones.

ALTER TABLE episode ADD COLUMN handling TEXT;                   -- what people did, JSON; none: nothing
ALTER TABLE episode ADD COLUMN stage INTEGER NOT NULL DEFAULT 0; -- 0 open … 4 resolved, 5 closed
ALTER TABLE episode ADD COLUMN assigned_to TEXT;
UPDATE episode SET handling = json_object('acknowledged', json_object(
        'by', acknowledged_by,
        'at', strftime('%Y-%m-%dT%H:%M:%fZ', acknowledged_at_ms / 1000.0, 'unixepoch')))
    WHERE acknowledged_by IS NOT NULL AND acknowledged_at_ms IS NOT NULL;
UPDATE episode SET stage = CASE
    WHEN cleared_at_ms IS NOT NULL THEN 4
    WHEN acknowledged_by IS NOT NULL THEN 1
    ELSE 0 END;
ALTER TABLE episode DROP COLUMN acknowledged_by;
ALTER TABLE episode DROP COLUMN acknowledged_at_ms;
CREATE INDEX episode_at_stage ON episode (stage, raised_at_ms, id);
CREATE INDEX episode_assigned ON episode (assigned_to, raised_at_ms, id)
    WHERE assigned_to IS NOT NULL;
CREATE INDEX episode_resolved ON episode (cleared_at_ms) WHERE stage = 4;

-- What happened to each alert, by judging and by people, in order.
CREATE TABLE episode_step (
    number  INTEGER PRIMARY KEY,
    episode TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    by      TEXT,                       -- none: judging
    body    TEXT NOT NULL               -- JSON
);
CREATE INDEX episode_step_of ON episode_step (episode, number);

CREATE TABLE zone_supply (
    zone  TEXT PRIMARY KEY NOT NULL,
    hours TEXT NOT NULL,                -- such as 05:00-09:00,17:00-22:30
    at_ms INTEGER NOT NULL,
    by    TEXT NOT NULL
) WITHOUT ROWID;
