//! How much water the town's people draw, by the hour.

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS};

use crate::noise::{bell, draw};

const LOCAL_OFFSET_MS: i64 = 7 * HOUR_MS;

/// Shares of the mean by local hour: breakfast, noon, and the high evening peak of Hanoi's homes.
const BY_HOUR: [f64; 24] = [
    0.45, 0.38, 0.35, 0.36, 0.45, 0.75, 1.20, 1.35, 1.20, 1.00, 0.95, 1.05, 1.15, 1.00, 0.90, 0.92,
    1.05, 1.30, 1.60, 1.75, 1.60, 1.25, 0.90, 0.60,
];
const WEEKEND_SHARE: f64 = 1.06;
/// Hanoi drinks and bathes most in July, least in January.
const SEASON_SHARE: f64 = 0.08;
const HOTTEST_DAY: f64 = 196.0;
const WHOLE_DISTRICT_NOISE: f64 = 0.04;
const ONE_NODE_NOISE: f64 = 0.20;

/// Share of the mean demand at `at` by the hour of the day and the day of the week.
pub(crate) fn share_at(at: Timestamp) -> f64 {
    let local = at.ms() + LOCAL_OFFSET_MS;
    let hour = local.rem_euclid(DAY_MS) as f64 / HOUR_MS as f64;
    let (low, part) = (hour as usize % 24, hour.fract());
    let base = BY_HOUR[low] * (1.0 - part) + BY_HOUR[(low + 1) % 24] * part;
    // 1970-01-01 was a Thursday.
    let weekend = (local.div_euclid(DAY_MS) + 3).rem_euclid(7) >= 5;
    if weekend { base * WEEKEND_SHARE } else { base }
}

/// By how much the season raises or lowers demand at `at`.
fn season(at: Timestamp) -> f64 {
    let days = (at.ms() + LOCAL_OFFSET_MS) as f64 / DAY_MS as f64;
    let angle = (days - HOTTEST_DAY) / 365.25 * std::f64::consts::TAU;
    1.0 + SEASON_SHARE * angle.cos()
}

/// Share of the mean demand at `at`, by the hour, the day of the week and the season.
pub(crate) fn usual_share(at: Timestamp) -> f64 {
    share_at(at) * season(at)
}

/// How far a district strays from its usual demand (one deviation, as a share).
pub(crate) const fn deviation() -> f64 {
    WHOLE_DISTRICT_NOISE
}

/// Share of the mean demand of one district at `at`, with its people's whims.
pub(crate) fn district_share(seed: u64, at: Timestamp) -> f64 {
    let whim = bell(draw(seed, 11, at.ms() as u64));
    (usual_share(at) * (1.0 + WHOLE_DISTRICT_NOISE * whim)).max(0.05)
}

/// By how much one node draws more or less than its share at `at`.
pub(crate) fn node_share(seed: u64, node: usize, at: Timestamp) -> f64 {
    (1.0 + ONE_NODE_NOISE * bell(draw(seed, 13 + node as u64, at.ms() as u64))).max(0.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_draws_more_than_winter() {
        let at = |t: &str| usual_share(Timestamp::parse(t).unwrap());
        let summer = at("2026-07-15T19:00:00+07:00");
        let winter = at("2026-01-14T19:00:00+07:00");
        assert!(
            (summer / winter - 1.08 / 0.92).abs() < 0.01,
            "{summer} {winter}"
        );
    }

    #[test]
    fn the_evening_peak_is_the_highest_and_the_small_hours_the_lowest() {
        let at = |t: &str| share_at(Timestamp::parse(t).unwrap());
        let peak = at("2026-11-23T19:00:00+07:00");
        let night = at("2026-11-23T02:00:00+07:00");
        assert!((peak - 1.75).abs() < 1e-9);
        assert!((night - 0.35).abs() < 1e-9);
        assert!(at("2026-11-22T19:00:00+07:00") > peak, "a Sunday");
        let mean = BY_HOUR.iter().sum::<f64>() / 24.0;
        assert!((mean - 1.0).abs() < 0.05, "{mean}");
    }
}
