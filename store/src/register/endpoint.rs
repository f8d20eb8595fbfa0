//! Commands to devices, and what the own MQTT endpoint remembers of its clients.
//!
//! In: commands by people; sessions, subscriptions and retained statuses by the endpoint. Out: the
//! commands that wait for their device, what became of each, and everything a restarted endpoint
//! has to know again.

use firemain_domain::Timestamp;
use firemain_domain::report::DeviceId;
use serde::{Deserialize, Serialize};

use super::RegisterError;

/// Commands that may wait for one device.
pub const MOST_WAITING: usize = 16;
/// Commands of one device that are kept, those settled with them; beyond, the oldest are forgotten.
pub const MOST_OF_DEVICE: usize = 100;
/// Bytes of a command's body.
pub const MOST_BODY_BYTES: usize = 4 * 1024;
/// A command that the broker took and no device answered is published again after so long.
pub const REPEAT_MS: i64 = 10 * 60_000;
/// How long a command may wait at most.
pub const LONGEST_WAIT_MS: i64 = 30 * 24 * 3_600_000;
/// Bytes of an error that a device answers; what is longer is cut.
pub const MOST_ERROR_CHARS: usize = 500;
/// Bytes of a retained status.
pub const MOST_STATUS_BYTES: usize = 4 * 1024;
/// Devices of which a status is retained.
pub const MOST_STATUSES: usize = 100_000;

/// What the register keeps for devices and for the endpoint they come to. Calls block.
pub trait EndpointRegister: Send + Sync {
    /// Gives a command to a device that reports for a source; it waits until the device takes it
    /// or it expires. Returns its number.
    ///
    /// # Errors
    /// When the device is unknown, the id was used for it before, the body is no JSON object with
    /// this id, too long or expired, or too many commands wait for the device already.
    fn enqueue_command(&self, command: &NewCommand) -> Result<u64, RegisterError>;

    /// Commands with a number beyond `after` that no device has taken or answered and that have not
    /// expired at `now`, in order.
    fn pending_commands(
        &self,
        after: u64,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Command>, RegisterError>;

    /// The same, without those that the broker has: it gets a command again [`REPEAT_MS`] later,
    /// until it is answered.
    fn unpublished_commands(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Command>, RegisterError>;

    /// One command.
    fn command(&self, number: u64) -> Result<Option<Command>, RegisterError>;

    /// The commands of a device, the newest first, before the number `before`.
    fn commands(
        &self,
        device: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Command>, RegisterError>;

    /// Notes how far commands have come; what was noted before stays, but for a later publication.
    fn note_delivery(&self, steps: &[CommandStep]) -> Result<(), RegisterError>;

    /// Notes what devices answered; the first answer to a command counts. Returns how many did. An
    /// answer to what a person asked for is a change, and a reporting interval that the device took
    /// on is its source's from then on.
    fn note_answer(&self, answers: &[CommandAnswer]) -> Result<usize, RegisterError>;

    /// A number that moves with every change of a login.
    fn logins_version(&self) -> Result<u64, RegisterError>;

    /// Every session that is kept.
    fn endpoint_sessions(&self) -> Result<Vec<KeptSession>, RegisterError>;

    /// The retained status of every device.
    fn device_statuses(&self) -> Result<Vec<(DeviceId, Vec<u8>)>, RegisterError>;

    /// Writes what the endpoint has to remember, all in one transaction, in this order.
    fn edit_endpoint(&self, edits: &[EndpointEdit]) -> Result<(), RegisterError>;
}

/// A command to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommand {
    /// To whom.
    pub device: DeviceId,
    /// Its id, which the answer names; never used twice for one device.
    pub id: String,
    /// As it is sent: a JSON object that has this `id`.
    pub body: String,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it is of no use any more.
    pub expires_at: Timestamp,
}

/// A command, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// 1, 2, 3 … in the order in which they were given.
    pub number: u64,
    /// To whom.
    pub device: DeviceId,
    /// Its id.
    pub id: String,
    /// As it is sent.
    pub body: String,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it is of no use any more.
    pub expires_at: Timestamp,
    /// When the own endpoint first sent it.
    pub sent_at: Option<Timestamp>,
    /// When the broker took it.
    pub published_at: Option<Timestamp>,
    /// When the device took it.
    pub delivered_at: Option<Timestamp>,
    /// When the device answered.
    pub answered_at: Option<Timestamp>,
    /// Whether it carried it out.
    pub ok: Option<bool>,
    /// Why not, as it says.
    pub error: Option<String>,
    /// Who asked for it; `None`: no person did.
    #[serde(default)]
    pub asked_by: Option<String>,
}

impl Command {
    /// Whether it still is to be brought to its device.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.delivered_at.is_none() && self.answered_at.is_none() && now < self.expires_at
    }
}

/// How far a command has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sent by the own endpoint.
    Sent,
    /// Acknowledged by the broker.
    Published,
    /// Acknowledged by the device.
    Delivered,
}

/// That a command has come so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandStep {
    /// Which command.
    pub number: u64,
    /// How far.
    pub step: Step,
    /// When.
    pub at: Timestamp,
}

/// A device's answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandAnswer {
    /// Whose.
    pub device: DeviceId,
    /// The command's id.
    pub id: String,
    /// When it was received.
    pub at: Timestamp,
    /// Whether the device carried it out.
    pub ok: bool,
    /// Why not.
    pub error: Option<String>,
}

/// A client's session that outlives its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    /// Its login; empty: a client without one.
    pub login: String,
    /// Its client id.
    pub client_id: String,
    /// For how long it is kept after the connection ended, s.
    pub keep_s: u32,
    /// Since when it has no connection; `None`: it had one when the endpoint last ran.
    pub away_since: Option<Timestamp>,
    /// What it has subscribed to.
    pub filters: Vec<String>,
}

/// One thing that the endpoint has to remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointEdit {
    /// A session is kept.
    Keep {
        /// Its login.
        login: String,
        /// Its client id.
        client_id: String,
        /// For how long, s.
        keep_s: u32,
        /// Since when it has no connection.
        away_since: Option<Timestamp>,
    },
    /// A session is over, and its subscriptions with it.
    Forget {
        /// Its login.
        login: String,
        /// Its client id.
        client_id: String,
    },
    /// A kept session has subscribed.
    Subscribe {
        /// Its login.
        login: String,
        /// Its client id.
        client_id: String,
        /// To what.
        filter: String,
    },
    /// It has ended a subscription.
    Unsubscribe {
        /// Its login.
        login: String,
        /// Its client id.
        client_id: String,
        /// Of what.
        filter: String,
    },
    /// A device's retained status; an empty one is none.
    Status {
        /// Whose.
        device: DeviceId,
        /// What it said.
        payload: Vec<u8>,
        /// When.
        at: Timestamp,
    },
}
