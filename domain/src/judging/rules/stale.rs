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
    /// So many sources of a gateway (or zone) that fall silent together are one outage …
    pub outage_sources: u16,
    /// … within so long of each other, s …
    pub outage_within_s: u32,
    /// … of a zone, where no gateway is known, if they are this share of those that report.
    pub outage_share: f64,
    /// An outage is over when less than this share of its members is silent.
    pub outage_clear_share: f64,
}

impl Default for Stale {
    fn default() -> Self {
        Self {
            verdict_intervals: 3,
            alert_after_s: 86_400,
            end_messages: 2,
            outage_sources: 5,
            outage_within_s: 3_600,
            outage_share: 0.5,
            outage_clear_share: 0.2,
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
