//! How every source stands to what is usual, in one short line each: what neighbours and zones are
//! judged by without looking into each other's state.
//!
//! A pulse is nothing but a view of its source's state, made anew after each step that changed it
//! and on restore; so it needs no saving.

use super::baseline::Baseline;
use super::health::Health;
use super::outcome::Reason;
use super::state::One;
use crate::time::Timestamp;

/// A source's newest word of its pressure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// Reading time of its newest pressure.
    pub at: Timestamp,
    /// The pressure, kPa.
    pub value: f32,
    /// What is usual at that time, kPa; NaN: not learned.
    mean: f32,
    /// Its σ, kPa.
    sigma: f32,
    /// How far its values lay apart within the last 1.5 to 3 h, kPa.
    pub moved: f32,
    /// Since when it has been so far below what is usual that it counts as dropped (ZONE_DROP);
    /// `None`: it has not, or is no witness. Silence does not end it.
    pub down: Option<Timestamp>,
    /// Its interval, s.
    interval_s: u32,
    /// In service, healthy, neither worked on nor outside its supply hours.
    pub sound: bool,
    /// A newer pressure that may yet turn out a spike, kPa; NaN: none.
    doubted: f32,
    /// Water is being drawn from it.
    pub drawing: bool,
    /// The silence that makes its verdict unknown has set in.
    pub silent: bool,
    /// The newest night that is over, as a day, and its change since commissioning, kPa.
    pub night: Option<(i32, f32)>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            at: Timestamp::MIN,
            value: 0.0,
            mean: f32::NAN,
            sigma: 0.0,
            moved: 0.0,
            interval_s: 0,
            down: None,
            sound: false,
            doubted: f32::NAN,
            drawing: false,
            silent: false,
            night: None,
        }
    }
}

/// What makes a source no witness of its zone's water.
const NO_WITNESS: [Reason; 8] = [
    Reason::Planned,
    Reason::Removed,
    Reason::OutOfService,
    Reason::Inoperable,
    Reason::Obstructed,
    Reason::Maintenance,
    Reason::SupplyHours,
    Reason::SensorSick,
];

impl Pulse {
    /// The pulse of a source: only hydrants whose sensor taps the main have one.
    pub fn of(one: &One) -> Self {
        let source = &one.settings.source;
        if !source.taps_main() {
            return Self::default();
        }
        let baseline = one.state.baseline.as_deref();
        let (at, value) = baseline.map_or((Timestamp::MIN, 0.0), Baseline::newest);
        let expected = one.expected(at);
        let reasons = one.state.stance.reasons;
        let sound = !NO_WITNESS.iter().any(|reason| reasons.contains(*reason));
        let doubted = one.state.suspects().last().and_then(|s| s.pressure_kpa);
        Self {
            at,
            value,
            mean: expected.map_or(f32::NAN, |e| e.mean as f32),
            sigma: expected.map_or(0.0, |e| e.sigma as f32),
            moved: baseline.map_or(0.0, Baseline::moved),
            interval_s: (one.settings.source.interval_ms() / 1_000) as u32,
            down: one.state.down_since.filter(|_| sound),
            sound,
            drawing: one.state.is_drawing(),
            doubted: doubted.map_or(f32::NAN, |kpa| kpa as f32),
            night: one.state.health.as_deref().and_then(Health::night),
            silent: one.state.silent,
        }
    }

    /// How many σ its pressure lies above what is usual; `None`: not learned.
    pub fn sigmas(&self) -> Option<f64> {
        (!self.mean.is_nan()).then(|| f64::from((self.value - self.mean) / self.sigma))
    }

    /// Whether it counts in its zone: a healthy sensor that reports, and nobody draws from it.
    pub fn counts(&self) -> bool {
        self.at > Timestamp::MIN && self.sound && !self.drawing && !self.silent
    }

    /// The same by its newest reading, though that may yet turn out a spike.
    pub fn doubted_sigmas(&self) -> Option<f64> {
        let known = !self.mean.is_nan() && !self.doubted.is_nan();
        known.then(|| f64::from((self.doubted - self.mean) / self.sigma))
    }

    /// Whether its newest reading is within two of its intervals of `at`.
    pub fn is_near(&self, at: Timestamp) -> bool {
        at.since_ms(self.at).abs() <= 2_000 * i64::from(self.interval_s)
    }

    #[cfg(test)]
    pub(super) fn for_tests(value: f32, mean: Option<f32>, sigma: f32) -> Self {
        Self {
            value,
            mean: mean.unwrap_or(f32::NAN),
            sigma,
            sound: true,
            ..Self::default()
        }
    }
}
