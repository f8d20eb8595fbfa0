//! FLATLINE: a reading that does not move though it should: a closed valve, or a sensor that is
//! stuck. Flat at nothing is LOW, not flat.

use serde::{Deserialize, Serialize};

use crate::time::{HOUR_MS, Timestamp};

/// The span whose usual range is learned, ms.
const WINDOW_MS: i64 = 12 * HOUR_MS;
/// Windows before it is known: three days.
const LEARNED: u8 = 6;
/// How fast the estimate of the range that 95 of 100 windows exceed moves: by the twentieth part of it
/// upwards, by the rest downwards.
const RATE: f32 = 0.3;
/// Readings that must not have moved.
const LEAST_SAMPLES: u16 = 6;

/// Readings that do not move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flatline {
    /// A hydrant's reading that did not move by more than one step for so long is flat, s.
    pub still_s: u32,
    /// A tank's, s.
    pub tank_still_s: u32,
    /// Where its usual range in 12 h is more than so many steps.
    pub usual_steps: f64,
    /// A hydrant's reading is flat too while so many neighbours, and half of those that report, moved.
    pub neighbours: u8,
    /// By this much, kPa.
    pub moved_kpa: f64,
    /// And it did not for so long, s.
    pub moved_within_s: u32,
    /// The step of a pressure sensor that states none, kPa.
    pub step_kpa: f64,
    /// The step of a level sensor that states none, m.
    pub step_m: f64,
}

impl Default for Flatline {
    fn default() -> Self {
        Self {
            still_s: 43_200,
            tank_still_s: 1_209_600,
            usual_steps: 2.0,
            neighbours: 2,
            moved_kpa: 20.0,
            moved_within_s: 10_800,
            step_kpa: 1.0,
            step_m: 0.01,
        }
    }
}

/// How long a source's main quantity has stood still, and how much it usually moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Still {
    low: f32,
    high: f32,
    since: Timestamp,
    samples: u16,
    /// The window: its number, lowest and highest.
    window: (i32, f32, f32),
    /// The range that 95 of 100 windows exceed.
    usual: f32,
    windows: u8,
}

impl Still {
    /// Takes a reading. `learns`: the source lives its usual life. Returns whether it moved.
    pub fn take(&mut self, at: Timestamp, value: f64, step: f64, learns: bool) -> bool {
        let value = value as f32;
        // A hair beyond one step: values are multiples of it, and floats.
        let one_step = step as f32 * 1.01;
        self.note_window(at, value, learns);
        let (low, high) = (self.low.min(value), self.high.max(value));
        let moved = self.samples > 0 && high - low > one_step;
        if moved || self.samples == 0 {
            (self.low, self.high, self.since, self.samples) = (value, value, at, 1);
        } else {
            (self.low, self.high) = (low, high);
            self.samples = self.samples.saturating_add(1);
        }
        moved
    }

    fn note_window(&mut self, at: Timestamp, value: f32, learns: bool) {
        let number = at.ms().div_euclid(WINDOW_MS) as i32;
        let (known, low, high) = self.window;
        if number == known {
            self.window = (known, low.min(value), high.max(value));
            return;
        }
        // The first window is cut short, and the one before a gap may be.
        if known + 1 == number && self.windows > 0 && learns {
            self.learn(high - low);
        }
        self.windows = self.windows.max(1);
        self.window = (number, value, value);
    }

    fn learn(&mut self, range: f32) {
        if self.windows <= LEARNED {
            let first = self.windows == 1;
            self.windows += 1;
            self.usual = if first { range } else { self.usual.min(range) };
        } else if range < self.usual {
            self.usual -= RATE * 0.95 * (self.usual - range);
        } else {
            self.usual += RATE * 0.05 * (range - self.usual).min(self.usual);
        }
    }

    /// Readings were missed: it may have moved meanwhile.
    pub fn pause(&mut self) {
        self.samples = 0;
    }

    /// For how long it has not moved, ms, if by enough readings.
    pub fn still_ms(&self, at: Timestamp) -> Option<i64> {
        (self.samples >= LEAST_SAMPLES).then(|| at.since_ms(self.since))
    }

    /// Whether this reading is one at which the neighbours are asked: every so-manieth.
    pub const fn asks(&self, every: u16) -> bool {
        self.samples.is_multiple_of(every)
    }

    /// Since when.
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// Whether it usually moves by more than so many steps in 12 h; not known: no.
    pub fn usually_moves(&self, rule: &Flatline, step: f64) -> bool {
        self.windows > LEARNED && f64::from(self.usual) > rule.usual_steps * step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE_MS;

    fn fed(values: impl IntoIterator<Item = f64>) -> (Still, Timestamp) {
        let mut still = Still::default();
        let mut at = Timestamp::from_ms(0);
        for value in values {
            at = at.plus_ms(15 * MINUTE_MS);
            still.take(at, value, 1.0, true);
        }
        (still, at)
    }

    fn days(days: usize, swing: f64) -> impl Iterator<Item = f64> {
        (0..days * 96).map(move |n| 200.0 + (swing * (n as f64 / 15.3).sin()).round())
    }

    #[test]
    fn what_usually_moves_is_learned_in_three_days() {
        let rule = Flatline::default();
        let table = [
            (2, 10.0, false),
            (5, 10.0, true),
            (5, 1.0, false),
            (30, 10.0, true),
        ];
        for (count, swing, expected) in table {
            let (still, _) = fed(days(count, swing));
            assert_eq!(
                still.usually_moves(&rule, 1.0),
                expected,
                "{count} d, {swing}"
            );
        }
    }

    #[test]
    fn one_step_to_and_fro_is_no_movement_two_are() {
        let to_and_fro = (0..48).map(|n| 200.0 + f64::from(n % 2));
        let (mut still, at) = fed(to_and_fro.clone());
        assert_eq!(still.still_ms(at), Some(47 * 15 * MINUTE_MS));
        assert!(still.take(at, 202.0, 1.0, true));
        assert_eq!(still.still_ms(at), None);
    }
}
