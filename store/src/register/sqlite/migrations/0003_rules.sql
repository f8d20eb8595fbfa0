-- What people set about the rules beside the configuration: one row per scope (all, kind:…,
-- source:…). Every change of it stays a row of `change`.
CREATE TABLE rule_set (
    scope TEXT PRIMARY KEY NOT NULL,
    body  TEXT NOT NULL                 -- JSON: the scope and its parameters
) WITHOUT ROWID;
