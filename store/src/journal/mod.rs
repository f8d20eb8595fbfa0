//! The journal: the only thing between receiving and everything else.
//!
//! In: envelopes, in batches; [`Journal::append`] returns when they are on disk. Out: the same
//! envelopes by position, to any number of consumers, each with its own cursor kept with its own
//! effects. What a consumer has not released is never deleted.
//!
//! [`SqliteJournal`] is the embedded one: batches are packed (`batch`), decoded once (`reading`) and
//! pruned (`prune`), and those who wait are woken (`wake`).

mod batch;
mod payload;
mod prune;
mod reading;
mod schema;
mod sqlite;
#[cfg(test)]
mod tests;
mod wake;

pub use sqlite::{JournalOptions, SqliteJournal};

use std::path::PathBuf;
use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::judging::Control;
use serde::{Deserialize, Serialize};

/// An envelope's place in the journal: 1, 2, 3 … without gaps but where damage was set aside.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Position(pub u64);

/// One thing that came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Journal time: never goes back.
    pub received_at: Timestamp,
    /// Wall clock minus journal time, ms; 0 but while a clock set back is waited for.
    pub wall_offset_ms: i64,
    /// What came in.
    pub body: Body,
}

/// A message of a device, or a word of the receiver about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// From a device.
    Message(Message),
    /// From the receiver.
    Control(Control),
}

/// A message as it came, undecoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its topic.
    pub topic: Arc<str>,
    /// Its payload; only the beginning where `cut_from` says so.
    #[serde(with = "payload")]
    pub payload: Vec<u8>,
    /// The broker had kept it: not news.
    pub retained: bool,
    /// Known for a redelivery of a message journalled before, whose acknowledgement may have been
    /// lost.
    pub copy: bool,
    /// The payload's full length where it exceeded the limit and only its beginning is kept.
    pub cut_from: Option<u32>,
    /// When it was first received, where it was kept for a device that nobody had registered and is
    /// journalled again on adoption: samples without a time of their own were measured then.
    pub first_received_at: Option<Timestamp>,
}

/// Topics under which the receiver publishes to itself, to see that messages come the whole way
/// round. Journalled like any other message; consumers note them and decode nothing.
pub const CANARY_TOPIC: &str = "firemain/canary/";

/// The journal. Calls block; run them where blocking is allowed.
pub trait Journal: Send + Sync {
    /// Appends a batch; on return it is durable. Returns the position of its first envelope.
    fn append(&self, batch: &[Envelope]) -> Result<Position, JournalError>;

    /// Up to `limit` envelopes after `after`, in order. Fewer, or none, at the end.
    fn read(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Envelope)>, JournalError>;

    /// The position of the newest envelope; 0 if there is none.
    fn head(&self) -> Result<Position, JournalError>;

    /// The oldest position still kept, and the newest. Where nothing is kept, the oldest is the one
    /// after the newest. A cursor beyond the newest belongs to another journal.
    fn extent(&self) -> Result<(Position, Position), JournalError>;

    /// Makes a consumer known, from `from` on: nothing after its release is deleted. Known already:
    /// nothing changes.
    fn add_consumer(&self, consumer: &str, from: Position) -> Result<(), JournalError>;

    /// Lets go of everything up to and including `upto` for this consumer, which must be known.
    /// What is beyond the head is not let go of.
    fn release(&self, consumer: &str, upto: Position) -> Result<(), JournalError>;

    /// Forgets a consumer, and with it what it holds back.
    fn remove_consumer(&self, consumer: &str) -> Result<(), JournalError>;

    /// Every consumer with the position it has released.
    fn consumers(&self) -> Result<Vec<(String, Position)>, JournalError>;

    /// Deletes what all consumers have released and `keep` or `max_bytes` no longer keep.
    fn prune(&self, now: Timestamp) -> Result<Pruned, JournalError>;

    /// Waits, at most `at_most`, until there is something after `after`; false if there is not.
    /// Appends of this process wake it at once, those of another within 20 ms.
    fn wait(&self, after: Position, at_most: std::time::Duration) -> Result<bool, JournalError>;

    /// Size and damage, for metrics and readiness.
    fn health(&self) -> Result<JournalHealth, JournalError>;
}

/// What pruning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Envelopes deleted.
    pub envelopes: u64,
    /// Bytes given back.
    pub bytes: u64,
}

/// How the journal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JournalHealth {
    /// Bytes on disk.
    pub bytes: u64,
    /// Batches found damaged and set aside.
    pub damaged_batches: u64,
    /// Envelopes in them.
    pub damaged_envelopes: u64,
}

/// What can go wrong with the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// `max_bytes` is reached and nothing may be deleted: stop acknowledging.
    #[error(
        "the journal is full: {bytes} bytes of at most {max_bytes}, and consumers have not released them"
    )]
    Full {
        /// Bytes in use.
        bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// The disk is full.
    #[error("the disk that holds the journal is full")]
    DiskFull,
    /// Written by a newer version.
    #[error(
        "the journal was written by a newer version (format {found}, this one knows {known}): start that version, or restore a backup"
    )]
    Newer {
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file is damaged beyond single batches.
    #[error(
        "the journal {path} is damaged and cannot be {doing} ({source}): check the disk; stop firemain, move this file and those beside it with -wal and -shm away, and start again with an empty journal. Keep what was moved: `sqlite3 FILE .recover` brings back what is readable"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// The file cannot be opened at all.
    #[error(
        "the journal {path} cannot be opened ({source}): see that its folder exists and that this user may write there, or choose another by [data] dir"
    )]
    Unopenable {
        /// Which file.
        path: PathBuf,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// The handle is a consumer's.
    #[error("the journal cannot be {doing} by a process that only reads it")]
    OnlyReads {
        /// What was asked for.
        doing: &'static str,
    },
    /// Nobody made this consumer known, or somebody removed it.
    #[error("the journal knows no consumer `{consumer}`: it has to be added before it releases")]
    UnknownConsumer {
        /// Its name.
        consumer: String,
    },
    /// A batch that cannot be written at all.
    #[error("the batch cannot be packed for the journal: {0}")]
    Unencodable(String),
    /// Anything else the database says.
    #[error("the journal cannot be {doing}: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it says.
        source: rusqlite::Error,
    },
}
