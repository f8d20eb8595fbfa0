//! How late a device's readings come, and whether its clock is to blame.
//!
//! A lag that stays the same over messages in sequence is a clock that is behind: it is put right.
//! A lag that shrinks inside a burst is a backlog: it fills the history and decides nothing, but
//! that its newest reading may be current.

use serde::{Deserialize, Serialize};

use crate::report::{AHEAD_LIMIT_MS, Mark};
use crate::time::{MINUTE_MS, SECOND_MS, Timestamp};

/// Messages in sequence that must lag alike.
const MESSAGES: usize = 3;
/// How alike, ms.
const SPREAD_MS: i64 = MINUTE_MS;
/// Messages closer than this are one burst and tell nothing of the clock.
pub const BURST_MS: i64 = 20 * SECOND_MS;

/// The lags of the newest messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    lags_ms: [i64; MESSAGES],
    len: u8,
    heard_ms: i64,
    skew_ms: i64,
    /// The newest device time, ms, and the sequence it came with: what goes on from there is news.
    newest_ms: i64,
    newest_sequence: u64,
    /// How much of what it seems to be off is our own clock's doing, s.
    ours_s: i32,
}

impl Arrivals {
    /// Takes note of a message whose newest reading was taken at `at` by the device's own clock and
    /// lags by `lag_ms`, and returns what is to be added to its device's times.
    ///
    /// Only a message that goes on, in time or in sequence, tells of the clock: a device that says
    /// old things again, an old sequence at an old time, lags by a constant too and is not behind
    /// but stuck.
    pub fn note(&mut self, at: Timestamp, mark: Mark, lag_ms: i64, steady_ms: i64) -> i64 {
        if !self.goes_on(at, mark) {
            return self.skew_ms;
        }
        (self.newest_ms, self.newest_sequence) = (at.ms(), sequence(mark));
        let in_sequence = !self.is_burst(steady_ms);
        self.heard_ms = steady_ms;
        if in_sequence {
            self.lags_ms.rotate_left(1);
            self.lags_ms[MESSAGES - 1] = lag_ms;
            self.len = (self.len + 1).min(MESSAGES as u8);
        } else {
            self.lags_ms[MESSAGES - 1] = lag_ms;
        }
        // A lag that is suddenly less: the clock was put right. One that is suddenly more is an old
        // message that came late, and says nothing of the clock.
        if lag_ms < self.skew_ms - SPREAD_MS {
            self.skew_ms = 0;
        }
        if usize::from(self.len) == MESSAGES {
            let mut sorted = self.lags_ms;
            sorted.sort_unstable();
            let middle = sorted[MESSAGES / 2];
            let alike = sorted.iter().all(|lag| (lag - middle).abs() < SPREAD_MS);
            if alike && middle > SPREAD_MS {
                self.skew_ms = middle;
            }
        }
        if self.skew_ms == 0 && lag_ms.abs() < AHEAD_LIMIT_MS {
            self.ours_s = 0;
        }
        self.skew_ms
    }

    /// How far a right clock seems to be behind because ours was set, ms.
    pub fn ours_ms(&self) -> i64 {
        i64::from(self.ours_s) * SECOND_MS
    }

    /// Whether a message goes on from the newest, in time or in sequence; one that does not says
    /// old things.
    pub fn goes_on(&self, at: Timestamp, mark: Mark) -> bool {
        self.len == 0 || at.ms() > self.newest_ms || sequence(mark) > self.newest_sequence
    }

    /// Whether a message that comes now follows the one before so closely that both are of a burst.
    pub fn is_burst(&self, steady_ms: i64) -> bool {
        self.len > 0 && steady_ms - self.heard_ms < BURST_MS
    }

    /// The device started anew, by its own word of `at`: its sequence does too. A word that is old,
    /// or was said before, is none.
    pub fn started_anew(&mut self, at: Option<Timestamp>) {
        if at.is_none_or(|at| at.ms() > self.newest_ms) {
            self.newest_sequence = 0;
            self.newest_ms = at.map_or(0, |at| at.ms().min(self.newest_ms));
        }
    }

    /// What is added to its device's times now, ms.
    pub fn skew_ms(&self) -> i64 {
        self.skew_ms
    }

    /// Our own wall clock was set by `by_ms`: every lag is another by as much, and a device that
    /// was on time before is on time still.
    pub fn our_clock_stepped(&mut self, by_ms: i64) {
        for lag in &mut self.lags_ms {
            *lag += by_ms;
        }
        if self.len > 0 {
            let newest = self.lags_ms[MESSAGES - 1];
            self.skew_ms = if newest.abs() > SPREAD_MS { newest } else { 0 };
            let by_s = i32::try_from(by_ms / SECOND_MS).unwrap_or(i32::MAX);
            self.ours_s = self.ours_s.saturating_add(by_s);
        }
    }
}

/// The sequence of a message; none counts as the lowest.
const fn sequence(mark: Mark) -> u64 {
    match mark {
        Mark::Sequence(sequence) => sequence,
        Mark::Hash(_) => 0,
    }
}

/// How old a reading may be and still be news: two intervals.
pub fn is_current(at: Timestamp, wall: Timestamp, interval_ms: i64) -> bool {
    wall.since_ms(at) <= 2 * interval_ms
}
