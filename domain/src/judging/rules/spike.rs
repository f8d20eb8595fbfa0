//! SPIKE: a reading that leaves the band of those before it and is back within two samples.
//!
//! The band is a causal Hampel band (Hampel 1974; Davies and Gather 1993): the median of the last
//! seven accepted values ± max(4.45 · MAD, three steps of the sensor, a floor). Two readings outside
//! it that agree with each other are a step, not a spike.

use serde::{Deserialize, Serialize};

const WINDOW: usize = 7;

/// Readings that leave their band and return.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spike {
    /// The half-width of the band in median absolute deviations (4.45 MAD are 3 σ).
    pub mads: f64,
    /// At least so many steps of the sensor.
    pub steps: f64,
    /// At least this much pressure, kPa.
    pub floor_kpa: f64,
    /// At least this much level, m.
    pub floor_m: f64,
}

impl Default for Spike {
    fn default() -> Self {
        Self {
            mads: 4.45,
            steps: 3.0,
            floor_kpa: 10.0,
            floor_m: 0.1,
        }
    }
}

/// The last accepted values of a source's main quantity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    values: [f32; WINDOW],
    len: u8,
    next: u8,
}

/// How a value lies to the band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Suspicion {
    /// Inside, or there are too few values to tell.
    None,
    /// Outside a band of this half-width.
    Outside {
        /// The band's middle.
        middle: f64,
        /// The half-width.
        limit: f64,
    },
}

impl Band {
    /// Takes an accepted value.
    pub fn push(&mut self, value: f64) {
        self.values[usize::from(self.next)] = value as f32;
        self.next = (self.next + 1) % WINDOW as u8;
        self.len = (self.len + 1).min(WINDOW as u8);
    }

    /// Forgets all: a step starts a new band.
    pub fn clear(&mut self) {
        self.len = 0;
        self.next = 0;
    }

    /// The newest value taken, if any since the band began.
    pub fn newest(&self) -> Option<f64> {
        let place = (usize::from(self.next) + WINDOW - 1) % WINDOW;
        (self.len > 0).then(|| f64::from(self.values[place]))
    }

    /// How `value` lies to the band; `step` is the sensor's smallest, `floor` the least half-width.
    pub fn suspicion(&self, spike: &Spike, value: f64, step: f64, floor: f64) -> Suspicion {
        if usize::from(self.len) < WINDOW {
            return Suspicion::None;
        }
        let middle = median(self.values);
        let mad = median(self.values.map(|v| (v - middle).abs()));
        let limit = (spike.mads * f64::from(mad))
            .max(spike.steps * step)
            .max(floor);
        let middle = f64::from(middle);
        if (value - middle).abs() > limit {
            Suspicion::Outside { middle, limit }
        } else {
            Suspicion::None
        }
    }
}

fn median(mut values: [f32; WINDOW]) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    values[WINDOW / 2]
}
