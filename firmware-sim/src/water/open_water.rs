//! A lake's or river's surface: weather, tide, drought.

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, HOUR_MS};

use crate::noise::{bell, draw};

/// The Red River's tide at Hanoi is mostly diurnal.
const TIDE_PERIOD_MS: f64 = 24.84 * HOUR_MS as f64;
const WEATHER_M: f64 = 0.05;

/// One stretch of open water.
#[derive(Clone, Debug)]
pub(crate) struct OpenWater {
    seed: u64,
    mean_m: f64,
    tide_m: f64,
    bed_m: f64,
    falls: Vec<Fall>,
}

/// A fall from a moment on: so much per day until a moment, then it rises again as fast.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fall {
    from: Timestamp,
    until: Timestamp,
    m_per_day: f64,
    returns: bool,
}

impl OpenWater {
    pub(crate) fn new(seed: u64, mean_m: f64, tide_m: f64, bed_m: f64) -> Self {
        Self {
            seed,
            mean_m,
            tide_m,
            bed_m,
            falls: Vec::new(),
        }
    }

    /// Lets the surface fall by `m_per_day` between two moments; afterwards it rises again as fast,
    /// if it `returns`.
    pub(crate) fn plan_fall(
        &mut self,
        from: Timestamp,
        until: Timestamp,
        m_per_day: f64,
        returns: bool,
    ) {
        self.falls.push(Fall {
            from,
            until,
            m_per_day,
            returns,
        });
    }

    /// Whether a drought keeps it low at `at`.
    #[cfg(test)]
    pub(crate) fn is_falling(&self, at: Timestamp) -> bool {
        self.falls.iter().any(|f| f.depth_m(at) > 0.0)
    }

    /// Height of the surface at `at`, in the datum of its apron and bed, m; the bed's when it is dry.
    pub(crate) fn level_m(&self, at: Timestamp) -> f64 {
        let tide = self.tide_m * (at.ms() as f64 / TIDE_PERIOD_MS * std::f64::consts::TAU).sin();
        let fallen: f64 = self.falls.iter().map(|f| f.depth_m(at)).sum();
        (self.mean_m + tide + self.weather_m(at) - fallen).max(self.bed_m)
    }

    fn weather_m(&self, at: Timestamp) -> f64 {
        let day = at.ms().div_euclid(DAY_MS);
        let part = at.ms().rem_euclid(DAY_MS) as f64 / DAY_MS as f64;
        let of = |d: i64| WEATHER_M * bell(draw(self.seed, 21, d as u64));
        of(day) * (1.0 - part) + of(day + 1) * part
    }
}

impl Fall {
    fn depth_m(&self, at: Timestamp) -> f64 {
        let days = |ms: i64| ms.max(0) as f64 / DAY_MS as f64;
        let fallen = days(at.min(self.until).since_ms(self.from)) * self.m_per_day;
        if self.returns {
            (fallen - days(at.since_ms(self.until)) * self.m_per_day).max(0.0)
        } else {
            fallen
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_river_has_its_tide_and_a_drought_its_end() {
        let t0 = Timestamp::from_ms(0);
        let mut river = OpenWater::new(1, 5.0, 0.3, 1.0);
        let levels: Vec<f64> = (0..25)
            .map(|h| river.level_m(t0.plus_ms(h * HOUR_MS)))
            .collect();
        let (low, high) = levels
            .iter()
            .fold((9.0_f64, 0.0_f64), |(l, h), x| (l.min(*x), h.max(*x)));
        assert!(high - low > 0.5 && high - low < 1.0, "{low} {high}");
        river.plan_fall(t0, t0.plus_ms(4 * DAY_MS), 0.5, true);
        assert!(river.level_m(t0.plus_ms(4 * DAY_MS)) < 3.6);
        assert!(river.level_m(t0.plus_ms(9 * DAY_MS)) > 4.3);
        assert!(!river.is_falling(t0.plus_ms(9 * DAY_MS)));
    }

    #[test]
    fn water_never_falls_below_its_bed() {
        let t0 = Timestamp::from_ms(0);
        let mut lake = OpenWater::new(1, 5.0, 0.0, 3.0);
        lake.plan_fall(t0, t0.plus_ms(9 * DAY_MS), 1.0, true);
        assert_eq!(lake.level_m(t0.plus_ms(6 * DAY_MS)), 3.0);
    }
}
