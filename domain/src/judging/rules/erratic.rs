//! Erratic: a sensor whose readings jump up and down by far more than they ever did, while the water
//! around is calm; and one that spikes often.

use serde::{Deserialize, Serialize};

/// Differences that are looked at.
const WINDOW: u32 = 10;
/// Readings that are asked whether they are low.
const LOW_WINDOW: u32 = 9;
/// With more usual readings than this among the last ten, the others are spikes.
const MOST_USUAL: u32 = 5;
/// Differences before the usual one is known.
const LEARNED: u8 = 40;
/// By how much the estimate of the usual greatest difference rises with one beyond it; it falls by a
/// hundredth of that with any other, so that one in a hundred lies beyond it.
const RATE: f32 = 0.05;

/// Readings that jump about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Erratic {
    /// A jump is a difference of more than so many times the one that 99 of 100 keep within.
    pub times_usual: f64,
    /// And at least this much pressure, kPa.
    pub floor_kpa: f64,
    /// And at least this much level, m.
    pub floor_m: f64,
    /// So many of the last ten differences, up and down by turns, where the neighbours are calm.
    pub jumps: u8,
    /// So many where nothing is known of neighbours.
    pub unsure_jumps: u8,
    /// So many of the last nine readings must be low for an erratic sensor to be believed.
    pub low_of_nine: u8,
    /// So many spikes within a day make a sensor a case for a fitter; it is believed all the same.
    pub spikes_a_day: u8,
}

impl Default for Erratic {
    fn default() -> Self {
        Self {
            times_usual: 4.0,
            floor_kpa: 20.0,
            floor_m: 0.1,
            jumps: 5,
            unsure_jumps: 8,
            low_of_nine: 7,
            spikes_a_day: 5,
        }
    }
}

/// The newest differences of a source's main quantity, and the usual ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jumps {
    newest: f32,
    /// The difference that 99 of 100 keep within.
    usual: f32,
    /// The difference that half of them keep within.
    typical: f32,
    seen: u8,
    /// Which of the last ten were jumps against the one before.
    jumps: u16,
    /// Whether the newest jump was upwards.
    up: bool,
    /// Which of the last nine readings were low.
    low: u16,
    /// Which of the last ten were what is usual.
    usual_ones: u16,
    /// Whether it is found erratic.
    pub stands: bool,
}

impl Default for Jumps {
    fn default() -> Self {
        Self {
            newest: f32::NAN,
            usual: 0.0,
            typical: 0.0,
            seen: 0,
            jumps: 0,
            up: false,
            low: 0,
            usual_ones: 0,
            stands: false,
        }
    }
}

impl Jumps {
    /// The difference that half of all keep within: noise and step of the sensor, seen from outside.
    pub fn typical(&self) -> f64 {
        f64::from(self.typical)
    }

    /// Water is drawn, or readings were missed: the next difference says nothing.
    pub fn pause(&mut self) {
        self.newest = f32::NAN;
    }

    /// Takes a reading. `low`: below what is required; `usual`: close to what is usual; `floor`: a
    /// smaller difference is no jump.
    pub fn take(&mut self, rule: &Erratic, value: f64, low: bool, usual: bool, floor: f64) {
        self.low = (self.low << 1 | u16::from(low)) & ((1 << LOW_WINDOW) - 1);
        self.usual_ones = (self.usual_ones << 1 | u16::from(usual)) & ((1 << WINDOW) - 1);
        let before = std::mem::replace(&mut self.newest, value as f32);
        if before.is_nan() {
            return;
        }
        let difference = value as f32 - before;
        let size = difference.abs();
        let known = self.seen >= LEARNED;
        let limit = (rule.times_usual * f64::from(self.usual)).max(floor);
        let large = known && f64::from(size) > limit;
        let turns = large && (self.jumps == 0 || self.up != (difference > 0.0));
        self.jumps = (self.jumps << 1 | u16::from(turns)) & ((1 << WINDOW) - 1);
        if large {
            self.up = difference > 0.0;
        }
        if !self.stands {
            let rate = if size > self.typical {
                2.0 * RATE
            } else {
                -2.0 * RATE
            };
            self.typical *= 1.0 + rate;
            self.typical = self.typical.max(floor as f32 / 1_000.0);
        }
        if !known {
            self.seen += 1;
            self.usual = self.usual.max(size);
        } else if !self.stands {
            let rate = if size > self.usual {
                RATE
            } else {
                -RATE / 99.0
            };
            self.usual *= 1.0 + rate;
            self.usual = self.usual.max(1e-3);
        }
    }

