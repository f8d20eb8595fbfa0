-- Commands to devices, and what the own MQTT endpoint remembers of its clients.

CREATE TABLE command (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they were given
    device          TEXT NOT NULL,
    id              TEXT NOT NULL,          -- which the device's answer names
    body            TEXT NOT NULL,          -- as it is sent, JSON
    created_at_ms   INTEGER NOT NULL,
    expires_at_ms   INTEGER NOT NULL,
    sent_at_ms      INTEGER,                -- first sent by the own endpoint: again means DUP
    published_at_ms INTEGER,                -- acknowledged by the broker
    delivered_at_ms INTEGER,                -- acknowledged by the device itself
    answered_at_ms  INTEGER,
    ok              INTEGER,
    error           TEXT,
    UNIQUE (device, id)
);
CREATE INDEX command_of_device ON command (device, number);
CREATE INDEX command_pending ON command (number)
    WHERE delivered_at_ms IS NULL AND answered_at_ms IS NULL;

CREATE TABLE endpoint_session (
    login         TEXT NOT NULL,            -- empty: a client without one
    client_id     TEXT NOT NULL,
    keep_s        INTEGER NOT NULL,         -- for how long after its connection ended
    away_since_ms INTEGER,                  -- none: it was connected
    PRIMARY KEY (login, client_id)
) WITHOUT ROWID;

CREATE TABLE endpoint_subscription (
    login     TEXT NOT NULL,
    client_id TEXT NOT NULL,
    filter    TEXT NOT NULL,
    PRIMARY KEY (login, client_id, filter)
) WITHOUT ROWID;

CREATE TABLE device_status (
    device TEXT PRIMARY KEY NOT NULL,       -- its last retained status
    payload BLOB NOT NULL,
    at_ms   INTEGER NOT NULL
) WITHOUT ROWID;

-- Moves with every change of a login, so that connections can be checked when there is need.
CREATE TABLE login_version (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
);
INSERT INTO login_version VALUES (1, 1);
CREATE TRIGGER login_entered AFTER INSERT ON login
    BEGIN UPDATE login_version SET number = number + 1; END;
CREATE TRIGGER login_changed AFTER UPDATE ON login
    BEGIN UPDATE login_version SET number = number + 1; END;
CREATE TRIGGER login_removed AFTER DELETE ON login
    BEGIN UPDATE login_version SET number = number + 1; END;
