-- What inspections found and is to be mended, photos, and since when sources are known.

CREATE TABLE work (
    id          TEXT PRIMARY KEY NOT NULL,  -- {inspection}/{item}
    source      TEXT NOT NULL,
    inspection  TEXT NOT NULL,
    item        TEXT NOT NULL,
    found_at_ms INTEGER NOT NULL,           -- by which lists are ordered
    done_at_ms  INTEGER,
    done_by     TEXT,
    note        TEXT,
    photos      TEXT                        -- their ids, JSON
);
CREATE INDEX work_by_time ON work (found_at_ms, id);
CREATE INDEX work_open ON work (found_at_ms, id) WHERE done_at_ms IS NULL;
CREATE INDEX work_of_source ON work (source, found_at_ms, id);
CREATE INDEX work_of_inspection ON work (inspection);

CREATE TABLE photo (
    id    TEXT PRIMARY KEY NOT NULL,        -- the hash of its bytes
    media TEXT NOT NULL,                    -- image/jpeg | image/png | image/webp
    at_ms INTEGER NOT NULL,
    by    TEXT NOT NULL,
    bytes BLOB NOT NULL
);
-- How much all of them take: they are bounded together.
CREATE TABLE photo_total (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    bytes INTEGER NOT NULL
);
INSERT INTO photo_total VALUES (1, 0);
CREATE TRIGGER photo_added AFTER INSERT ON photo
    BEGIN UPDATE photo_total SET bytes = bytes + length(new.bytes); END;
CREATE TRIGGER photo_removed AFTER DELETE ON photo
    BEGIN UPDATE photo_total SET bytes = bytes - length(old.bytes); END;

CREATE INDEX inspection_of_source ON entry (source, at_ms)
    WHERE kind = 'inspection' AND ended_at_ms IS NULL;

-- A source that nobody looked at yet is due by when it was entered.
ALTER TABLE source ADD COLUMN entered_at_ms INTEGER;
UPDATE source SET entered_at_ms = first.at_ms
    FROM (SELECT json_extract(body, '$.source.code') AS code, min(at_ms) AS at_ms FROM change
          WHERE json_extract(body, '$.change') = 'source_set' GROUP BY 1) AS first
    WHERE first.code = source.code;
