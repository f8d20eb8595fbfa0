//! The clocks of judging: which time counts as silence, and when deadlines may fire.
//!
//! Journal time jumps where the wall clock was set, and over an hour in which nobody listened.
//! Steady time is journal time less the steps; listening time counts only what lay between two
//! words of a receiver that was connected and had taken in what was queued.

use serde::{Deserialize, Serialize};

use super::condition::Moment;
use super::input::Control;
use crate::time::{SECOND_MS, Timestamp};

/// A gap between two journalled words longer than this was not listened to: three heartbeats.
const LONGEST_GAP_MS: i64 = 15 * SECOND_MS;
/// The wall clock moving more than this against journal time was set.
const LONGEST_SLEW_MS: i64 = 2 * SECOND_MS;
/// Deadlines wait for what was queued at the broker, but not longer than this after connecting.
const LONGEST_SETTLING_MS: i64 = 60 * SECOND_MS;

/// The clocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listening {
    journal: Timestamp,
    wall_offset_ms: i64,
    stepped_ms: i64,
    listening_ms: i64,
    connected: bool,
    drained: bool,
    settling_until_ms: Option<i64>,
    /// A recording is being replayed: its whole span counts as connected and drained.
    recording: bool,
    /// History is being played in: nobody is paged.
    pub history: bool,
}

impl Listening {
    /// Clocks that have seen nothing. With `recording` every span counts as listened to.
    pub fn new(recording: bool) -> Self {
        Self {
            journal: Timestamp::MIN,
            wall_offset_ms: 0,
            stepped_ms: 0,
            listening_ms: 0,
            connected: recording,
            drained: recording,
            settling_until_ms: None,
            recording,
            history: false,
        }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment {
            journal: self.journal,
            wall: self.journal.plus_ms(self.wall_offset_ms),
            steady_ms: self.steady_ms(),
            listening_ms: self.listening_ms,
        }
    }

    fn steady_ms(&self) -> i64 {
        self.journal.ms() - self.stepped_ms
    }

    fn is_listening(&self) -> bool {
        self.recording || self.history || (self.connected && self.drained)
    }

    /// Whether the receiver is connected, and has taken in what was queued.
    pub fn receiving(&self) -> (bool, bool) {
        (self.connected, self.drained)
    }

    /// Whether a recording is being replayed.
    pub const fn is_recording(&self) -> bool {
        self.recording
    }

    /// Whether deadlines wait: we are connected, and what was queued is still coming in.
    pub fn is_settling(&self) -> bool {
        self.settling_until_ms
            .is_some_and(|until| self.steady_ms() < until)
    }

    /// Whether nobody wrote to the journal for so long that what falls due in between must wait for
    /// what queued up meanwhile.
    pub fn is_gap(&self, steady_ms: i64) -> bool {
        !self.recording && !self.history && steady_ms > LONGEST_GAP_MS
    }

    /// The wall clock was set: forward, journal time is about to jump with it.
    pub fn step(&mut self, by_ms: i64) {
        self.stepped_ms += by_ms.max(0);
    }

    /// The span up to `journal`, as steady and listening milliseconds; none if it is not later.
    pub fn span_to(&self, journal: Timestamp) -> (i64, i64) {
        if self.journal == Timestamp::MIN {
            return (0, 0);
        }
        let steady = (journal.ms() - self.stepped_ms - self.steady_ms()).max(0);
        let heard =
            self.is_listening() && (self.recording || self.history || steady <= LONGEST_GAP_MS);
        (steady, if heard { steady } else { 0 })
    }

    /// Moves on by part of a span: `steady_ms` of it, `listening_ms` of them listened to.
    pub fn pass(&mut self, steady_ms: i64, listening_ms: i64) {
        self.journal = self.journal.plus_ms(steady_ms);
        self.listening_ms += listening_ms;
    }

    /// By how much the wall clock jumps against journal time where it is off by `wall_offset_ms`
    /// now, ms; 0 where it is merely slewed.
    pub fn wall_jumps_to(&self, wall_offset_ms: i64) -> i64 {
        let jump_ms = wall_offset_ms.saturating_sub(self.wall_offset_ms);
        if self.journal == Timestamp::MIN || jump_ms.saturating_abs() <= LONGEST_SLEW_MS {
            0
        } else {
            jump_ms
        }
    }

    /// Stands at `journal`, where the wall clock is off by `wall_offset_ms`.
    pub fn arrive(&mut self, journal: Timestamp, wall_offset_ms: i64) {
        self.journal = self.journal.max(journal);
        self.wall_offset_ms = wall_offset_ms;
    }

    /// Takes a word of the receiver about itself.
    pub fn hear(&mut self, control: &Control) {
        match control {
            Control::Started => {
                self.connected = false;
                self.drained = false;
                self.settle();
            }
            Control::Connected { .. } => {
                self.connected = true;
                self.drained = false;
                self.settle();
            }
            Control::Disconnected => {
                self.connected = false;
                self.drained = false;
                self.settling_until_ms = None;
            }
            Control::Drained => {
                self.drained = true;
                self.settling_until_ms = None;
            }
            Control::History { begins } => self.history = *begins,
            Control::Heartbeat { .. } | Control::ClockStepped { .. } => {}
        }
    }

    fn settle(&mut self) {
        self.settling_until_ms = Some(self.steady_ms() + LONGEST_SETTLING_MS);
    }
}
