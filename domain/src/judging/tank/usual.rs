//! What a tank that also serves daily use gives away at each hour of the day, learned from its own
//! days: the level falls while people draw and rises while it is filled, and neither is news.
//!
//! The rate is learned, not the level: after a draw-off the level stays below what is usual for
//! days, while the rate is the usual one as soon as the pump stops.

use serde::{Deserialize, Serialize};

use crate::judging::rules::UsualFall;
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

/// Vietnam's offset from UTC: no summer time.
const LOCAL_OFFSET_MS: i64 = 7 * HOUR_MS;
/// An hour of which less than this was seen teaches nothing, ms.
const LEAST_SEEN_MS: i64 = HOUR_MS / 2;
/// Days over which the mean is taken.
const DAYS: u8 = 14;
/// A new rate moves the mean by no more than it could by this many deviations.
const CLIP: f32 = 3.0;
/// Nor counts a deviation below this, m/h, for that.
const LEAST_DEVIATION: f32 = 0.02;

/// What is usual at one hour of the day, m/h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Hour {
    fall: f32,
    deviation: f32,
    days: u8,
}

/// The hours of the day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    hours: [Hour; 24],
    /// The hour that is being seen: how many hours after 1970, local.
    open: i64,
    fall_m: f32,
    seen_ms: i64,
}

/// The hour of the day, local.
pub fn hour_of_day(at: Timestamp) -> u8 {
    ((at.ms() + LOCAL_OFFSET_MS).rem_euclid(DAY_MS) / HOUR_MS) as u8
}

/// The spans of single local hours from `from` to `until`: which hour after 1970, and how long, ms.
fn hours(from: Timestamp, until: Timestamp) -> impl Iterator<Item = (i64, i64)> {
    let (mut at, until) = (from.ms() + LOCAL_OFFSET_MS, until.ms() + LOCAL_OFFSET_MS);
    std::iter::from_fn(move || {
        let hour = at.div_euclid(HOUR_MS);
        let end = ((hour + 1) * HOUR_MS).min(until);
        let span = (hour, end - at);
        (at < until).then(|| {
            at = end;
            span
        })
    })
}

impl Usual {
    /// Learns a fall of `fall_m` (a rise, if negative) from `from` to `until`, spread evenly.
    pub fn learn(&mut self, from: Timestamp, until: Timestamp, fall_m: f64) {
        let span_ms = until.since_ms(from);
        for (hour, ms) in hours(from, until) {
            if hour != self.open {
                self.close();
                self.open = hour;
            }
            self.fall_m += (fall_m * ms as f64 / span_ms as f64) as f32;
            self.seen_ms += ms;
        }
    }

    fn close(&mut self) {
        let (fall_m, seen_ms) = (self.fall_m, self.seen_ms);
        (self.fall_m, self.seen_ms) = (0.0, 0);
        if seen_ms < LEAST_SEEN_MS {
            return;
        }
        let rate = fall_m * HOUR_MS as f32 / seen_ms as f32;
        let hour = &mut self.hours[self.open.rem_euclid(24) as usize];
        hour.days = hour.days.saturating_add(1).min(DAYS);
        let share = 1.0 / f32::from(hour.days);
        let clip = CLIP * hour.deviation.max(LEAST_DEVIATION);
        let off = rate - hour.fall;
        // A draw-off teaches a little: what comes back day after day becomes usual.
        let off = if hour.days > 2 {
            off.clamp(-clip, clip)
        } else {
            off
        };
        hour.fall += off * share;
        // 1.2533: from a mean absolute deviation to a standard deviation.
        let size = if hour.days == 1 {
            LEAST_DEVIATION
        } else {
            off.abs() * 1.2533
        };
        hour.deviation += (size - hour.deviation) * share;
    }

    /// What is usual from `from` to `until`; of more than a day, its last one.
    pub fn fall(&self, from: Timestamp, until: Timestamp, learned_days: u8) -> UsualFall {
        let from = from.max(until.plus_ms(-DAY_MS));
        let mut usual = UsualFall {
            fall_m: 0.0,
            deviation_m: 0.0,
            learned: true,
        };
        for (hour, ms) in hours(from, until) {
            let known = self.hours[hour.rem_euclid(24) as usize];
            let share = ms as f64 / HOUR_MS as f64;
            usual.fall_m += f64::from(known.fall) * share;
            usual.deviation_m += f64::from(known.deviation) * share;
            usual.learned &= known.days >= learned_days;
        }
        usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::parse("2026-11-23T00:00:00+07:00")
            .unwrap()
            .plus_ms(hours * HOUR_MS)
    }

    #[test]
    fn each_hour_of_the_day_has_its_own_usual_fall() {
        let mut usual = Usual::default();
        for day in 0..6 {
            for hour in 0..24 {
                let fall_m = if (6..22).contains(&hour) { 0.03 } else { -0.06 };
                let from = at(day * 24 + hour);
                usual.learn(from, from.plus_ms(HOUR_MS), fall_m);
            }
        }
        let morning = usual.fall(at(150), at(152), 5);
        assert!(
            morning.learned && (morning.fall_m - 0.06).abs() < 1e-6,
            "{morning:?}"
        );
        let night = usual.fall(at(167), at(168), 5);
        assert!((night.fall_m + 0.06).abs() < 1e-6, "{night:?}");
        assert!(!usual.fall(at(150), at(152), 6).learned || usual.hours[6].days >= 6);
        assert!(!Usual::default().fall(at(0), at(1), 1).learned);
    }

    #[test]
    fn one_fire_teaches_little() {
        let mut usual = Usual::default();
        for day in 0..10 {
            let fall_m = if day == 8 { 0.7 } else { 0.02 };
            usual.learn(at(day * 24 + 9), at(day * 24 + 10), fall_m);
        }
        usual.learn(at(24 * 10 + 10), at(24 * 10 + 11), 0.0);
        let nine = usual.fall(at(9), at(10), 5);
        assert!(nine.fall_m < 0.03 && nine.deviation_m < 0.03, "{nine:?}");
    }

    proptest! {
        #[test]
        fn a_span_is_cut_into_hours_without_loss(from in 0_i64..1_000_000_000, ms in 0_i64..200_000_000) {
            let (from, until) = (Timestamp::from_ms(from), Timestamp::from_ms(from + ms));
            let pieces: Vec<_> = hours(from, until).collect();
            prop_assert_eq!(pieces.iter().map(|(_, ms)| ms).sum::<i64>(), ms);
            prop_assert!(pieces.iter().all(|(_, ms)| (1..=HOUR_MS).contains(ms)));
        }
    }
}
