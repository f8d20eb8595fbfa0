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
    /// Water is drawn from a hydrant with a permit.
    PermittedUse,
    /// A crew tests a hydrant's flow, with a permit, and enters what it measured.
    FlowTest,
    /// A section of main is shut in a maintenance window.
    Maintenance,
    /// A zone's pressure is too high: a reducing valve fails.
    Overpressure,
    /// A tank loses some millimetres a day.
    TankSeep,
    /// A gateway is dead: what its devices send is lost.
    GatewayDead,
    /// A gateway has no network: its devices store, and send later.
    GatewayCut,
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
    /// The gateway that hears a source.
    Gateway,
    /// Any source.
    Device,
}

impl EventKind {
    /// All kinds but the sensors' faults.
    const PLAIN: [Self; 18] = [
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
        Self::PermittedUse,
        Self::FlowTest,
        Self::Maintenance,
        Self::Overpressure,
        Self::TankSeep,
        Self::GatewayDead,
        Self::GatewayCut,
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
            Self::PermittedUse => "permitted_use",
            Self::FlowTest => "flow_test",
            Self::Maintenance => "maintenance",
            Self::Overpressure => "overpressure",
            Self::TankSeep => "tank_seep",
            Self::GatewayDead => "gateway_dead",
            Self::GatewayCut => "gateway_cut",
            Self::Sensor(fault) => Fault::cause_of(fault),
        }
    }

    pub(crate) const fn target(self) -> Target {
        match self {
            Self::Fire
            | Self::Theft
            | Self::Burst
            | Self::ClosedMain
            | Self::PermittedUse
            | Self::FlowTest
            | Self::Maintenance => Target::Hydrant,
            Self::PumpStop | Self::SupplyStop | Self::Overpressure => Target::Zone,
            Self::TankDraw | Self::TankLeak | Self::TankSeep | Self::TankRefill => Target::Tank,
            Self::GatewayDead | Self::GatewayCut => Target::Gateway,
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
            Self::ClosedMain | Self::Maintenance => 1.0,
            Self::TankDraw | Self::TankRefill => 10.0,
            Self::LakeFall => 0.6,
            Self::Outage | Self::PermittedUse => 8.0,
            Self::FlowTest => 20.0,
            Self::Overpressure => 200.0,
            Self::TankSeep => 6.0,
            Self::PumpStop
            | Self::SupplyStop
            | Self::GatewayDead
            | Self::GatewayCut
            | Self::Sensor(_) => return None,
        })
    }

    /// Smallest and largest size that make sense; `None` where a kind has no size.
    pub(crate) const fn size_limits(self) -> Option<(f64, f64)> {
        Some(match self {
            Self::Fire | Self::Burst => (0.1, 500.0),
            Self::Theft | Self::PermittedUse | Self::FlowTest => (0.1, 50.0),
            Self::ClosedMain | Self::Maintenance => (1.0, 50.0),
            Self::Overpressure => (1.0, 1_000.0),
            Self::TankSeep => (0.1, 1_000.0),
            Self::TankDraw | Self::TankRefill => (0.1, 200.0),
            Self::TankLeak => (0.01, 1_000.0),
            Self::LakeFall => (0.01, 20.0),
            Self::Outage => (1.0, 1_000_000.0),
            Self::PumpStop | Self::SupplyStop | Self::GatewayDead | Self::GatewayCut => {
                return None;
            }
            Self::Sensor(name) => return Fault::size_limits(name),
        })
    }

    pub(crate) const fn default_duration_ms(self) -> i64 {
        match self {
            Self::Fire
            | Self::PumpStop
            | Self::SupplyStop
            | Self::Outage
            | Self::Overpressure
            | Self::GatewayCut => 2 * HOUR_MS,
            Self::FlowTest => 12 * MINUTE_MS,
            Self::Maintenance => 4 * HOUR_MS,
            Self::GatewayDead => 8 * HOUR_MS,
            Self::TankSeep => 14 * DAY_MS,
            Self::Theft => 40 * MINUTE_MS,
            Self::Burst | Self::TankRefill => 6 * HOUR_MS,
            Self::ClosedMain | Self::Sensor(_) => DAY_MS,
            Self::TankDraw | Self::PermittedUse => HOUR_MS,
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
