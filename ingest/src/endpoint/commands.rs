//! Commands on their way to devices.

use std::sync::Arc;

use super::sessions::Sessions;

/// Sends commands to devices. Cheap to clone; never waits.
#[derive(Clone)]
pub struct Commands(pub(super) Arc<Sessions>);

/// What became of a command. That the device carried it out, only its event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Handed to a connected device; kept until it acknowledges, where its session outlives the
    /// connection.
    Sent,
    /// The device is away: it gets the command when it comes back.
    Queued,
    /// Too many wait for the device already.
    Full,
    /// No device has subscribed to these commands.
    NobodyListens,
}

impl Commands {
    /// Sends a command to `firemain/v1/{device}/command`.
    pub fn send(&self, device: &str, payload: Vec<u8>) -> Delivery {
        self.0.send(device, payload)
    }
}
