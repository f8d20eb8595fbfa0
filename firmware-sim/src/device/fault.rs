//! What goes wrong with a device: each fault has a name, a size and a signature of its own.

use serde::{Deserialize, Serialize};

/// Something wrong with a device or its sensor. Sizes are in the unit of the source's main
/// quantity: kPa for hydrants, m for tanks and draw points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// About every thirtieth sample is off by so much, alone.
    Spike(f64),
    /// It always says what it last said.
    Stuck,
    /// Every sample swings by so much, up and down.
    Erratic(f64),
    /// It moves away from the truth by so much a day.
    Drift(f64),
    /// It is off by so much.
    Offset(f64),
    /// It says so many times the truth.
    WrongScale(f64),
    /// Its clock is ahead by so many seconds (behind, if negative).
    ClockSkew(f64),
    /// Its clock started at 1970 and was never set.
    Clock1970,
    /// It sends again and again what it sent when this began.
    Replay,
    /// Its battery goes flat within so many hours; then it is silent.
    DeadBattery(f64),
    /// Each message arrives twice.
    Duplicate,
    /// Somebody opens its housing.
    Tamper,
    /// It stands askew by so many degrees.
    Tilt(f64),
}

impl Fault {
    /// Its name in scenarios and in the truth file.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Spike(_) => "spike",
            Self::Stuck => "stuck",
            Self::Erratic(_) => "erratic",
            Self::Drift(_) => "drift",
            Self::Offset(_) => "offset",
            Self::WrongScale(_) => "wrong_scale",
            Self::ClockSkew(_) => "clock_skew",
            Self::Clock1970 => "clock_1970",
            Self::Replay => "replay",
            Self::DeadBattery(_) => "dead_battery",
            Self::Duplicate => "duplicate",
            Self::Tamper => "tamper",
            Self::Tilt(_) => "tilt",
        }
    }

    /// All names, as a scenario may write them.
    pub const NAMES: [&'static str; 13] = [
        "spike",
        "stuck",
        "erratic",
        "drift",
        "offset",
        "wrong_scale",
        "clock_skew",
        "clock_1970",
        "replay",
        "dead_battery",
        "duplicate",
        "tamper",
        "tilt",
    ];

    /// The fault of that name with that size; without one, a telling one for a hydrant (`level`:
    /// for a tank or draw point). `None` if there is no such fault.
    pub fn named(name: &str, size: Option<f64>, level: bool) -> Option<Self> {
        let or = |hydrant: f64, other: f64| size.unwrap_or(if level { other } else { hydrant });
        Some(match name {
            "spike" => Self::Spike(or(250.0, 1.5)),
            "stuck" => Self::Stuck,
            "erratic" => Self::Erratic(or(60.0, 0.5)),
            "drift" => Self::Drift(or(2.0, 0.01)),
            "offset" => Self::Offset(or(-40.0, 0.3)),
            "wrong_scale" => Self::WrongScale(or(0.1, 0.1)),
            "clock_skew" => Self::ClockSkew(or(1_800.0, 1_800.0)),
            "clock_1970" => Self::Clock1970,
            "replay" => Self::Replay,
            "dead_battery" => Self::DeadBattery(or(48.0, 48.0)),
            "duplicate" => Self::Duplicate,
            "tamper" => Self::Tamper,
            "tilt" => Self::Tilt(or(35.0, 35.0)),
            _ => return None,
        })
    }

    /// The name of the fault as a cause in the truth file: `sensor_` and its name.
    pub(crate) const fn cause_of(name: &'static str) -> &'static str {
        match name.as_bytes() {
            b"spike" => "sensor_spike",
            b"stuck" => "sensor_stuck",
            b"erratic" => "sensor_erratic",
            b"drift" => "sensor_drift",
            b"offset" => "sensor_offset",
            b"wrong_scale" => "sensor_wrong_scale",
            b"clock_skew" => "sensor_clock_skew",
            b"clock_1970" => "sensor_clock_1970",
            b"replay" => "sensor_replay",
            b"dead_battery" => "sensor_dead_battery",
            b"duplicate" => "sensor_duplicate",
            b"tamper" => "sensor_tamper",
            _ => "sensor_tilt",
        }
    }

    /// The rule that must find it, as the truth file names rules.
    pub(crate) const fn found_by(&self) -> &'static str {
        match self {
            Self::Spike(_) => "spike",
            Self::Stuck => "flatline",
            Self::Drift(_) | Self::Offset(_) => "drift",
            Self::ClockSkew(_) | Self::Clock1970 => "clock",
            Self::Replay | Self::Duplicate => "replay",
            Self::Erratic(_)
            | Self::WrongScale(_)
            | Self::DeadBattery(_)
            | Self::Tamper
            | Self::Tilt(_) => "device",
        }
    }

    /// Smallest and largest size that make sense; `None` where a fault has no size.
    pub(crate) const fn size_limits(name: &'static str) -> Option<(f64, f64)> {
        Some(match name.as_bytes() {
            b"spike" | b"erratic" => (0.01, 10_000.0),
            b"drift" | b"offset" => (-10_000.0, 10_000.0),
            b"wrong_scale" => (0.000_1, 10_000.0),
            b"clock_skew" => (-31_536_000.0, 31_536_000.0),
            b"dead_battery" => (0.01, 8_760.0),
            b"tilt" => (0.1, 180.0),
            _ => return None,
        })
    }
}
