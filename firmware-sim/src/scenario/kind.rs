//! The kinds of happening: each with its target, the unit of its size, and its defaults.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::device::Fault;
use firemain_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// What can happen in a town.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Hydrants are opened at a fire.
    Fire,
    /// Somebody draws water from a hydrant without leave.
    Theft,
    /// A main bursts.
    Burst,
    /// A section of main is shut.
    ClosedMain,
    /// The pumps of a zone stand still.
    PumpStop,
    /// No water comes into a zone.
    SupplyStop,
    /// Water is pumped out of a tank.
    TankDraw,
    /// A tank leaks.
    TankLeak,
    /// A tank is filled by hand.
    TankRefill,
    /// A lake or river falls.
    LakeFall,
    /// A network outage: devices store, and send later.
    Outage,
    /// A device or its sensor fails; the name of the fault.
    Sensor(&'static str),
}

/// What a happening befalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Hydrant,
    Tank,
    DrawPoint,
    Zone,
    /// A source and its neighbours, a zone, or everything.
    Devices,
    /// Any source.
    Device,
}

impl EventKind {
    /// All kinds but the sensors' faults.
    const PLAIN: [Self; 11] = [
        Self::Fire,
        Self::Theft,
        Self::Burst,
        Self::ClosedMain,
        Self::PumpStop,
        Self::SupplyStop,
        Self::TankDraw,
        Self::TankLeak,
        Self::TankRefill,
        Self::LakeFall,
        Self::Outage,
    ];

    /// All kinds, as a scenario may write them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::PLAIN
            .into_iter()
            .chain(Fault::NAMES.into_iter().map(Self::Sensor))
    }

    /// As a scenario writes it, and as the truth file gives it as a cause.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fire => "fire",
            Self::Theft => "theft",
            Self::Burst => "burst",
            Self::ClosedMain => "closed_main",
            Self::PumpStop => "pump_stop",
            Self::SupplyStop => "supply_stop",
            Self::TankDraw => "tank_draw",
            Self::TankLeak => "tank_leak",
            Self::TankRefill => "tank_refill",
            Self::LakeFall => "lake_fall",
            Self::Outage => "outage",
            Self::Sensor(fault) => Fault::cause_of(fault),
        }
    }

    pub(crate) const fn target(self) -> Target {
        match self {
            Self::Fire | Self::Theft | Self::Burst | Self::ClosedMain => Target::Hydrant,
            Self::PumpStop | Self::SupplyStop => Target::Zone,
            Self::TankDraw | Self::TankLeak | Self::TankRefill => Target::Tank,
            Self::LakeFall => Target::DrawPoint,
            Self::Outage => Target::Devices,
            Self::Sensor(_) => Target::Device,
        }
    }

    /// Size where none is given; `None` where a kind has none, or its own default by source.
    pub(crate) const fn default_size(self) -> Option<f64> {
        Some(match self {
            Self::Fire => 30.0,
            Self::Theft | Self::TankLeak => 4.0,
            Self::Burst => 60.0,
            Self::ClosedMain => 1.0,
            Self::TankDraw | Self::TankRefill => 10.0,
            Self::LakeFall => 0.6,
            Self::Outage => 8.0,
            Self::PumpStop | Self::SupplyStop | Self::Sensor(_) => return None,
        })
    }

    /// Smallest and largest size that make sense; `None` where a kind has no size.
    pub(crate) const fn size_limits(self) -> Option<(f64, f64)> {
        Some(match self {
            Self::Fire | Self::Burst => (0.1, 500.0),
            Self::Theft => (0.1, 50.0),
            Self::ClosedMain => (1.0, 50.0),
            Self::TankDraw | Self::TankRefill => (0.1, 200.0),
            Self::TankLeak => (0.01, 1_000.0),
            Self::LakeFall => (0.01, 20.0),
            Self::Outage => (1.0, 1_000_000.0),
            Self::PumpStop | Self::SupplyStop => return None,
            Self::Sensor(name) => return Fault::size_limits(name),
        })
    }

    pub(crate) const fn default_duration_ms(self) -> i64 {
        match self {
            Self::Fire | Self::PumpStop | Self::SupplyStop | Self::Outage => 2 * HOUR_MS,
            Self::Theft => 40 * MINUTE_MS,
            Self::Burst | Self::TankRefill => 6 * HOUR_MS,
            Self::ClosedMain | Self::Sensor(_) => DAY_MS,
            Self::TankDraw => HOUR_MS,
            Self::TankLeak => 7 * DAY_MS,
            Self::LakeFall => 4 * DAY_MS,
        }
    }
}

impl TryFrom<String> for EventKind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::all().find(|kind| kind.name() == text).ok_or_else(|| {
            let nearest = Self::all().map(Self::name).max_by(|a, b| {
                strsim::jaro_winkler(a, &text).total_cmp(&strsim::jaro_winkler(b, &text))
            });
            let known: Vec<_> = Self::all().map(Self::name).collect();
            let nearest = nearest.unwrap_or_default();
            format!(
                "`{text}` is no kind of event; did you mean `{nearest}`? There are: {}",
                known.join(", ")
            )
        })
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).and_then(|text| Self::try_from(text).map_err(de::Error::custom))
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
