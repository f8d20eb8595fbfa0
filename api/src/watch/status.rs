//! How judging is: for readiness, metrics and the status page.

use firemain_domain::Timestamp;
use firemain_domain::change::ChangeNumber;
use firemain_domain::judging::LeftOut;
use serde::Serialize;

/// How judging is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WatchStatus {
    /// The newest envelope judged.
    pub position: u64,
    /// The journal's newest envelope, as last seen.
    pub journal_head: u64,
    /// Envelopes that wait to be judged.
    pub lag_envelopes: u64,
    /// How old the newest envelope judged is, ms, while others wait; 0 when none do.
    pub lag_ms: i64,
    /// Journal time of the newest envelope judged.
    pub journal_at: Option<Timestamp>,
    /// The last change that took effect.
    pub change: ChangeNumber,
    /// When the receiver was last heard by the journal.
    pub heartbeat_at: Option<Timestamp>,
    /// Whether the receiver says that it is connected.
    pub connected: bool,
    /// Whether it has taken in what was queued at the broker.
    pub drained: bool,
    /// When the newest canary seen was sent.
    pub canary_at: Option<Timestamp>,
    /// What was committed before the last start is being folded again; effects are not told.
    pub replaying: bool,
    /// Sources judged.
    pub sources: usize,
    /// When the last checkpoint was taken.
    pub checkpoint_at: Option<Timestamp>,
    /// The position it holds.
    pub checkpoint_position: u64,
    /// Bytes written by it.
    pub checkpoint_bytes: u64,
    /// How long it took from beginning to end, ms; judging went on meanwhile.
    pub checkpoint_ms: u64,
    /// Why judging stands still, or could not save its state, in English; `None`: it does not.
    pub failed: Option<String>,
    /// What was found wrong at start and put right, in English.
    pub recovered: Option<String>,
    /// What went through since the start.
    pub counts: WatchCounts,
}

/// What went through judging since the start; what is folded again is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WatchCounts {
    /// Messages of devices.
    pub messages: u64,
    /// Reports judged.
    pub judged: u64,
    /// Messages that could not be decoded.
    pub refused: u64,
    /// Reports of devices that no source has.
    pub unregistered: u64,
    /// Readings left out of judging, by reason.
    pub left_out: LeftOutCounts,
    /// Alerts raised.
    pub episodes_raised: u64,
    /// Alerts raised again within the hour.
    pub episodes_reopened: u64,
    /// Alerts cleared by data.
    pub episodes_cleared: u64,
    /// Pages decided on.
    pub pages: u64,
    /// Changes of how a source stands.
    pub standings: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Tries to commit or save that failed and were made again.
    pub retries: u64,
}

/// Readings left out of judging, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOutCounts {
    /// Cannot be.
    pub invalid: u64,
    /// Left their band and came back.
    pub spike: u64,
    /// Their time was replaced by that of receipt.
    pub clock_ahead: u64,
    /// Older than what is known.
    pub late: u64,
    /// Copies.
    pub duplicate: u64,
    /// Kept by the broker.
    pub retained: u64,
}

impl LeftOutCounts {
    pub(super) fn count(&mut self, why: LeftOut) {
        let counter = match why {
            LeftOut::Invalid => &mut self.invalid,
            LeftOut::Spike => &mut self.spike,
            LeftOut::ClockAhead => &mut self.clock_ahead,
            LeftOut::Late => &mut self.late,
            LeftOut::Duplicate => &mut self.duplicate,
            LeftOut::Retained => &mut self.retained,
        };
        *counter += 1;
    }

    /// Reason and number, by the reasons' codes.
    pub fn by_reason(&self) -> [(&'static str, u64); 6] {
        [
            ("invalid", self.invalid),
            ("spike", self.spike),
            ("clock_ahead", self.clock_ahead),
            ("late", self.late),
            ("duplicate", self.duplicate),
            ("retained", self.retained),
        ]
    }
}
