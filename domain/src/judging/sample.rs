//! One cleaned sample, and what the rules see beside it.

use serde::{Deserialize, Serialize};

use super::outcome::{Basis, LeftOut, Measured};
use super::rules::Invalid;
use crate::quantity::Quantity;
use crate::report::Sample;
use crate::source::{Kind, Source};
use crate::time::Timestamp;

/// What judging uses of one sample: believable values only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// When it was measured: the device's time, put right where its clock is known to be off, or
    /// the time of receipt.
    pub at: Timestamp,
    /// kPa; the interval's lowest where no other is given.
    pub pressure_kpa: Option<f64>,
    /// Water drawn, L/s.
    pub flow_lps: Option<f64>,
    /// m.
    pub level_m: Option<f64>,
    /// The device's own estimate, L/s.
    pub available_flow_lps: Option<f64>,
    /// Whether a cap is off.
    pub cap_open: Option<bool>,
}

impl Taken {
    /// Cleans a sample measured at `at`. What cannot be is left out and named.
    pub fn clean(
        sample: &Sample,
        at: Timestamp,
        source: &Source,
        invalid: &Invalid,
        mut left_out: impl FnMut(Quantity, LeftOut),
    ) -> Self {
        let mut taken = Self {
            at,
            ..Self::default()
        };
        let mut lowest = None;
        for &(quantity, value) in &sample.values {
            if !invalid.is_valid(source, quantity, value) {
                left_out(quantity, LeftOut::Invalid);
                continue;
            }
            match quantity {
                Quantity::PressureKpa => taken.pressure_kpa = Some(value),
                Quantity::PressureMinKpa => lowest = Some(value),
                Quantity::FlowLps => taken.flow_lps = Some(value),
                Quantity::LevelM => taken.level_m = Some(value),
                Quantity::AvailableFlowLps => taken.available_flow_lps = Some(value),
                Quantity::CapOpen => taken.cap_open = Some(value != 0.0),
                _ => {}
            }
        }
        taken.pressure_kpa = taken.pressure_kpa.or(lowest);
        taken
    }

    /// Whether anything in it can be judged.
    pub fn is_empty(&self) -> bool {
        self.pressure_kpa.is_none()
            && self.flow_lps.is_none()
            && self.level_m.is_none()
            && self.available_flow_lps.is_none()
            && self.cap_open.is_none()
    }

    /// The value of what the source is chiefly judged by.
    pub fn main_quantity(&self, source: &Source) -> Option<f64> {
        match source.kind {
            Kind::Hydrant { .. } => self.pressure_kpa,
            Kind::Tank(_) | Kind::DrawPoint(_) => self.level_m,
        }
    }

    /// The newest of each value: this sample laid over older ones.
    #[must_use]
    pub fn over(self, older: Self) -> Self {
        Self {
            at: self.at,
            pressure_kpa: self.pressure_kpa.or(older.pressure_kpa),
            flow_lps: self.flow_lps.or(older.flow_lps),
            level_m: self.level_m.or(older.level_m),
            available_flow_lps: self.available_flow_lps.or(older.available_flow_lps),
            cap_open: self.cap_open.or(older.cap_open),
        }
    }
}

/// A [`Taken`] as it is kept of every source: in 48 bytes in place of 80. What there is not is NaN,
/// for nothing that was taken ever is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(from = "Taken", into = "Taken")]
pub struct Newest {
    at: Timestamp,
    pressure_kpa: f64,
    flow_lps: f64,
    level_m: f64,
    available_flow_lps: f64,
    cap_open: Option<bool>,
}

impl Default for Newest {
    fn default() -> Self {
        Taken::default().into()
    }
}

impl PartialEq for Newest {
    fn eq(&self, other: &Self) -> bool {
        Taken::from(*self) == Taken::from(*other)
    }
}

impl From<Taken> for Newest {
    fn from(taken: Taken) -> Self {
        let or_nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
        Self {
            at: taken.at,
            pressure_kpa: or_nan(taken.pressure_kpa),
            flow_lps: or_nan(taken.flow_lps),
            level_m: or_nan(taken.level_m),
            available_flow_lps: or_nan(taken.available_flow_lps),
            cap_open: taken.cap_open,
        }
    }
}

impl From<Newest> for Taken {
    fn from(newest: Newest) -> Self {
        let some = |value: f64| (!value.is_nan()).then_some(value);
        Self {
            at: newest.at,
            pressure_kpa: some(newest.pressure_kpa),
            flow_lps: some(newest.flow_lps),
            level_m: some(newest.level_m),
            available_flow_lps: some(newest.available_flow_lps),
            cap_open: newest.cap_open,
        }
    }
}

/// What sources of a kind are chiefly judged by.
pub const fn main_quantity(kind: &Kind) -> Quantity {
    match kind {
        Kind::Hydrant { .. } => Quantity::PressureKpa,
        Kind::Tank(_) | Kind::DrawPoint(_) => Quantity::LevelM,
    }
}

/// A sample with what is known of its source: what a rule sees.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The source.
    pub source: &'a Source,
    /// The sample.
    pub sample: &'a Taken,
    /// What the main quantity normally is while nothing is wrong: kPa or m.
    pub normal: Option<f64>,
    /// Whether water is being drawn here, confirmed or not.
    pub drawing: bool,
    /// Whether the use is confirmed: its dwell is over.
    pub confirmed_use: bool,
    /// Whether its flow is measured.
    pub has_meter: bool,
    /// Whether a cap is off, by the newest word of it.
    pub cap_open: Option<bool>,
    /// Pressure when last at rest, kPa.
    pub at_rest_kpa: Option<f64>,
    /// The flow that can be had at the target residual, and what says so.
    pub rated_flow: Option<Measured>,
    /// The flow that a valid test promises at the source's normal pressure, L/s.
    pub normal_flow_lps: Option<f64>,
}

impl Seen<'_> {
    /// Whether the source is a hydrant.
    pub fn is_hydrant(&self) -> bool {
        matches!(self.source.kind, Kind::Hydrant { .. })
    }

    /// A value held against a limit it must reach.
    pub fn at_least(&self, basis: Basis, quantity: Quantity, value: f64, limit: f64) -> Measured {
        let (limit, margin) = (Some(limit), Some(value - limit));
        Measured {
            basis,
            quantity,
            value,
            limit,
            margin,
            at: self.sample.at,
        }
    }

    /// A value held against a limit it must not pass.
    pub fn at_most(&self, basis: Basis, quantity: Quantity, value: f64, limit: f64) -> Measured {
        let (limit, margin) = (Some(limit), Some(limit - value));
        Measured {
            basis,
            quantity,
            value,
            limit,
            margin,
            at: self.sample.at,
        }
    }
}
