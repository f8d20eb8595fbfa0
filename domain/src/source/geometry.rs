//! From a level to what an engine can take: tanks and draw points.

use serde::{Deserialize, Serialize};

/// A tank's shape: an upright prism.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TankGeometry {
    /// Floor area, m². Without it a level says nothing of the volume.
    pub area_m2: Option<f64>,
    /// Height from floor to overflow, m.
    pub height_m: Option<f64>,
    /// Whether it lies open to sun and rain.
    #[serde(default)]
    pub open: bool,
    /// Whether it also serves daily use.
    #[serde(default)]
    pub daily_use: bool,
    /// Height of the outlet above the floor, m: water below it cannot be had.
    pub outlet_level_m: Option<f64>,
    /// Hours within which it must be full again (QCVN 10:2025/BCA H.1.3.4: 24, 36 or 72).
    pub refill_hours: Option<f64>,
}

impl TankGeometry {
    /// Usable water, m³, at `level_m` above the floor; `None` without an area.
    pub fn volume_m3(&self, level_m: f64) -> Option<f64> {
        let level = self.height_m.map_or(level_m, |top| level_m.min(top));
        let usable = (level - self.outlet_level_m.unwrap_or(0.0)).max(0.0);
        self.area_m2.map(|area| area * usable)
    }
}

/// A draw point's heights, all in one datum with its level readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DrawPointGeometry {
    /// The apron on which the engine stands, m.
    pub apron_level_m: Option<f64>,
    /// The bed under the suction, m.
    pub bed_level_m: Option<f64>,
}

impl DrawPointGeometry {
    /// How far the water lies below the apron, m.
    pub fn below_apron_m(&self, level_m: f64) -> Option<f64> {
        self.apron_level_m.map(|apron| apron - level_m)
    }

    /// How deep the water is over the bed, m.
    pub fn layer_m(&self, level_m: f64) -> Option<f64> {
        self.bed_level_m.map(|bed| level_m - bed)
    }
}
