//! The journal's tables.

use crate::database::Format;

/// One row per batch. Positions are those of its envelopes; `checksum` covers the positions and the
/// packed envelopes. A damaged batch stays where it is and is named in `damaged`, so that nothing of
/// a bad disk has to be rewritten. `mark` remembers how far pruning went: the head of an emptied
/// journal.
pub(super) const FORMAT: Format = Format {
    steps: &["
        CREATE TABLE batch (
            first     INTEGER PRIMARY KEY,
            count     INTEGER NOT NULL,
            first_at  INTEGER NOT NULL,
            last_at   INTEGER NOT NULL,
            raw_bytes INTEGER NOT NULL,
            checksum  INTEGER NOT NULL,
            packed    BLOB NOT NULL
        ) STRICT;
        CREATE TABLE damaged (
            first  INTEGER PRIMARY KEY,
            count  INTEGER NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;
        CREATE TABLE consumer (
            name     TEXT PRIMARY KEY,
            released INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE mark (
            name  TEXT PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO mark VALUES ('pruned_upto', 0);
    "],
};

pub(super) const INSERT: &str = "
    INSERT INTO batch (first, count, first_at, last_at, raw_bytes, checksum, packed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

pub(super) const HEAD: &str = "
    SELECT max(
        coalesce((SELECT first + count - 1 FROM batch ORDER BY first DESC LIMIT 1), 0),
        (SELECT value FROM mark WHERE name = 'pruned_upto'))";

pub(super) const OLDEST: &str = "
    SELECT first FROM batch WHERE first NOT IN (SELECT first FROM damaged)
    ORDER BY first LIMIT 1";

/// The batch that holds a position, or else the next one.
pub(super) const HOLDING: &str = "
    SELECT first, count, raw_bytes, checksum, packed FROM batch
    WHERE first >= coalesce(
            (SELECT first FROM batch WHERE first <= ?1 ORDER BY first DESC LIMIT 1), ?1)
        AND first + count > ?1
        AND first NOT IN (SELECT first FROM damaged)
    ORDER BY first LIMIT 1";

/// The same, without touching what is packed.
pub(super) const HOLDING_RANGE: &str = "
    SELECT first, count FROM batch
    WHERE first >= coalesce(
            (SELECT first FROM batch WHERE first <= ?1 ORDER BY first DESC LIMIT 1), ?1)
        AND first + count > ?1
        AND first NOT IN (SELECT first FROM damaged)
    ORDER BY first LIMIT 1";

pub(super) const SET_ASIDE: &str =
    "INSERT OR IGNORE INTO damaged (first, count, reason) VALUES (?1, ?2, ?3)";

pub(super) const DAMAGE: &str = "SELECT count(*), coalesce(sum(count), 0) FROM damaged";

pub(super) const ADD_CONSUMER: &str = "INSERT OR IGNORE INTO consumer VALUES (?1, ?2)";

/// Never back, and never beyond the head: what is not there yet cannot be let go of.
pub(super) const RELEASE: &str = "
    UPDATE consumer SET released = max(released, ?2) WHERE name = ?1";

pub(super) const REMOVE_CONSUMER: &str = "DELETE FROM consumer WHERE name = ?1";

pub(super) const CONSUMERS: &str = "SELECT name, released FROM consumer ORDER BY name";

/// How far all consumers have let go; nothing is held back where there are none.
pub(super) const RELEASED: &str = "SELECT min(released) FROM consumer";

pub(super) const OLDEST_RELEASED: &str = "
    SELECT first + count - 1, count, last_at, length(packed) FROM batch
    WHERE first + count - 1 <= ?1 AND (NOT ?2 OR first NOT IN (SELECT first FROM damaged))
    ORDER BY first LIMIT 256";

pub(super) const DELETE_UPTO: &str = "
    DELETE FROM batch
    WHERE first <= ?1 AND (NOT ?2 OR first NOT IN (SELECT first FROM damaged))";

pub(super) const PRUNED_UPTO: &str =
    "UPDATE mark SET value = max(value, ?1) WHERE name = 'pruned_upto'";
