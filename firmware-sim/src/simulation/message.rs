//! A message, and a message on its way.

use firemain_domain::Timestamp;
use firemain_domain::report::DeviceId;

use crate::device::Letter;

/// A message that reaches the broker.
#[derive(Clone, Debug, PartialEq)]
pub struct SimMessage {
    /// When.
    pub at: Timestamp,
    /// From which device.
    pub device: DeviceId,
    /// On which topic.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it for whoever subscribes later.
    pub retain: bool,
}

/// On its way to the broker.
pub(super) struct Pending {
    pub(super) at: Timestamp,
    pub(super) serial: u64,
    pub(super) device: u32,
    pub(super) letter: Letter,
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.serial == other.serial
    }
}
impl Eq for Pending {}
impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}
