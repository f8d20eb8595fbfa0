//! What the server is set to keep: a single node tells at `/flags`.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::wrapped::Server;

/// How long a node is waited for to tell its flags.
const PATIENCE: Duration = Duration::from_secs(5);
const DAY_MS: i64 = 86_400_000;
/// The flag of how long readings are kept, and what holds where it is not set: only flags that are set
/// are told.
const RETENTION: (&str, &str) = ("retentionPeriod", "1M");
/// A reading this near to the retention is left to the server.
const MARGIN_MS: i64 = 60_000;

/// How far back and ahead the server keeps, ms; [`i64::MAX`] while not known.
pub(super) struct Limits {
    back_ms: AtomicI64,
    ahead_ms: AtomicI64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            back_ms: AtomicI64::new(i64::MAX),
            ahead_ms: AtomicI64::new(i64::MAX),
        }
    }
}

impl Limits {
    /// Asks again; what cannot be learned stays as it was.
    pub(super) async fn learn(&self, server: &Server) {
        let Some(flags) = flags(server).await else {
            return;
        };
        for ((name, unset), kept) in [
            (RETENTION, &self.back_ms),
            (("futureRetention", "2d"), &self.ahead_ms),
        ] {
            if let Some(ms) = span_ms(flag(&flags, name).unwrap_or(unset)) {
                kept.store(ms, Ordering::Relaxed);
            }
        }
    }

    /// Why the server would drop a point of that time without a word.
    pub(super) fn dropped(&self, at_ms: i64, now_ms: i64) -> Option<String> {
        let (back, ahead) = (
            self.back_ms.load(Ordering::Relaxed),
            self.ahead_ms.load(Ordering::Relaxed),
        );
        if now_ms == i64::MIN {
            return None;
        }
        let age = now_ms.saturating_sub(at_ms);
        if age > back.saturating_add(MARGIN_MS) {
            return Some(format!(
                "older than VictoriaMetrics keeps (-retentionPeriod, {} days), which drops it without a word",
                back / DAY_MS
            ));
        }
        (age.saturating_neg() > ahead.saturating_add(MARGIN_MS)).then(|| {
            format!(
                "further ahead than VictoriaMetrics takes (-futureRetention, {} days), which drops it without a word",
                ahead / DAY_MS
            )
        })
    }
}

/// What is set such that readings would be dropped or counted twice.
pub(super) async fn warnings(server: &Server) -> Vec<String> {
    let Some(flags) = flags(server).await else {
        let what = match server.settings().tenant {
            Some(_) => "a cluster does not tell at one place",
            None => "/flags does not answer",
        };
        return vec![format!(
            "what VictoriaMetrics keeps is not known ({what}): see that every vmstorage has a \
             -retentionPeriod as long as you need, and -dedup.minScrapeInterval=1ms"
        )];
    };
    let mut warnings = Vec::new();
    let (retention, unset) = RETENTION;
    if let Some(days) = span_ms(flag(&flags, retention).unwrap_or(unset))
        .map(|ms| ms / DAY_MS)
        .filter(|days| *days < 365)
    {
        warnings.push(format!(
            "VictoriaMetrics keeps {days} days: what is older is dropped there without a word. Set \
             -retentionPeriod, such as 5y"
        ));
    }
    if flag(&flags, "dedup.minScrapeInterval").is_none_or(|value| span_ms(value) != Some(1)) {
        warnings.push(
            "VictoriaMetrics runs without -dedup.minScrapeInterval=1ms: a reading that is written again \
             after an interruption counts twice in its own sums"
                .to_owned(),
        );
    }
    warnings
}

async fn flags(server: &Server) -> Option<String> {
    let url = server.settings().root_url("/flags")?;
    let body = server.ask(server.get(url, PATIENCE)).await.ok()?;
    String::from_utf8(body).ok()
}

/// The value of a flag, as `-name="value"` tells it.
fn flag<'f>(flags: &'f str, name: &str) -> Option<&'f str> {
    flags.lines().find_map(|line| {
        let value = line.trim().strip_prefix('-')?.strip_prefix(name)?;
        Some(value.strip_prefix('=')?.trim_matches('"'))
    })
}

/// A span as VictoriaMetrics writes it, ms; without a unit, or with `M`, months of 31 days.
fn span_ms(text: &str) -> Option<i64> {
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit_ms = match unit {
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 60e3,
        "h" => 3_600e3,
        "d" => 86_400e3,
        "w" => 7.0 * 86_400e3,
        "y" => 365.0 * 86_400e3,
        "" | "M" => 31.0 * 86_400e3,
        _ => return None,
    };
    let ms = number.parse::<f64>().ok()? * unit_ms;
    ms.is_finite().then_some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_their_spans_are_read() {
        let flags =
            "-retentionPeriod=\"1\"\n-retentionPeriodX=\"9\"\n-dedup.minScrapeInterval=\"1ms\"\n";
        assert_eq!(
            flag(flags, "retentionPeriod").and_then(span_ms),
            Some(31 * DAY_MS)
        );
        assert_eq!(
            flag(flags, "dedup.minScrapeInterval").and_then(span_ms),
            Some(1)
        );
        assert_eq!(flag(flags, "futureRetention"), None);
        assert_eq!(span_ms("5y"), Some(5 * 365 * DAY_MS));
        assert_eq!(span_ms("1.5d"), Some(36 * 3_600_000));
        assert_eq!(span_ms("1M"), Some(31 * DAY_MS));
        assert_eq!(span_ms("a year"), None);
    }

    #[test]
    fn what_would_be_dropped_is_known_once_limits_and_time_are() {
        let limits = Limits::default();
        assert_eq!(limits.dropped(0, 400 * DAY_MS), None);
        limits.back_ms.store(31 * DAY_MS, Ordering::Relaxed);
        limits.ahead_ms.store(2 * DAY_MS, Ordering::Relaxed);
        let now = 400 * DAY_MS;
        assert_eq!(limits.dropped(0, i64::MIN), None);
        assert_eq!(limits.dropped(now - 31 * DAY_MS, now), None);
        let old = limits.dropped(now - 32 * DAY_MS, now).unwrap();
        assert!(old.contains("31 days"), "{old}");
        assert_eq!(limits.dropped(now + DAY_MS, now), None);
        assert!(limits.dropped(now + 3 * DAY_MS, now).is_some());
    }
}
