//! From the true water to what the sensor says: bias, ripple, noise, steps, and the sensor's faults.

use firemain_domain::Timestamp;
use firemain_domain::time::{DAY_MS, MINUTE_MS};

use super::fault::Fault;
use crate::noise::{bell, draw, share};

/// A spike comes about once in so many samples.
const SPIKE_EVERY: u64 = 30;
/// A pair of spikes comes about once in so many samples.
const SPIKE_PAIR_EVERY: u64 = 60;
/// So many values a device that repeats them knows.
const REPLAYED_VALUES: usize = 8;
/// Pressure in a main is never quite still: slow ripple between lattice points.
const RIPPLE_MS: i64 = 8 * MINUTE_MS;

/// One sensor's character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SensorTrait {
    pub(crate) seed: u64,
    /// Constant error within its accuracy.
    pub(crate) bias: f32,
    /// Deviation of its noise.
    pub(crate) noise: f32,
    /// Deviation of the water's own ripple at this place.
    pub(crate) ripple: f32,
    /// Its smallest step.
    pub(crate) resolution: f32,
    /// Milliseconds between its samples.
    pub(crate) sample_ms: i64,
}

/// A fault in force.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    pub(crate) fault: Fault,
    pub(crate) since: Timestamp,
    /// What a stuck sensor holds to.
    pub(crate) held: Option<f64>,
    /// What one that repeats its values knows.
    pub(crate) heard: Vec<f64>,
}

impl SensorTrait {
    /// What the sensor says of `truth` at `at`.
    pub(crate) fn read(
        &self,
        truth: f64,
        at: Timestamp,
        still: bool,
        faults: &mut [Active],
    ) -> f64 {
        let ripple = if still {
            0.0
        } else {
            f64::from(self.ripple) * self.ripple_at(at)
        };
        let noise = f64::from(self.noise) * bell(draw(self.seed, 101, at.ms() as u64));
        let mut value = (truth + ripple).max(0.0) + f64::from(self.bias) + noise;
        for active in faults.iter_mut() {
            value = self.spoil(value, at, active);
        }
        let step = f64::from(self.resolution);
        (value / step).round() * step
    }

    fn spoil(&self, value: f64, at: Timestamp, active: &mut Active) -> f64 {
        let chance = draw(self.seed, 102, at.ms() as u64);
        match active.fault {
            Fault::Spike(by) if chance.is_multiple_of(SPIKE_EVERY) => {
                value + if chance & 1 << 40 == 0 { by } else { -by }
            }
            // The sample after the first is off too, by another amount: a pair that does not agree.
            Fault::SpikePair(by) => {
                let before = draw(self.seed, 102, (at.ms() - self.sample_ms) as u64);
                let (first, second) = (
                    chance.is_multiple_of(SPIKE_PAIR_EVERY),
                    before.is_multiple_of(SPIKE_PAIR_EVERY),
                );
                let sign = if (if first { chance } else { before }) & 1 << 40 == 0 {
                    1.0
                } else {
                    -1.0
                };
                match (first, second) {
                    (true, _) => value + sign * by,
                    (false, true) => value + sign * by * 0.6,
                    (false, false) => value,
                }
            }
            Fault::NotANumber if chance & 1 << 41 == 0 => f64::NAN,
            Fault::ReplayValues => {
                let heard = at.since_ms(active.since).div_euclid(self.sample_ms.max(1)) as usize;
                if active.heard.len() < REPLAYED_VALUES {
                    active.heard.push(value);
                    value
                } else {
                    active.heard[heard % REPLAYED_VALUES]
                }
            }
            Fault::Stuck => *active.held.get_or_insert(value),
            Fault::Erratic(by) => {
                let up = at.ms() / MINUTE_MS % 2 == 0;
                value + if up { by } else { -by } * (0.6 + 0.8 * share(chance))
            }
            Fault::Drift(a_day) => value + a_day * at.since_ms(active.since) as f64 / DAY_MS as f64,
            Fault::Offset(by) => value + by,
            Fault::WrongScale(factor) => value * factor,
            _ => value,
        }
    }

    fn ripple_at(&self, at: Timestamp) -> f64 {
        let lattice = at.ms().div_euclid(RIPPLE_MS);
        let part = at.ms().rem_euclid(RIPPLE_MS) as f64 / RIPPLE_MS as f64;
        let of = |n: i64| bell(draw(self.seed, 103, n as u64));
        of(lattice) * (1.0 - part) + of(lattice + 1) * part
    }
}
