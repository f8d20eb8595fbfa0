//! What came in and could not be used yet: the quarantine, and the messages of devices that nobody
//! has registered. Both bounded by policy, and they say so. [`SqliteIntake`] is the embedded one.

mod kept;
mod quarantine;
mod schema;
mod sqlite;

pub use sqlite::SqliteIntake;

use std::path::PathBuf;

use firemain_domain::Timestamp;
use firemain_domain::report::DeviceId;
use serde::{Deserialize, Serialize};

use crate::journal::{Message, Position};

/// What could not be used yet. Calls block; run them where blocking is allowed.
pub trait Intake: Send + Sync {
    /// Keeps messages in quarantine, their details and payloads cut to what is kept; one that is there already (same position) changes nothing.
    /// Beyond the policy's number of rows the oldest go, and are counted as dropped.
    fn quarantine(&self, messages: &[Quarantined]) -> Result<(), IntakeError>;

    /// Keeps messages of unregistered devices; one that is there already changes nothing. Beyond
    /// the policy the oldest of the same device go, or the message of one device too many, and are
    /// counted as dropped.
    fn keep(&self, messages: &[Unregistered]) -> Result<(), IntakeError>;

    /// The quarantine, newest first, before the position `before`; of one reason or of all.
    fn quarantined(
        &self,
        why: Option<Why>,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Quarantined>, IntakeError>;

    /// Devices that speak and are not registered, in order of name, after `after`.
    fn strangers(&self, after: Option<&str>, limit: usize) -> Result<Vec<Stranger>, IntakeError>;

    /// One of them.
    fn stranger(&self, device: &str) -> Result<Option<Stranger>, IntakeError>;

    /// Messages kept of one device, oldest first, after the position `after`.
    fn kept(
        &self,
        device: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Unregistered>, IntakeError>;

    /// Forgets the messages of a device up to a position: they were adopted. With the last one the
    /// device is no stranger any more.
    fn adopted(&self, device: &str, upto: Position) -> Result<(), IntakeError>;

    /// How many rows are kept, and how many were dropped for want of room, since the beginning.
    fn totals(&self) -> Result<IntakeTotals, IntakeError>;
}

/// How much is kept, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntakePolicy {
    /// Messages in quarantine.
    pub quarantine_rows: u64,
    /// Messages of one unregistered device.
    pub unregistered_per_device: u64,
    /// Unregistered devices.
    pub unregistered_devices: u64,
}

/// How much is kept, and was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeTotals {
    /// Messages in quarantine now.
    pub quarantined: u64,
    /// Messages ever dropped from quarantine for want of room.
    pub quarantine_dropped: u64,
    /// Unregistered devices now.
    pub strangers: u64,
    /// Their messages kept now.
    pub kept: u64,
    /// Their messages ever dropped for want of room.
    pub kept_dropped: u64,
}

/// What can go wrong with the intake.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The disk is full.
    #[error("the disk that holds the intake is full")]
    DiskFull,
    /// Written by a newer version.
    #[error(
        "the intake was written by a newer version (schema {found}, this one knows {known}): start that version, or restore a backup"
    )]
    Newer {
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file is damaged.
    #[error(
        "the intake {path} is damaged and cannot be {doing} ({source}): check the disk; stop firemain, move this file and those beside it with -wal and -shm away, and start again with an empty one. Keep what was moved: `sqlite3 FILE .recover` brings back what is readable"
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
        "the intake {path} cannot be opened ({source}): see that its folder exists and that this user may write there, or choose another by [data] dir"
    )]
    Unopenable {
        /// Which file.
        path: PathBuf,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// The handle only reads.
    #[error("the intake cannot be {doing} by a process that only reads it")]
    OnlyReads {
        /// What was asked for.
        doing: &'static str,
    },
    /// Anything else the database says.
    #[error("the intake cannot be {doing}: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it says.
        source: rusqlite::Error,
    },
}

/// Why a message (or a point) is in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Longer than the limit.
    TooLarge,
    /// Nested deeper than the limit.
    TooDeep,
    /// Not what its codec speaks.
    Undecodable,
    /// No subscription covers its topic.
    UnknownTopic,
    /// Its device cannot be told.
    NoDevice,
    /// The archive's database refused the point.
    RefusedByArchive,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::TooLarge,
        Self::TooDeep,
        Self::Undecodable,
        Self::UnknownTopic,
        Self::NoDevice,
        Self::RefusedByArchive,
    ];

    /// The reason of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.code() == code)
    }

    /// The code, as in the API and in metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::Undecodable => "undecodable",
            Self::UnknownTopic => "unknown_topic",
            Self::NoDevice => "no_device",
            Self::RefusedByArchive => "refused_by_archive",
        }
    }
}

/// A message in quarantine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Where it stands in the journal.
    pub position: Position,
    /// When it came.
    pub received_at: Timestamp,
    /// Why it is here.
    pub why: Why,
    /// More about it, in English, cut to 200 characters.
    pub detail: String,
    /// Its topic.
    pub topic: String,
    /// The beginning of its payload, at most 4 KiB.
    pub payload: Vec<u8>,
}

/// A message of a device that nobody has registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Unregistered {
    /// Whose.
    pub device: DeviceId,
    /// Where it stood in the journal.
    pub position: Position,
    /// When it came.
    pub received_at: Timestamp,
    /// The message itself.
    pub message: Message,
}

/// A device that speaks and is not registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stranger {
    /// Its name.
    pub device: DeviceId,
    /// First heard.
    pub first_at: Timestamp,
    /// Last heard.
    pub last_at: Timestamp,
    /// Messages it has sent.
    pub messages: u64,
    /// Messages still kept for adoption.
    pub kept: u64,
}
