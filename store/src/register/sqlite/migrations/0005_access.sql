-- People who log in, their sessions, and keys for machines. No secret lies here, only hashes.

CREATE TABLE user (
    name            TEXT PRIMARY KEY NOT NULL,
    body            TEXT NOT NULL,             -- what people set, JSON
    administrator   INTEGER NOT NULL,          -- 1: an administrator who is not kept out
    subject         TEXT UNIQUE,               -- <issuer> <subject> of OpenID Connect
    password        TEXT,                      -- argon2id, PHC format
    failed_logins   INTEGER NOT NULL DEFAULT 0,
    failed_at_ms    INTEGER,
    logged_in_at_ms INTEGER
);
CREATE INDEX user_administrator ON user (name) WHERE administrator = 1;

CREATE TABLE session (
    id            TEXT PRIMARY KEY NOT NULL,   -- ULID, by which lists are ordered
    token         BLOB NOT NULL UNIQUE,        -- SHA-256
    user          TEXT NOT NULL REFERENCES user (name),
    created_at_ms INTEGER NOT NULL,
    used_at_ms    INTEGER NOT NULL,
    address       TEXT NOT NULL,
    agent         TEXT NOT NULL
);
CREATE INDEX session_of_user ON session (user, id);

CREATE TABLE api_key (
    id            TEXT PRIMARY KEY NOT NULL,
    secret        BLOB NOT NULL UNIQUE,        -- SHA-256
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    scopes        TEXT NOT NULL,               -- JSON
    units         TEXT NOT NULL,               -- JSON
    made_by       TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    used_at_ms    INTEGER,
    revoked_at_ms INTEGER
);
CREATE INDEX api_key_by_time ON api_key (created_at_ms, id);
