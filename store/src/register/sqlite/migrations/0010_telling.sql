-- Who is told of alerts, what is to be told, and every try to tell it.

CREATE TABLE team (
    id   TEXT PRIMARY KEY NOT NULL,
    body TEXT NOT NULL                  -- the whole of it, JSON
) WITHOUT ROWID;
CREATE TABLE route (
    id   TEXT PRIMARY KEY NOT NULL,
    team TEXT NOT NULL,
    body TEXT NOT NULL                  -- the whole of it, JSON
) WITHOUT ROWID;

-- What is to be told of an alert. The same id again changes nothing: a replay tells nothing twice.
CREATE TABLE notice (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT NOT NULL UNIQUE,    -- {alert}/{occasion}
    episode        TEXT NOT NULL,
    occasion       TEXT NOT NULL,
    opening        INTEGER NOT NULL,        -- how often the alert had been re-opened
    level          INTEGER NOT NULL,        -- step of escalation
    severity       INTEGER NOT NULL,
    at_ms          INTEGER NOT NULL,        -- by the journal
    body           TEXT NOT NULL,           -- the alert as it then was, JSON
    expanded_at_ms INTEGER,                 -- when its deliveries were made
    wrong          TEXT                     -- fallback | nobody: no route took it
);
CREATE INDEX notice_waiting ON notice (number) WHERE expanded_at_ms IS NULL;
CREATE INDEX notice_of_episode ON notice (episode, opening);
CREATE INDEX notice_by_time ON notice (at_ms);
CREATE INDEX notice_wrong ON notice (expanded_at_ms) WHERE wrong IS NOT NULL;

-- A message to one contact by one channel.
CREATE TABLE delivery (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    key        TEXT NOT NULL UNIQUE,    -- {notice}/{channel}/{recipient}: receivers know copies by it
    notice     TEXT,                    -- none: a digest, or a test
    episode    TEXT,
    occasion   TEXT NOT NULL,
    severity   INTEGER NOT NULL,
    team       TEXT NOT NULL,
    contact    TEXT NOT NULL,           -- {team}/{contact}
    channel    TEXT NOT NULL,
    address    TEXT NOT NULL,
    message    TEXT NOT NULL,           -- JSON
    made_at_ms INTEGER NOT NULL,
    state      TEXT NOT NULL,           -- waiting | held | sent | refused | expired | overtaken | digested
    due_at_ms  INTEGER NOT NULL,        -- when it is tried next; of one held: when its digest goes
    tries      INTEGER NOT NULL DEFAULT 0,
    ended_at_ms INTEGER,
    digest     TEXT                     -- the key of the digest that told it
);
CREATE INDEX delivery_due ON delivery (channel, due_at_ms) WHERE state = 'waiting';
CREATE INDEX delivery_held ON delivery (due_at_ms) WHERE state = 'held';
CREATE INDEX delivery_of_episode ON delivery (episode, number);
CREATE INDEX delivery_of_contact ON delivery (contact, number);
CREATE INDEX delivery_by_time ON delivery (made_at_ms, contact);

CREATE TABLE delivery_try (
    delivery   INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    outcome    TEXT NOT NULL,           -- accepted | refused | failed
    answer     TEXT NOT NULL,
    next_at_ms INTEGER,
    PRIMARY KEY (delivery, n)
) WITHOUT ROWID;

-- Alerts that somebody is to take: one row per opening, until data clears it.
CREATE TABLE escalation (
    episode     TEXT NOT NULL,
    opening     INTEGER NOT NULL,
    severity    INTEGER NOT NULL,
    paged_at_ms INTEGER NOT NULL,
    level       INTEGER NOT NULL,       -- the step that comes next
    due_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (episode, opening)
) WITHOUT ROWID;
CREATE INDEX escalation_due ON escalation (due_at_ms);

-- With what links are signed.
CREATE TABLE telling_key (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    secret BLOB NOT NULL
);
