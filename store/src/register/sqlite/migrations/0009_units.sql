-- Administrative units as dated maps, what was planned of sources, and the histories that reports
-- of a period are made of.

-- One row a map: all units, valid from a moment until the next map begins.
CREATE TABLE unit_version (
    id              TEXT PRIMARY KEY NOT NULL,
    valid_from_ms   INTEGER NOT NULL,
    units           INTEGER NOT NULL,
    entered_at_ms   INTEGER NOT NULL,
    by              TEXT NOT NULL,
    withdrawn_at_ms INTEGER                 -- struck out as wrong
) WITHOUT ROWID;
CREATE UNIQUE INDEX unit_version_standing ON unit_version (valid_from_ms)
    WHERE withdrawn_at_ms IS NULL;
CREATE TABLE unit (
    version  TEXT NOT NULL,
    code     TEXT NOT NULL,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,                 -- ward | commune | other
    geometry TEXT NOT NULL,                 -- GeoJSON: Polygon or MultiPolygon, WGS 84
    PRIMARY KEY (version, code)
);

CREATE TABLE target (
    unit    TEXT NOT NULL,                  -- '' is the whole city
    kind    TEXT NOT NULL,
    year    INTEGER NOT NULL,
    sources INTEGER NOT NULL,
    PRIMARY KEY (unit, kind, year)
) WITHOUT ROWID;

-- What a source was and where it stood, since when: a row whenever that changed.
CREATE TABLE source_life (
    source   TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    kind     TEXT,
    status   TEXT,                          -- null: struck from the register
    lat      REAL,
    lon      REAL,
    unit     TEXT,
    flow_lps REAL,                          -- the flow it owes
    PRIMARY KEY (source, at_ms)
) WITHOUT ROWID;
INSERT OR REPLACE INTO source_life
    SELECT coalesce(json_extract(body, '$.source.code'), json_extract(body, '$.code')), at_ms,
           json_extract(body, '$.source.kind'), json_extract(body, '$.source.status'),
           json_extract(body, '$.source.position.lat'), json_extract(body, '$.source.position.lon'),
           json_extract(body, '$.source.unit'), json_extract(body, '$.source.requirement.flow_lps')
    FROM change WHERE json_extract(body, '$.change') IN ('source_set', 'source_removed')
    ORDER BY number;

-- Every change of a source's verdict or reasons.
CREATE TABLE verdict_change (
    source  TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    verdict INTEGER NOT NULL,               -- 0 usable, 1 degraded, 2 unknown, 3 unusable
    reasons INTEGER NOT NULL,               -- a bit each, in the order of the verdict table
    PRIMARY KEY (source, at_ms)
) WITHOUT ROWID;

-- What was made known of alerts that page: never altered once it is there.
CREATE TABLE bulletin (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    identifier TEXT NOT NULL UNIQUE,
    episode    TEXT NOT NULL,
    kind       TEXT NOT NULL,               -- alert | update | cancel
    sent_at_ms INTEGER NOT NULL,
    body       TEXT NOT NULL                -- the alert as it then was, JSON
);
CREATE INDEX bulletin_of_episode ON bulletin (episode, number);
CREATE INDEX bulletin_by_time ON bulletin (sent_at_ms);