    /// How many of the last ten differences were jumps, up and down by turns.
    pub fn count(&self) -> u32 {
        self.jumps.count_ones()
    }

    /// Whether so many of the last nine readings were low that even an erratic sensor is believed.
    pub fn mostly_low(&self, rule: &Erratic) -> bool {
        self.low.count_ones() >= u32::from(rule.low_of_nine)
    }

    /// Whether it jumps about, by so many jumps. Readings that leave what is usual one by one and
    /// return are spikes: those are left out, and the sensor is believed.
    pub fn is_erratic(&self, jumps: u8) -> bool {
        self.count() >= u32::from(jumps) && self.usual_ones.count_ones() <= MOST_USUAL
    }

    /// Whether it is over: at most one jump among the last ten differences.
    pub fn is_over(&self) -> bool {
        self.count() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fed(values: impl IntoIterator<Item = f64>) -> Jumps {
        let mut jumps = Jumps::default();
        for value in values {
            jumps.take(
                &Erratic::default(),
                value,
                value < 98.1,
                (value - 201.0).abs() < 20.0,
                20.0,
            );
        }
        jumps
    }

    fn quiet() -> impl Iterator<Item = f64> {
        (0..60).map(|n| 200.0 + f64::from(n % 3))
    }

    #[test]
    fn only_jumps_up_and_down_by_turns_count() {
        let table: [(&[f64], u32); 5] = [
            (&[200.0, 260.0, 140.0, 270.0, 130.0, 250.0], 5),
            (&[200.0, 100.0, 100.0, 101.0, 100.0], 1),
            (&[200.0, 160.0, 120.0, 80.0, 40.0, 0.0], 1),
            (&[200.0, 201.0, 202.0, 200.0], 0),
            (&[200.0, 260.0, 200.0, 201.0, 200.0], 2),
        ];
        for (values, expected) in table {
            let jumps = fed(quiet().chain(values.iter().copied()));
            assert_eq!(jumps.count(), expected, "{values:?}");
        }
    }

    #[test]
    fn a_restless_main_is_not_erratic_by_its_own_measure() {
        let restless = (0..400).map(|n| if n % 2 == 0 { 180.0 } else { 225.0 });
        assert_eq!(fed(restless).count(), 0);
    }

    #[test]
    fn spikes_that_return_are_not_erratic_and_swings_are() {
        let spikes = [
            200.0, 450.0, 200.0, 201.0, -50.0, 200.0, 202.0, 450.0, 201.0, 200.0, 449.0,
        ];
        let swings = [
            260.0, 140.0, 255.0, 150.0, 270.0, 130.0, 245.0, 160.0, 260.0, 140.0,
        ];
        let erratic = |values: &[f64]| fed(quiet().chain(values.iter().copied())).is_erratic(5);
        assert!(!erratic(&spikes));
        assert!(erratic(&swings));
    }

    #[test]
    fn seven_low_of_nine_are_believed() {
        let low = |n: usize| (0..9).map(move |i| if i < n { 50.0 } else { 200.0 });
        assert!(fed(low(7)).mostly_low(&Erratic::default()));
        assert!(!fed(low(6)).mostly_low(&Erratic::default()));
    }

    proptest! {
        /// Whatever went before, ten quiet readings end it.
        #[test]
        fn quiet_ends_it(values in prop::collection::vec(-50.0..900.0_f64, 0..80)) {
            let jumps = fed(values.into_iter().chain(quiet().take(11)));
            prop_assert!(jumps.is_over());
        }
    }
}
