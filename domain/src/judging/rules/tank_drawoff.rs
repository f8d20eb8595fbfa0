//! TANK_DRAWOFF: water is being taken out of a tank. An event, no fault; it starts the clock of
//! REFILL_LATE when it ends (QCVN 10:2025/BCA H.1.3.4).

use serde::{Deserialize, Serialize};

use crate::time::HOUR_MS;

/// Water taken out of a tank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TankDrawoff {
    /// A fall faster than this, mm/h; of a tank that also serves daily use, beyond what is usual at
    /// that hour.
    pub fall_mm_per_h: f64,
    /// And greater than so many times the noise of its readings.
    pub noises: f64,
    /// Of a tank that also serves daily use: so many times the usual deviation at that hour.
    pub deviations: f64,
    /// The same until it is known what is usual at that hour: a fall faster than this, mm/h.
    pub unlearned_mm_per_h: f64,
    /// Days at an hour after which it is known.
    pub learned_days: u8,
    /// Not falling on for this long, it is over, s.
    pub end_for_s: u32,
}

impl Default for TankDrawoff {
    fn default() -> Self {
        Self {
            fall_mm_per_h: 20.0,
            noises: 3.0,
            deviations: 3.0,
            unlearned_mm_per_h: 150.0,
            learned_days: 5,
            end_for_s: 600,
        }
    }
}

/// What a tank that also serves daily use gives away in a span by the hours of the day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsualFall {
    /// How far its level falls, m; negative where it is being filled.
    pub fall_m: f64,
    /// The usual deviation from that, m.
    pub deviation_m: f64,
    /// Whether that is known yet.
    pub learned: bool,
}

impl TankDrawoff {
    /// How far the level must have fallen in `span_ms` to be a draw-off, m: beyond what is usual,
    /// where there is something usual. `noise_m`: the deviation of one reading from the one before.
    pub fn limit_m(&self, span_ms: i64, noise_m: f64, usual: Option<UsualFall>) -> f64 {
        let hours = span_ms as f64 / HOUR_MS as f64;
        let (mm_per_h, usual_m) = match usual {
            Some(usual) if usual.learned => {
                (self.fall_mm_per_h, self.deviations * usual.deviation_m)
            }
            Some(_) => (self.unlearned_mm_per_h, 0.0),
            None => (self.fall_mm_per_h, 0.0),
        };
        (mm_per_h / 1_000.0 * hours)
            .max(self.noises * noise_m)
            .max(usual_m)
    }

    /// How far the level must have fallen in `span_ms` for a fall that was found to go on, m.
    pub fn goes_on_m(&self, span_ms: i64, noise_m: f64) -> f64 {
        let hours = span_ms as f64 / HOUR_MS as f64;
        (self.fall_mm_per_h / 1_000.0 * hours).max(noise_m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE_MS;

    #[test]
    fn the_limit_is_the_greatest_of_rate_noise_and_what_is_usual() {
        let rule = TankDrawoff::default();
        let usual = |deviation_m, learned| {
            Some(UsualFall {
                fall_m: 0.1,
                deviation_m,
                learned,
            })
        };
        for (span_ms, noise_m, usual, limit_m) in [
            (HOUR_MS, 0.002, None, 0.020),
            (2 * HOUR_MS, 0.002, None, 0.040),
            (5 * MINUTE_MS, 0.002, None, 0.006),
            (HOUR_MS, 0.010, None, 0.030),
            (HOUR_MS, 0.002, usual(0.004, true), 0.020),
            (HOUR_MS, 0.002, usual(0.015, true), 0.045),
            (HOUR_MS, 0.002, usual(0.0, false), 0.150),
        ] {
            assert!((rule.limit_m(span_ms, noise_m, usual) - limit_m).abs() < 1e-9);
        }
    }
}
