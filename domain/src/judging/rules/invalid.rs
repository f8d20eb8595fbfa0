//! Readings that cannot be: left out of judging, and counted.

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;
use crate::source::{Kind, Source};

/// What cannot be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Invalid {
    /// Beyond this multiple of the sensor's range.
    pub range_factor: f64,
    /// The range of a pressure sensor that states none, kPa (the usual 16 bar).
    pub default_range_kpa: f64,
    /// Below this pressure, kPa: more than a vacuum.
    pub min_kpa: f64,
    /// Above this flow, L/s: more than any hydrant gives.
    pub max_flow_lps: f64,
}

impl Default for Invalid {
    fn default() -> Self {
        Self {
            range_factor: 1.05,
            default_range_kpa: 1_600.0,
            min_kpa: -105.0,
            max_flow_lps: 500.0,
        }
    }
}

impl Invalid {
    /// Whether `value` may be believed at all.
    pub fn is_valid(&self, source: &Source, quantity: Quantity, value: f64) -> bool {
        let within = |low: f64, high: f64| (low..=high).contains(&value);
        match quantity {
            Quantity::PressureKpa | Quantity::PressureMinKpa | Quantity::PressureMaxKpa => {
                let range = match source.kind {
                    Kind::Hydrant { .. } => source.sensor.range_max,
                    _ => None,
                };
                within(
                    self.min_kpa,
                    self.range_factor * range.unwrap_or(self.default_range_kpa),
                )
            }
            Quantity::FlowLps | Quantity::AvailableFlowLps => within(-1.0, self.max_flow_lps),
            Quantity::LevelM => self.level_is_valid(source, value),
            Quantity::BatteryPct => within(0.0, 101.0),
            _ => value.is_finite(),
        }
    }

    fn level_is_valid(&self, source: &Source, level_m: f64) -> bool {
        let range = source.sensor.range_max;
        match &source.kind {
            Kind::Tank(tank) => {
                let top = range.or(tank.height_m).unwrap_or(50.0) * self.range_factor;
                (-0.5..=top).contains(&level_m)
            }
            // A level in a datum says nothing about the sensor's own range, unless the bed is known.
            Kind::DrawPoint(point) => match (range, point.bed_level_m) {
                (Some(range), Some(bed)) => {
                    (bed - 1.0..=bed + range * self.range_factor + 1.0).contains(&level_m)
                }
                _ => (-500.0..=9_000.0).contains(&level_m),
            },
            Kind::Hydrant { .. } => level_m.is_finite(),
        }
    }
}
