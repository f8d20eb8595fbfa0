//! Wrong scale: from one sample to the next a sensor says ten, a hundred or a thousand times as much
//! or as little, or bar are taken for psi: × or ÷ 6.895 (psi and kPa) or 14.5 (bar and psi). No
//! water does that; but a loss of water may look like ÷ 10, so a neighbour that is down makes it one.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// By how much a scale is commonly wrong.
const FACTORS: [f64; 5] = [10.0, 100.0, 1_000.0, 6.895, 14.5];

/// Samples in a row that bear it out after one that did not.
const FORGIVEN: u8 = 4;

/// Readings off by a factor of scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WrongScale {
    /// How close to a factor the step must be, %.
    pub tolerance_pct: f64,
    /// Samples that must say so where the neighbours are calm.
    pub samples: u8,
    /// Samples that must say so where nothing is known of neighbours.
    pub unsure_samples: u8,
    /// How close to the factor they then must be, %, unless they are beyond what any main stands at.
    pub exact_pct: f64,
    /// Beyond this no main stands, kPa.
    pub absurd_kpa: f64,
    /// How far from the usual a reading put right by the factor may lie, %: farther off it is water.
    pub scaled_pct: f64,
    /// How far from the usual a reading may lie and still be the usual, % (or 3 σ, if that is more):
    /// from there a scale goes wrong, and there it is right again.
    pub usual_pct: f64,
    /// The same where what is usual at this hour is not learned, %.
    pub unsure_usual_pct: f64,
    /// No tank is drawn from faster, L/s: Table H.1 (QCVN 10:2025/BCA) asks no more of a fire.
    pub most_outflow_lps: f64,
}

impl Default for WrongScale {
    fn default() -> Self {
        Self {
            tolerance_pct: 5.0,
            samples: 2,
            unsure_samples: 3,
            exact_pct: 1.0,
            absurd_kpa: 1_600.0,
            scaled_pct: 15.0,
            usual_pct: 10.0,
            unsure_usual_pct: 25.0,
            most_outflow_lps: 110.0,
        }
    }
}

/// A scale that seems, or is found, to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaled {
    /// The value before the step.
    pub before: f32,
    /// What it was multiplied by.
    pub factor: f32,
    /// When the step was.
    pub since: Timestamp,
    /// Samples at the factor.
    pub samples: u8,
    /// Whether all of them are very close to it.
    pub exact: bool,
    /// Samples in a row that are back where it was.
    back: u8,
    /// Samples in a row that bear it out.
    row: u8,
    /// Samples that are neither, until some in a row bear it out.
    astray: u8,
    /// Whether it is found to be so.
    pub stands: bool,
}

/// What a sensor can tell.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// From nothing.
    pub least: f64,
    /// Its smallest step.
    pub step: f64,
}

/// What is usual for a source at an hour.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    mean: f64,
    within: f64,
}

impl Usual {
    fn has(self, value: f64) -> bool {
        (value - self.mean).abs() <= self.within
    }
}

/// What a sample makes of a scale that is thought to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// It bears it out.
    Bears,
    /// It is over, or never was.
    Over,
    /// It says neither.
    Open,
}

impl WrongScale {
    /// The step from `before` to `value`, if it is one of scale and not one back to what is `usual`.
    /// Below the least that the sensor can tell from nothing, a value is no scaled one.
    pub fn step(
        &self,
        value: f64,
        before: f64,
        usual: Usual,
        sensor: Sensor,
        at: Timestamp,
    ) -> Option<Scaled> {
        let Sensor { least, step } = sensor;
        if value.abs() < least || before < least || !usual.has(before) {
            return None;
        }
        let factor = factors().find(|f| {
            off_pct(value / before, *f) <= self.tolerance_pct || is_within(step, value, before * f)
        })?;
        Some(Scaled {
            before: before as f32,
            factor: factor as f32,
            since: at,
            samples: 1,
            exact: self.is_exact(value, before * factor, step),
            back: 0,
            row: 1,
            astray: 0,
            stands: false,
        })
    }

    /// Takes a further sample.
    pub fn take(&self, scaled: &mut Scaled, value: f64, usual: Usual, step: f64) -> Scaling {
        let factor = f64::from(scaled.factor);
        let before = f64::from(scaled.before);
        let (expected, tolerance_pct) = if scaled.stands {
            (usual.mean * factor, self.scaled_pct)
        } else {
            (before * factor, self.tolerance_pct)
        };
        let at_factor =
            off_pct(value, expected) <= tolerance_pct || is_within(step, value, expected);
        if at_factor {
            scaled.samples = scaled.samples.saturating_add(1);
            scaled.exact &= self.is_exact(value, before * factor, step);
            scaled.back = 0;
            scaled.row = scaled.row.saturating_add(1);
            if scaled.row >= FORGIVEN {
                scaled.astray = 0;
            }
            return Scaling::Bears;
        }
        scaled.row = 0;
        if usual.has(value) {
            scaled.back += 1;
        } else {
            scaled.astray += 1;
            scaled.back = 0;
        }
        if !scaled.stands || scaled.back >= 2 || scaled.astray >= 2 {
            Scaling::Over
        } else {
            Scaling::Open
        }
    }

