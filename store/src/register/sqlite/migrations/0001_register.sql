-- What people keep: sources, what else they entered, and every change in its order.

CREATE TABLE source (
    code   TEXT PRIMARY KEY NOT NULL,
    kind   TEXT NOT NULL,
    device TEXT UNIQUE,
    body   TEXT NOT NULL                -- the whole source, JSON
) WITHOUT ROWID;

-- Flow tests, maintenance windows, incidents and permits. One space of ids: a window and a permit
-- of one id could not be told apart when one of them is ended.
CREATE TABLE entry (
    id          TEXT PRIMARY KEY NOT NULL,
    kind        TEXT NOT NULL,          -- flow_test | window | incident | permit
    source      TEXT,                   -- none for an incident
    at_ms       INTEGER NOT NULL,       -- by which lists are ordered
    ended_at_ms INTEGER,                -- ended by a person; of a flow test: struck out
    body        TEXT NOT NULL           -- the whole of it as entered, JSON
);
CREATE INDEX entry_by_time ON entry (kind, at_ms, id);
CREATE INDEX entry_standing ON entry (kind, at_ms, id) WHERE ended_at_ms IS NULL;
CREATE INDEX entry_of_source ON entry (source, kind, at_ms, id) WHERE source IS NOT NULL;

CREATE TABLE change (
    number INTEGER PRIMARY KEY,         -- 1, 2, 3 … without gaps: rows are never deleted
    at_ms  INTEGER NOT NULL,
    by     TEXT NOT NULL,
    body   TEXT NOT NULL                -- JSON
);

CREATE TABLE login (
    name          TEXT PRIMARY KEY NOT NULL,
    secret_sha256 BLOB NOT NULL,
    devices       TEXT NOT NULL,        -- JSON list
    created_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- What judging said. One row says how far it is committed.

CREATE TABLE watch (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    upto       INTEGER NOT NULL,        -- journal position
    change     INTEGER NOT NULL,        -- the last change that took effect
    last_event INTEGER NOT NULL         -- the newest stream event ever, also when it was pruned
);
INSERT INTO watch VALUES (1, 0, 0, 0);

CREATE TABLE taken (
    change   INTEGER PRIMARY KEY,
    position INTEGER NOT NULL           -- the journal position before which it took effect
);

CREATE TABLE standing (
    code TEXT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL                  -- JSON
) WITHOUT ROWID;

CREATE TABLE episode (
    id                 TEXT PRIMARY KEY NOT NULL,
    source             TEXT NOT NULL,
    rule               TEXT NOT NULL,
    severity           INTEGER NOT NULL,    -- 0 info … 3 critical, as it is now
    raised_at_ms       INTEGER NOT NULL,    -- when first raised: its place in lists never moves
    cleared_at_ms      INTEGER,
    acknowledged_by    TEXT,
    acknowledged_at_ms INTEGER,
    body               TEXT NOT NULL        -- the whole of it as judged, JSON
);
CREATE INDEX episode_by_time ON episode (raised_at_ms, id);
CREATE INDEX episode_open ON episode (raised_at_ms, id) WHERE cleared_at_ms IS NULL;
CREATE INDEX episode_of_source ON episode (source, raised_at_ms, id);

CREATE TABLE stream (
    id   INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL                  -- JSON
);

-- Our own parts.

CREATE TABLE cursor (
    consumer TEXT PRIMARY KEY NOT NULL,
    position INTEGER NOT NULL,
    state    BLOB NOT NULL
);

CREATE TABLE part_status (
    part TEXT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL                  -- JSON
);
