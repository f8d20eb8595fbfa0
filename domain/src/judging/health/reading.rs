//! One reading of the main quantity, beside what is known of its source.

use crate::judging::outcome::RuleName;
use crate::judging::rules::Rules;
use crate::judging::state::One;
use crate::source::Kind;
use crate::time::Timestamp;

/// The accuracy of a sensor that states none: 0.5 % of 16 bar, kPa, and of a level, m.
const ACCURACY: (f64, f64) = (8.0, 0.03);

/// One reading of the main quantity, beside what is known.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) at: Timestamp,
    pub(super) value: f64,
    /// What is usual at this hour, or normal.
    pub(super) usual: Option<f64>,
    /// Three of its σ, where known.
    pub(super) within: Option<f64>,
    /// Its sensor's smallest step, and half-width of accuracy.
    pub(super) step: f64,
    pub(super) accuracy: f64,
    /// Whether the source lives its usual life.
    pub(super) everyday: bool,
}

impl Reading {
    pub(super) fn of(one: &One, at: Timestamp, value: f64, rules: &Rules) -> Self {
        let source = &one.settings.source;
        let hydrant = matches!(source.kind, Kind::Hydrant { .. });
        let (step, accuracy) = if hydrant {
            (rules.flatline.step_kpa, ACCURACY.0)
        } else {
            (rules.flatline.step_m, ACCURACY.1)
        };
        let expected = one.expected(at);
        let normal = || one.state.normal.map(f64::from);
        let low = [
            RuleName::LowStatic,
            RuleName::HighPressure,
            RuleName::TankLow,
        ];
        let wrong = |rule: &RuleName| one.state.holds(*rule) || one.state.is_open(*rule);
        Self {
            at,
            value,
            usual: expected.map(|e| e.mean).or_else(normal),
            within: expected.map(|e| 3.0 * e.sigma),
            step: source.sensor.resolution.unwrap_or(step).max(1e-6),
            accuracy: source.sensor.accuracy.unwrap_or(accuracy),
            everyday: !low.iter().any(wrong)
                && !one.settings.in_maintenance(at)
                && one.settings.supplied(at),
        }
    }

    /// Whether it is close to what is usual: within three σ, or `floor`.
    pub(super) fn is_usual(&self, floor: f64) -> bool {
        let within = self.within.unwrap_or(0.0).max(floor);
        self.usual
            .is_some_and(|usual| (self.value - usual).abs() <= within)
    }
}
