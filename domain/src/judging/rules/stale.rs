//! STALE: a source that is not heard. Counts only time in which we were listening.

use serde::{Deserialize, Serialize};

/// Silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stale {
    /// Intervals without data until the verdict is `unknown`.
    pub verdict_intervals: u8,
    /// At least this long without data, s, and `verdict_intervals`, until it alerts.
    pub alert_after_s: u32,
    /// Valid messages that end it.
    pub end_messages: u8,
}

impl Default for Stale {
    fn default() -> Self {
        Self {
            verdict_intervals: 3,
            alert_after_s: 86_400,
            end_messages: 2,
        }
    }
}

impl Stale {
    /// Milliseconds of silence until the verdict is `unknown`.
    pub fn verdict_after_ms(&self, interval_ms: i64) -> i64 {
        interval_ms * i64::from(self.verdict_intervals)
    }

    /// Milliseconds of silence until it alerts.
    pub fn alert_after_ms(&self, interval_ms: i64) -> i64 {
        self.verdict_after_ms(interval_ms)
            .max(i64::from(self.alert_after_s) * 1_000)
    }
}
