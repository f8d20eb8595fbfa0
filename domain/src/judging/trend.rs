//! Slow trends: how fast something rises or falls, and how sure that is.
//!
//! The slope is Sen's: the median of the slopes of all pairs of points (Theil 1950; Sen 1968). Its
//! bounds come from the variance of Kendall's S (Gilbert 1987, 16.5). Where the run of points is
//! broken, a tank refilled or drawn from in between, pairs are made within each part only, and the
//! variances of the parts add up, as over the seasons of the year (Hirsch, Slack and Smith 1982;
//! Gilbert 1987, 17.3). Ties are not taken off the variance: the bounds are a little too wide.

use serde::{Deserialize, Serialize};

/// Standard deviations of a two-sided 95 % interval.
pub const TWO_SIDED_95: f64 = 1.96;
const MINUTES_PER_DAY: f32 = 1_440.0;

/// A value at a time. A series is in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Minutes since 1970.
    pub at_min: i32,
    /// In the unit of what is watched.
    pub value: f32,
    /// Which unbroken part of the series it belongs to: neighbours of one number are one part.
    pub part: u16,
}

/// How fast a series rises, in its unit a day: negative is falling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slope {
    /// The estimate.
    pub per_day: f32,
    /// The lower bound of its 95 % interval.
    pub low: f32,
    /// The upper bound.
    pub high: f32,
}

/// The slope of a series; `None` where there are too few points to bound it.
pub fn slope(points: &[Point]) -> Option<Slope> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    let mut variance = 0.0;
    for part in points.chunk_by(|a, b| a.part == b.part) {
        let n = part.len() as f64;
        variance += n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
        for (place, from) in part.iter().enumerate() {
            slopes.extend(part[place + 1..].iter().filter_map(|to| {
                let days = (to.at_min - from.at_min) as f32 / MINUTES_PER_DAY;
                (days > 0.0).then(|| (to.value - from.value) / days)
            }));
        }
    }
    let count = slopes.len();
    let half_width = TWO_SIDED_95 * variance.sqrt();
    let below = ((count as f64 - half_width) / 2.0).floor();
    if below < 1.0 {
        return None;
    }
    // The M1-th least and the (M2+1)-th least, each rounded outwards.
    let low = below as usize - 1;
    let high = count - 1 - low;
    let mut nth = |place: usize| *slopes.select_nth_unstable_by(place, f32::total_cmp).1;
    Some(Slope {
        per_day: f32::midpoint(nth((count - 1) / 2), nth(count / 2)),
        low: nth(low),
        high: nth(high),
    })
}

/// Days that a series covers: breaks between its parts are not covered.
pub fn covered_days(points: &[Point]) -> f32 {
    let parts = points.chunk_by(|a, b| a.part == b.part);
    let minutes: i32 = parts
        .filter_map(|part| Some(part.last()?.at_min - part.first()?.at_min))
        .sum();
    minutes as f32 / MINUTES_PER_DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn daily(values: &[f32]) -> Vec<Point> {
        let points = values.iter().enumerate();
        points
            .map(|(day, value)| Point {
                at_min: day as i32 * 1_440,
                value: *value,
                part: 0,
            })
            .collect()
    }

    #[test]
    fn the_slope_of_a_line_is_its_own_and_certain() {
        let line: Vec<f32> = (0..8).map(|day| 3.0 - 0.25 * day as f32).collect();
        let found = slope(&daily(&line)).unwrap();
        assert_eq!(
            (found.per_day, found.low, found.high),
            (-0.25, -0.25, -0.25)
        );
    }

    #[test]
    fn the_bounds_are_those_of_kendalls_variance() {
        // Six points, fifteen slopes; VAR(S) = 6·5·17/18 = 28.3, C = 1.96 · 5.32 = 10.4, M1 = 2.3:
        // the second least and the second greatest bound it, the eighth is the estimate.
        let found = slope(&daily(&[0.0, 1.0, 1.5, 4.0, 5.0, 5.25])).unwrap();
        let expected = Slope {
            per_day: 1.0625,
            low: 0.5,
            high: 1.75,
        };
        assert!((found.per_day - expected.per_day).abs() < 1e-6, "{found:?}");
        assert_eq!((found.low, found.high), (expected.low, expected.high));
    }

    #[test]
    fn five_points_bound_nothing() {
        assert_eq!(slope(&daily(&[5.0, 4.0, 3.0, 2.0, 1.0])), None);
        assert_eq!(slope(&[]), None);
    }

    #[test]
    fn a_refill_between_two_falls_hides_neither() {
        let mut points = daily(&[3.0, 2.9, 2.8, 2.7, 3.0, 2.9, 2.8, 2.7]);
        points[4..].iter_mut().for_each(|point| point.part = 1);
        let found = slope(&points).unwrap();
        assert!((found.per_day + 0.1).abs() < 1e-4 && found.high < -0.09);
        assert!((covered_days(&points) - 6.0).abs() < 1e-6);
        points.iter_mut().for_each(|point| point.part = 0);
        assert!(
            slope(&points).unwrap().high > 0.0,
            "as one part nothing is sure"
        );
    }

    proptest! {
        #[test]
        fn a_third_of_wild_points_does_not_turn_it(
            per_day in -0.1_f32..0.1,
            wild in proptest::collection::vec(-50.0_f32..50.0, 5),
        ) {
            let mut line: Vec<f32> = (0..20).map(|day| 5.0 + per_day * day as f32).collect();
            for (place, value) in wild.into_iter().enumerate() {
                line[place * 4] = value;
            }
            let found = slope(&daily(&line)).unwrap();
            prop_assert!(found.low <= per_day + 1e-4 && per_day <= found.high + 1e-4);
        }

        #[test]
        fn bounds_hold_the_estimate_and_shifting_changes_nothing(
            values in proptest::collection::vec(-10.0_f32..10.0, 6..30), by in -5.0_f32..5.0,
        ) {
            let found = slope(&daily(&values)).unwrap();
            prop_assert!(found.low <= found.per_day && found.per_day <= found.high);
            let moved: Vec<f32> = values.iter().map(|value| value + by).collect();
            let again = slope(&daily(&moved)).unwrap();
            prop_assert!((again.per_day - found.per_day).abs() < 1e-3);
        }
    }
}
