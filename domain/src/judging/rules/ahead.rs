//! How far judging looks ahead.

use serde::{Deserialize, Serialize};

/// Looking ahead. Nothing here raises an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LookAhead {
    /// A tank that will hold less than it owes within so many days is told of.
    pub tank_days: f64,
    /// A battery that will end within so many days: where it ends is said at DEVICE.
    pub battery_days: f64,
    /// A flow test that will be out of date within so many days.
    pub flow_test_days: f64,
}

impl Default for LookAhead {
    fn default() -> Self {
        Self {
            tank_days: 60.0,
            battery_days: 365.0,
            flow_test_days: 365.0,
        }
    }
}
