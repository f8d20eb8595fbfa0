//! How a vehicle gets to a source (QCVN 06:2022/BXD ch. 6: fire roads ≥ 3.5 m wide, ≥ 4.5 m high).

use serde::{Deserialize, Serialize};

/// The way to a source. What is `None` is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Access {
    /// Clear width, m.
    pub road_width_m: Option<f64>,
    /// Clear height, m.
    pub road_height_m: Option<f64>,
    /// Load the road bears, t.
    pub road_load_t: Option<f64>,
    /// Whether there is room to turn.
    pub turning_area: Option<bool>,
    /// What stands in the way: wires, posts, gates, fences, barriers, awnings.
    pub obstruction: Option<String>,
}

/// A vehicle that wants water; what is `None` does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vehicle {
    /// Width, m.
    pub width_m: Option<f64>,
    /// Height, m.
    pub height_m: Option<f64>,
    /// Weight, t.
    pub weight_t: Option<f64>,
}

/// Why a vehicle cannot reach a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Barred {
    /// The way is too narrow.
    Width,
    /// The way is too low.
    Height,
    /// The road does not bear it.
    Weight,
}

impl Access {
    /// Why `vehicle` cannot pass; `None` if nothing known is in its way. An unknown width, height
    /// or load does not bar: the caller shows it as unknown.
    pub fn bars(&self, vehicle: &Vehicle) -> Option<Barred> {
        let short = |has: Option<f64>, needs: Option<f64>| matches!((has, needs), (Some(h), Some(n)) if h < n);
        if short(self.road_width_m, vehicle.width_m) {
            Some(Barred::Width)
        } else if short(self.road_height_m, vehicle.height_m) {
            Some(Barred::Height)
        } else if short(self.road_load_t, vehicle.weight_t) {
            Some(Barred::Weight)
        } else {
            None
        }
    }
}
