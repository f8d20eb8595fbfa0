//! TANK_LEAK: a tank loses water while nobody draws. A robust slope over still times whose 95 %
//! bound lies below what a sound tank can lose (Sen 1968; Gilbert 1987, 16.5 and 17.3): see
//! [`crate::judging::trend`].
//!
//! A float valve that holds the level makes up for a leak: only its inflow could show it. One that
//! lets the level fall and then refills it is seen between the refills.

use serde::{Deserialize, Serialize};

use crate::judging::trend::{Point, Slope, covered_days, slope};
use crate::source::TankGeometry;

const MINUTES_PER_DAY: f64 = 1_440.0;

/// Water lost while nobody draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TankLeak {
    /// A covered tank may fall so far, mm a day.
    pub covered_mm_per_d: f64,
    /// An open one: the sun takes its share, mm a day.
    pub open_mm_per_d: f64,
    /// One that also serves daily use: somebody draws at night too, mm a day.
    pub daily_use_mm_per_d: f64,
    /// The level must have fallen by so many steps of its sensor.
    pub steps: f64,
    /// Over at least so many days.
    pub min_days: u8,
    /// Over at most so many days.
    pub max_days: u8,
    /// Over when the newest so many days show no such fall.
    pub clear_days: u8,
    /// Of a tank that also serves daily use only this hour of the night, local, and the following
    /// ones count as still.
    pub night_from_h: u8,
    /// Up to this hour of the morning.
    pub night_until_h: u8,
}

impl Default for TankLeak {
    fn default() -> Self {
        Self {
            covered_mm_per_d: 2.0,
            open_mm_per_d: 8.0,
            daily_use_mm_per_d: 20.0,
            steps: 5.0,
            min_days: 3,
            max_days: 14,
            clear_days: 3,
            night_from_h: 22,
            night_until_h: 6,
        }
    }
}

/// What the still times say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LeakFound {
    /// It leaks, at this slope, m a day.
    Leaks(Slope),
    /// It does not, by the newest days.
    Sound,
    /// Nothing is sure.
    Unsure,
}

impl TankLeak {
    /// How fast a sound tank may fall, m a day.
    pub fn limit_m_per_d(&self, tank: &TankGeometry) -> f64 {
        let by_shape = if tank.open {
            self.open_mm_per_d
        } else {
            self.covered_mm_per_d
        };
        let by_use = if tank.daily_use {
            self.daily_use_mm_per_d
        } else {
            0.0
        };
        by_shape.max(by_use) / 1_000.0
    }

    /// Whether an hour of the day counts as still of a tank that also serves daily use.
    pub const fn is_night(&self, hour: u8) -> bool {
        if self.night_from_h <= self.night_until_h {
            self.night_from_h <= hour && hour < self.night_until_h
        } else {
            self.night_from_h <= hour || hour < self.night_until_h
        }
    }

    /// What the levels of still times say. The shortest span that is sure comes first: a leak that
    /// began lately is not hidden by the sound days before it.
    pub fn assess(&self, points: &[Point], tank: &TankGeometry, resolution_m: f64) -> LeakFound {
        let limit = -self.limit_m_per_d(tank);
        let middle = self.min_days.midpoint(self.max_days);
        for days in [self.min_days, middle, self.max_days] {
            let span = self.newest(points, days);
            let Some(found) = self.slope(span) else {
                continue;
            };
            let fallen_m = -f64::from(found.per_day * covered_days(span));
            if f64::from(found.high) < limit && fallen_m >= self.steps * resolution_m {
                return LeakFound::Leaks(found);
            }
        }
        match self.slope(self.newest(points, self.clear_days)) {
            Some(found) if f64::from(found.per_day) >= limit => LeakFound::Sound,
            _ => LeakFound::Unsure,
        }
    }

