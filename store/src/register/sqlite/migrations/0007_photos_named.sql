-- Photos are sent before anything names them: those that nothing ever does are let go after a day.

ALTER TABLE photo ADD COLUMN named INTEGER NOT NULL DEFAULT 0;
UPDATE photo SET named = 1 WHERE
    id IN (SELECT value FROM entry, json_each(entry.body, '$.photos') WHERE entry.kind = 'inspection')
    OR id IN (SELECT value FROM work, json_each(work.photos) WHERE work.photos IS NOT NULL);
CREATE INDEX photo_unnamed ON photo (at_ms) WHERE named = 0;