    /// Whether enough samples bear it out. `calm`: the neighbours are; where nothing is known of any,
    /// more is asked.
    pub fn is_found(&self, scaled: &Scaled, value: f64, calm: bool) -> bool {
        if calm {
            return scaled.samples >= self.samples;
        }
        scaled.samples >= self.unsure_samples && (scaled.exact || value > self.absurd_kpa)
    }

    fn is_exact(&self, value: f64, expected: f64, step: f64) -> bool {
        off_pct(value, expected) <= self.exact_pct || is_within(step, value, expected)
    }

    /// What is usual: its mean, and how far a value may lie off it, if that is known.
    pub fn usual(&self, mean: f64, within: Option<f64>) -> Usual {
        let least = mean.abs() * self.usual_pct / 100.0;
        let unsure = mean.abs() * self.unsure_usual_pct / 100.0;
        Usual {
            mean,
            within: within.map_or(unsure, |within| within.max(least)),
        }
    }
}

impl Scaled {
    /// Whether it says less than there is: a loss of water looks like that.
    pub fn is_down(&self) -> bool {
        self.factor < 1.0
    }
}

fn factors() -> impl Iterator<Item = f64> {
    FACTORS.into_iter().flat_map(|f| [f, 1.0 / f])
}

/// Whether a sensor of that step shows `value` for `expected`. What it shows as nothing says nothing.
fn is_within(step: f64, value: f64, expected: f64) -> bool {
    value.abs() >= step && (value - expected).abs() <= step / 2.0
}

fn off_pct(value: f64, expected: f64) -> f64 {
    (value / expected - 1.0).abs() * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(mean: f64) -> Usual {
        WrongScale::default().usual(mean, None)
    }

    const AT: Timestamp = Timestamp::from_ms(0);
    const SENSOR: Sensor = Sensor {
        least: 8.0,
        step: 0.5,
    };

    #[test]
    fn only_steps_by_a_factor_of_scale_from_the_usual_count() {
        let rule = WrongScale::default();
        let factor = |value, before, usual| {
            rule.step(value, before, around(usual), SENSOR, AT)
                .map(|scaled| scaled.factor)
        };
        let table = [
            (30.0, 300.0, 300.0, Some(0.1)),
            (31.4, 300.0, 300.0, Some(0.1)),
            (33.0, 300.0, 300.0, None),
            (43.5, 300.0, 300.0, Some(1.0 / 6.895)),
            (20.7, 300.0, 300.0, Some(1.0 / 14.5)),
            (1_500.0, 150.0, 150.0, Some(10.0)),
            (1_034.0, 150.0, 150.0, Some(6.895)),
            // What cannot be told from nothing is a loss of water.
            (3.0, 300.0, 300.0, None),
            (0.0, 300.0, 300.0, None),
            // Water that comes back to a dry main is no wrong scale.
            (300.0, 30.0, 300.0, None),
            (150.0, 300.0, 300.0, None),
        ];
        for (value, before, usual, expected) in table {
            assert_eq!(
                factor(value, before, usual),
                expected.map(|f: f64| f as f32),
                "{before} -> {value}"
            );
        }
    }

    #[test]
    fn two_samples_find_it_where_it_is_calm_three_exact_ones_where_nothing_is_known() {
        let rule = WrongScale::default();
        let mut scaled = rule.step(31.0, 300.0, around(300.0), SENSOR, AT).unwrap();
        assert!(!rule.is_found(&scaled, 31.0, true));
        assert_eq!(
            rule.take(&mut scaled, 31.0, around(300.0), 0.5),
            Scaling::Bears
        );
        assert!(rule.is_found(&scaled, 31.0, true));
        assert_eq!(
            rule.take(&mut scaled, 30.0, around(300.0), 0.5),
            Scaling::Bears
        );
        assert!(!rule.is_found(&scaled, 30.0, false), "not exact");
        let mut exact = rule.step(30.1, 300.0, around(300.0), SENSOR, AT).unwrap();
        rule.take(&mut exact, 30.0, around(300.0), 0.5);
        assert!(!rule.is_found(&exact, 30.0, false));
        rule.take(&mut exact, 30.0, around(300.0), 0.5);
        assert!(rule.is_found(&exact, 30.0, false));
    }

    #[test]
    fn it_ends_back_at_the_usual_and_where_values_go_astray_and_follows_the_day() {
        let rule = WrongScale::default();
        let found = || {
            let mut scaled = rule.step(30.0, 300.0, around(300.0), SENSOR, AT).unwrap();
            scaled.stands = true;
            scaled
        };
        let mut scaled = found();
        assert_eq!(
            rule.take(&mut scaled, 36.0, around(340.0), 0.5),
            Scaling::Bears
        );
        assert_eq!(
            rule.take(&mut scaled, 330.0, around(340.0), 0.5),
            Scaling::Open
        );
        assert_eq!(
            rule.take(&mut scaled, 330.0, around(340.0), 0.5),
            Scaling::Over
        );
        let mut dry = found();
        assert_eq!(rule.take(&mut dry, 12.0, around(300.0), 0.5), Scaling::Open);
        assert_eq!(
            rule.take(&mut dry, 2.0, around(300.0), 0.5),
            Scaling::Over,
            "it drains"
        );
        let mut doubted = rule.step(30.0, 300.0, around(300.0), SENSOR, AT).unwrap();
        assert_eq!(
            rule.take(&mut doubted, 26.0, around(300.0), 0.5),
            Scaling::Over
        );
    }
}
