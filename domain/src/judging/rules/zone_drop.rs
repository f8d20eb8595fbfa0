//! ZONE_DROP: many hydrants of a pressure zone drop together: a burst, or pumps that stopped.

use serde::{Deserialize, Serialize};

/// Many hydrants of a zone below what is usual at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ZoneDrop {
    /// So far below what is usual, kPa, a hydrant counts as dropped …
    pub drop_kpa: f64,
    /// … and at least so many σ of that hour.
    pub sigmas: f64,
    /// At least so many hydrants whose sensors are healthy must drop …
    pub min_sources: u16,
    /// … and at least this share of those that report, in the zone or within `near_m`.
    pub share: f64,
    /// Within this time of each other, s.
    pub within_s: u32,
    /// How far a cluster in a larger zone reaches, m.
    pub near_m: f64,
    /// For so many intervals it must hold before it alerts.
    pub dwell_intervals: u8,
    /// It is over when less than this share is still down …
    pub clear_share: f64,
    /// … for so long, s.
    pub clear_for_s: u32,
    /// After so many days what a zone has dropped to is taken for usual, and learned.
    pub learned_after_days: u16,
}

impl Default for ZoneDrop {
    fn default() -> Self {
        Self {
            drop_kpa: 30.0,
            sigmas: 3.0,
            min_sources: 3,
            share: 0.30,
            within_s: 900,
            near_m: 500.0,
            dwell_intervals: 2,
            clear_share: 0.10,
            clear_for_s: 1_800,
            learned_after_days: 3,
        }
    }
}

impl ZoneDrop {
    /// Whether `down` of `reporting` hydrants are enough for a zone to be dropping.
    pub fn holds(&self, down: usize, reporting: usize) -> bool {
        down >= usize::from(self.min_sources.max(1)) && down as f64 >= self.share * reporting as f64
    }

    /// Whether with `down` of `reporting` hydrants the zone is well again.
    pub fn is_over(&self, down: usize, reporting: usize) -> bool {
        down == 0 || (down as f64) < self.clear_share * reporting as f64
    }

    /// Whether a hydrant `drop_kpa` below what is usual, with the σ of that hour, counts as dropped.
    pub fn is_down(&self, drop_kpa: f64, sigma: f64) -> bool {
        drop_kpa >= self.drop_kpa.max(self.sigmas * sigma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_and_thirty_per_cent_hold_and_less_than_ten_per_cent_is_over() {
        let rule = ZoneDrop::default();
        for (down, reporting, holds, over) in [
            (2, 2, false, false),
            (3, 3, true, false),
            (3, 10, true, false),
            (3, 11, false, false),
            (1, 10, false, false),
            (1, 11, false, true),
            (0, 3, false, true),
        ] {
            assert_eq!(rule.holds(down, reporting), holds, "{down}/{reporting}");
            assert_eq!(rule.is_over(down, reporting), over, "{down}/{reporting}");
        }
        for (drop_kpa, sigma, down) in [(29.9, 2.0, false), (30.0, 10.0, true), (30.0, 10.1, false)]
        {
            assert_eq!(rule.is_down(drop_kpa, sigma), down, "{drop_kpa} at {sigma}");
        }
    }
}
