//! What judging is told.

use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::report::Report;
use crate::time::Timestamp;

/// One thing told to the fold, at journalled time `received_at`, which never goes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Journal time.
    pub received_at: Timestamp,
    /// What the wall clock said minus journal time, ms: not 0 while the journal's clock, which
    /// never goes back, waits for a wall clock that was set back.
    pub wall_offset_ms: i64,
    /// What is told.
    pub what: What,
}

/// The content of an [`Input`].
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A device spoke. `retained`: the broker kept it, it is not news. `copy`: the receiver knows it
    /// for a second delivery of a message already journalled.
    Report {
        /// What it said.
        report: Report,
        /// Delivered from the broker's memory of the last message.
        retained: bool,
        /// A redelivery of a message already journalled.
        copy: bool,
    },
    /// The receiver speaks of itself.
    Control(Control),
    /// Somebody changed something.
    Change(Change),
}

/// What a receiver journals about itself, beside the messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// Every five seconds while it runs. Everything journalled before `settled` was acknowledged
    /// at least one heartbeat ago.
    Heartbeat {
        /// A journal position.
        settled: u64,
    },
    /// The receiver started anew: what lay between the last heartbeat and now was not listened to.
    Started,
    /// Connected to the broker, or the own endpoint is open.
    Connected {
        /// Whether the broker had kept our session.
        session_present: bool,
    },
    /// The connection is gone.
    Disconnected,
    /// What had queued up at the broker has been taken in; from here on messages are current.
    Drained,
    /// History is being played in (true), or is over (false): nobody is to be paged for it.
    History {
        /// Whether it begins.
        begins: bool,
    },
    /// The wall clock was set by `by_ms`; journal time moves with it if forward.
    ClockStepped {
        /// How far, ms.
        by_ms: i64,
    },
}
