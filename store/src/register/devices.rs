//! What devices tell of themselves, and which device was at which source.
//!
//! In: what the receiver reads in statuses, boot events and answers; exchanges by
//! [`Register::change`](super::Register::change). Out: the newest of each device, and the devices that
//! a source has had.

use firemain_domain::Timestamp;
use firemain_domain::change::Settings;
use firemain_domain::report::DeviceId;

use super::RegisterError;

/// Characters of a firmware's version; what is longer is cut.
pub const MOST_FIRMWARE_CHARS: usize = 64;
/// Bytes of the configuration that a device reports; a larger one is not kept.
pub const MOST_CONFIG_BYTES: usize = 2 * 1024;

/// What the register keeps of devices. Calls block.
pub trait DeviceRegister: Send + Sync {
    /// Notes what devices tell of themselves; what one does not tell stays as it was.
    fn note_devices(&self, news: &[DeviceNews]) -> Result<(), RegisterError>;
    /// What a device told of itself.
    fn device_facts(&self, device: &str) -> Result<Option<DeviceFacts>, RegisterError>;
    /// The code of the source at which a device is mounted.
    fn source_of_device(&self, device: &str) -> Result<Option<String>, RegisterError>;
    /// Devices that a source has had and has no more, the newest first, before the number `before`.
    fn device_terms(
        &self,
        source: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<DeviceTerm>, RegisterError>;
    /// Since when a device that replaced another reports for its source; `None` where nobody said so.
    fn replaced_at(&self, device: &str) -> Result<Option<Timestamp>, RegisterError>;
}

/// What a device tells of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceNews {
    /// Which.
    pub device: DeviceId,
    /// When it was received.
    pub at: Timestamp,
    /// The version of its firmware.
    pub firmware: Option<String>,
    /// When it started anew.
    pub boot_at: Option<Timestamp>,
    /// What it is set to.
    pub config: Option<Settings>,
}

/// What is known of a device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceFacts {
    /// The version of its firmware.
    pub firmware: Option<String>,
    /// When it last started anew.
    pub boot_at: Option<Timestamp>,
    /// What it said to be set to, with what it since took on by command.
    pub config: Settings,
    /// When it last told of any of this.
    pub at: Option<Timestamp>,
}

/// A device that was at a source and went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTerm {
    /// 1, 2, 3 … in the order in which devices went.
    pub number: u64,
    /// Which.
    pub device: String,
    /// Until when.
    pub until: Timestamp,
    /// The device that took its place.
    pub next: Option<String>,
    /// Whether people said that it was replaced, and when.
    pub replaced: bool,
    /// Why.
    pub reason: Option<String>,
    /// Who entered it.
    pub by: String,
}
