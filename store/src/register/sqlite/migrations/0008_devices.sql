-- What devices tell of themselves, who asked for their commands, and which device was where.

ALTER TABLE command ADD COLUMN asked_by TEXT;   -- none: not asked for by a person

CREATE TABLE device_fact (
    device     TEXT PRIMARY KEY NOT NULL,
    firmware   TEXT,
    boot_at_ms INTEGER,                         -- when it last started anew
    config     TEXT,                            -- what it is known to be set to, JSON
    at_ms      INTEGER NOT NULL                 -- when this was last told
) WITHOUT ROWID;

-- Devices that were at a source and are not any more.
CREATE TABLE device_term (
    number   INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order in which they went
    source   TEXT NOT NULL,
    device   TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    next     TEXT,                              -- the device that took its place
    replaced INTEGER NOT NULL,                  -- people said when, and what the next said before is not the source's
    reason   TEXT,
    by       TEXT NOT NULL
);
CREATE INDEX device_term_of_source ON device_term (source, number);
CREATE INDEX device_term_of_next ON device_term (next, number) WHERE next IS NOT NULL;
