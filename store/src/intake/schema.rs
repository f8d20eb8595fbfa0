//! The intake's tables.

use crate::database::Format;

/// `total` holds what would be slow to count, and what was dropped.
pub(super) const FORMAT: Format = Format {
    steps: &["
        CREATE TABLE quarantine (
            position    INTEGER PRIMARY KEY,
            received_at INTEGER NOT NULL,
            why         TEXT NOT NULL,
            detail      TEXT NOT NULL,
            topic       TEXT NOT NULL,
            payload     BLOB NOT NULL
        ) STRICT;
        CREATE INDEX quarantine_by_reason ON quarantine (why, position);
        CREATE TABLE stranger (
            device   TEXT PRIMARY KEY,
            first_at INTEGER NOT NULL,
            last_at  INTEGER NOT NULL,
            messages INTEGER NOT NULL,
            kept     INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE kept (
            id          INTEGER PRIMARY KEY,
            device      TEXT NOT NULL,
            position    INTEGER NOT NULL,
            received_at INTEGER NOT NULL,
            message     BLOB NOT NULL,
            UNIQUE (device, position)
        ) STRICT;
        CREATE TABLE total (
            name  TEXT PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO total VALUES
            ('quarantined', 0), ('quarantine_dropped', 0),
            ('strangers', 0), ('kept', 0), ('kept_dropped', 0), ('refused_upto', 0);
    "],
};

pub(super) const ADD_TO_TOTAL: &str = "UPDATE total SET value = value + ?2 WHERE name = ?1";
pub(super) const RAISE_TOTAL: &str = "UPDATE total SET value = max(value, ?2) WHERE name = ?1";
pub(super) const TOTAL: &str = "SELECT value FROM total WHERE name = ?1";

pub(super) const QUARANTINE: &str = "
    INSERT OR IGNORE INTO quarantine (position, received_at, why, detail, topic, payload)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(super) const OLDEST_QUARANTINED: &str = "SELECT min(position) FROM quarantine";

pub(super) const DROP_QUARANTINED: &str = "
    DELETE FROM quarantine WHERE position IN
        (SELECT position FROM quarantine ORDER BY position LIMIT ?1)";

pub(super) const QUARANTINED: &str = "
    SELECT position, received_at, why, detail, topic, payload FROM quarantine
    WHERE position < ?1 ORDER BY position DESC LIMIT ?2";

pub(super) const QUARANTINED_FOR: &str = "
    SELECT position, received_at, why, detail, topic, payload FROM quarantine
    WHERE position < ?1 AND why = ?3 ORDER BY position DESC LIMIT ?2";

pub(super) const STRANGER: &str =
    "SELECT device, first_at, last_at, messages, kept FROM stranger WHERE device = ?1";

pub(super) const STRANGERS: &str = "
    SELECT device, first_at, last_at, messages, kept FROM stranger
    WHERE device > ?1 ORDER BY device LIMIT ?2";

pub(super) const ADD_STRANGER: &str = "INSERT INTO stranger VALUES (?1, ?2, ?2, 0, 0)";

pub(super) const HEARD: &str = "
    UPDATE stranger SET first_at = min(first_at, ?2), last_at = max(last_at, ?2),
        messages = messages + 1, kept = kept + 1
    WHERE device = ?1";

pub(super) const LESS_KEPT: &str = "UPDATE stranger SET kept = kept - ?2 WHERE device = ?1";

pub(super) const FORGET_STRANGER: &str = "DELETE FROM stranger WHERE device = ?1 AND kept <= 0";

pub(super) const KEEP: &str = "
    INSERT OR IGNORE INTO kept (device, position, received_at, message) VALUES (?1, ?2, ?3, ?4)";

pub(super) const OLDEST_KEPT: &str = "SELECT min(position) FROM kept WHERE device = ?1";

pub(super) const DROP_KEPT: &str = "
    DELETE FROM kept WHERE id IN
        (SELECT id FROM kept WHERE device = ?1 ORDER BY position LIMIT ?2)";

pub(super) const KEPT: &str = "
    SELECT position, received_at, message FROM kept
    WHERE device = ?1 AND position > ?2 ORDER BY position LIMIT ?3";

pub(super) const ADOPTED: &str = "DELETE FROM kept WHERE device = ?1 AND position <= ?2";
