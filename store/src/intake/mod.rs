//! What came in and could not be used yet: the quarantine, and the messages of devices that nobody
//! has registered. Both bounded by policy, and they say so.

use firemain_domain::Timestamp;
use firemain_domain::report::DeviceId;
use serde::{Deserialize, Serialize};

use crate::journal::{Message, Position};

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
