-- The fold's own state, so that it need not begin at the beginning. What people set changes
-- seldom and what was judged often: two tables, so that a minute's checkpoint rewrites only one.

CREATE TABLE checkpoint (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    upto   INTEGER NOT NULL,
    change INTEGER NOT NULL,
    global BLOB NOT NULL
);

CREATE TABLE checkpoint_settings (
    code     TEXT PRIMARY KEY NOT NULL,
    settings TEXT NOT NULL              -- JSON
) WITHOUT ROWID;

CREATE TABLE checkpoint_state (
    code  TEXT PRIMARY KEY NOT NULL,
    state BLOB NOT NULL
) WITHOUT ROWID;
