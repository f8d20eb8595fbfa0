//! What one message of a device says, whatever format it came in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;
use crate::time::Timestamp;

/// A device's name, as its messages and the register give it (1 to 128 characters).
pub type DeviceId = Arc<str>;

/// What tells two messages of one device apart when their time is the same or missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// The device's own sequence number.
    Sequence(u64),
    /// A hash of the payload, where there is no sequence.
    Hash(u64),
}

impl Mark {
    /// The bare number, for stores that keep one.
    pub const fn number(self) -> u64 {
        match self {
            Self::Sequence(n) | Self::Hash(n) => n,
        }
    }

    /// What tells samples of one millisecond apart in the archive, below 1,000,000: the number of
    /// the message and the sample's place in it.
    pub const fn nanos(self, index: u16) -> u32 {
        (self.number().wrapping_add(1_009 * index as u64) % 1_000_000) as u32
    }
}

/// How far ahead of the wall clock a device's time may lie before the server's own stands for it:
/// 5 min.
pub const AHEAD_LIMIT_MS: i64 = 5 * crate::time::MINUTE_MS;

/// Before this moment (2020-01-01) no device of ours existed: its clock was not set.
pub const CLOCK_SET_FROM: Timestamp = Timestamp::from_ms(1_577_836_800_000);

/// The device's time if it can be used: not more than [`AHEAD_LIMIT_MS`] ahead of the wall clock,
/// nor from before [`CLOCK_SET_FROM`]. Otherwise the time of receipt stands for it.
pub fn usable_time(at: Option<Timestamp>, wall: Timestamp) -> Option<Timestamp> {
    at.filter(|at| *at >= CLOCK_SET_FROM && at.since_ms(wall) <= AHEAD_LIMIT_MS)
}

/// One decoded message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Who says it.
    pub device: DeviceId,
    /// Sequence number or payload hash.
    pub mark: Mark,
    /// A 64-bit hash of the payload, also where a sequence is given.
    pub payload_hash: u64,
    /// What was measured: one or several samples, in the order of the payload.
    pub samples: Vec<Sample>,
    /// What happened at the device.
    pub events: Vec<DeviceEvent>,
    /// `Some(false)` where the device's last will (or a DEATH) says it is gone.
    pub online: Option<bool>,
    /// The gateway through which it was heard, if the network names one.
    #[serde(default)]
    pub via: Option<Arc<str>>,
    /// Fields that nobody here knows; kept in the journal, counted here.
    pub unknown_fields: u16,
}

/// Values measured at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The device's own time; `None` if it gave none: then the time of receipt stands for it.
    pub at: Option<Timestamp>,
    /// Its place in the message, from 0: tells samples apart that share a sequence.
    pub index: u16,
    /// Quantity and value in the quantity's own unit, each quantity at most once. Values may be
    /// NaN or infinite where the sensor said so: judging leaves those out and counts them.
    pub values: Vec<(Quantity, f64)>,
}

impl Sample {
    /// The value of one quantity, if it was measured.
    pub fn get(&self, quantity: Quantity) -> Option<f64> {
        self.values
            .iter()
            .find(|(q, _)| *q == quantity)
            .map(|(_, v)| *v)
    }
}

/// Something that happened at a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceEvent {
    /// The device's own time; `None`: the time of receipt.
    pub at: Option<Timestamp>,
    /// What happened.
    pub what: EventKind,
}

/// The kinds of event a device tells of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum EventKind {
    /// An outlet cap came off.
    CapOpen,
    /// The cap is back on.
    CapClosed,
    /// The housing was opened or struck.
    Tamper,
    /// It stands askew.
    Tilt,
    /// Water began to flow.
    FlowStart,
    /// Water stopped.
    FlowStop,
    /// The device started anew.
    Boot,
    /// It carried out a command, or says why not.
    CommandDone {
        /// The command's id.
        id: String,
        /// Whether it was carried out.
        ok: bool,
        /// Why not.
        error: Option<String>,
    },
    /// An event nobody here knows: kept and counted.
    Other(String),
}