    /// The points of the newest days.
    pub fn newest<'a>(&self, points: &'a [Point], days: u8) -> &'a [Point] {
        let newest = points.last().map_or(0, |point| point.at_min);
        let from = newest - i32::from(days) * MINUTES_PER_DAY as i32;
        &points[points.partition_point(|point| point.at_min < from)..]
    }

    /// The slope of a span that is long enough: half a day may be missing at its ends.
    fn slope(&self, span: &[Point]) -> Option<Slope> {
        let (first, last) = (span.first()?, span.last()?);
        let minutes = f64::from(last.at_min - first.at_min);
        let enough = f64::from(self.min_days.min(self.clear_days)) - 0.5;
        (minutes >= enough * MINUTES_PER_DAY).then(|| slope(span))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Levels each six hours for so many days: falling by `mm_per_d` from the day `from`.
    fn still(days: i32, from: i32, mm_per_d: f32, ripple: impl Fn(i32) -> f32) -> Vec<Point> {
        let points = (0..days * 4).map(|i| {
            let day = i as f32 / 4.0;
            Point {
                at_min: i * 360,
                value: 2.5 - mm_per_d / 1_000.0 * (day - from as f32).max(0.0) + ripple(i),
                part: 0,
            }
        });
        points.collect()
    }

    fn leaks(points: &[Point], tank: &TankGeometry) -> bool {
        let found = TankLeak::default().assess(points, tank, 0.002);
        matches!(found, LeakFound::Leaks(_))
    }

    #[test]
    fn what_the_sun_takes_from_an_open_tank_is_a_leak_of_a_covered_one() {
        let covered = TankGeometry::default();
        let open = TankGeometry {
            open: true,
            ..covered
        };
        let ripple = |i: i32| (i % 3 - 1) as f32 * 0.000_4;
        for (mm_per_d, of_covered, of_open) in [
            (0.0, false, false),
            (1.5, false, false),
            (5.0, true, false),
            (12.0, true, true),
        ] {
            let points = still(7, 0, mm_per_d, ripple);
            assert_eq!(
                leaks(&points, &covered),
                of_covered,
                "{mm_per_d} mm/d, covered"
            );
            assert_eq!(leaks(&points, &open), of_open, "{mm_per_d} mm/d, open");
        }
    }

    #[test]
    fn a_leak_that_began_three_days_ago_is_found_after_ten_sound_days() {
        let tank = TankGeometry::default();
        assert!(leaks(&still(13, 10, 20.0, |_| 0.0), &tank));
        assert!(!leaks(&still(11, 10, 20.0, |_| 0.0), &tank));
    }

    #[test]
    fn less_than_five_steps_of_the_sensor_say_nothing() {
        let points = still(3, 0, 2.5, |_| 0.0);
        let tank = TankGeometry::default();
        let rule = TankLeak::default();
        assert!(matches!(
            rule.assess(&points, &tank, 0.001),
            LeakFound::Leaks(_)
        ));
        assert!(!matches!(
            rule.assess(&points, &tank, 0.002),
            LeakFound::Leaks(_)
        ));
    }

    #[test]
    fn it_is_over_when_the_newest_days_are_sound() {
        let mut points = still(6, 0, 10.0, |_| 0.0);
        let after = still(3, 0, 0.0, |_| 0.0).into_iter().map(|point| Point {
            at_min: point.at_min + 6 * 1_440,
            part: 1,
            ..point
        });
        points.extend(after);
        let rule = TankLeak {
            max_days: 3,
            ..TankLeak::default()
        };
        assert_eq!(
            rule.assess(&points, &TankGeometry::default(), 0.002),
            LeakFound::Sound
        );
    }

    #[test]
    fn nights_reach_over_midnight() {
        let rule = TankLeak::default();
        let night: Vec<u8> = (0..24).filter(|hour| rule.is_night(*hour)).collect();
        assert_eq!(night, [0, 1, 2, 3, 4, 5, 22, 23]);
    }

    proptest! {
        #[test]
        fn noise_alone_is_no_leak(noise in proptest::collection::vec(-1.0_f32..1.0, 56)) {
            // Readings within ± 2 mm: their slope over any three days stays within the limit, or
            // its bound does.
            let points = still(14, 0, 0.0, |i| noise[i as usize] * 0.002);
            let whole = TankLeak { min_days: 14, ..TankLeak::default() };
            let found = whole.assess(&points, &TankGeometry::default(), 0.002);
            prop_assert!(!matches!(found, LeakFound::Leaks(_)));
        }
    }
}
