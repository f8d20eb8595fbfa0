//! What is watched: hydrants, tanks and draw points, where they stand, how an engine reaches them
//! and what each owes in a fire.

mod access;
mod geometry;
mod position;
mod schedule;
mod shared;

pub use access::{Access, Barred, Vehicle};
pub use geometry::{DrawPointGeometry, TankGeometry};
pub use position::Position;
pub use schedule::{ScheduleError, SupplySchedule};
pub use shared::{Commons, Shared, Unset};

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::report::DeviceId;

/// A source's code, as painted on it: 1 to 64 characters, unique in the register.
pub type SourceCode = Arc<str>;

/// One source of firefighting water.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its code, as painted on it.
    pub code: SourceCode,
    /// What it is, with what only that kind has.
    #[serde(flatten)]
    pub kind: Kind,
    /// Where people say it is: street and number.
    pub name: String,
    /// Where it stands.
    pub position: Position,
    /// The device that reports for it, if one is mounted.
    pub device: Option<DeviceId>,
    /// The administrative unit it belongs to, by name.
    pub unit: Option<Arc<str>>,
    /// The pressure zone of the network that feeds it: neighbours matter within one zone only.
    pub zone: Option<Arc<str>>,
    /// What it owes. A person enters it; the norms only propose.
    pub requirement: Shared<Requirement>,
    /// How its device reports.
    pub reporting: Reporting,
    /// How an engine gets to it.
    pub access: Shared<Access>,
    /// Where it is in its life.
    pub status: Status,
    /// The hours in which there is water, where supply is intermittent.
    pub supply_schedule: Option<SupplySchedule>,
    /// Height of the ground above the city's datum, m.
    pub elevation_m: Option<f64>,
    /// The sensor of its main quantity.
    pub sensor: Shared<Sensor>,
}

impl Source {
    /// What kind it is, without the particulars.
    pub const fn kind_name(&self) -> KindName {
        match self.kind {
            Kind::Hydrant { .. } => KindName::Hydrant,
            Kind::Tank(_) => KindName::Tank,
            Kind::DrawPoint(_) => KindName::DrawPoint,
        }
    }

    /// Whether pressure at rest means something: the sensor taps the main, not the barrel, which
    /// drains itself (TCVN 6379:2024, 5.4).
    pub const fn taps_main(&self) -> bool {
        matches!(
            self.kind,
            Kind::Hydrant {
                tap_point: TapPoint::Main
            }
        )
    }

    /// Milliseconds between two reports that are due.
    pub fn interval_ms(&self) -> i64 {
        let s = self
            .reporting
            .interval_s
            .unwrap_or(match self.reporting.mode {
                ReportMode::OnChange => 86_400,
                ReportMode::Periodic => match self.kind {
                    Kind::Hydrant { .. } => 900,
                    Kind::Tank(_) => 3_600,
                    Kind::DrawPoint(_) => 21_600,
                },
            });
        i64::from(s) * 1_000
    }
}

/// The three kinds by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// Trụ nước chữa cháy.
    Hydrant,
    /// Bể nước PCCC.
    Tank,
    /// Điểm lấy nước.
    DrawPoint,
}

impl KindName {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Hydrant, Self::Tank, Self::DrawPoint];

    /// `hydrant`, `tank` or `draw_point`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hydrant => "hydrant",
            Self::Tank => "tank",
            Self::DrawPoint => "draw_point",
        }
    }
}

/// What a source is, with what only that kind has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// An outlet on a water main.
    Hydrant {
        /// Where its sensor taps the water.
        tap_point: TapPoint,
    },
    /// Stored water.
    Tank(Box<TankGeometry>),
    /// A place at open water where engines draw by suction.
    DrawPoint(Box<DrawPointGeometry>),
}

/// Where a hydrant's pressure sensor taps the water.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapPoint {
    /// Before the main valve: pressure at rest means something.
    #[default]
    Main,
    /// In the barrel, which drains itself when the valve closes: only readings in use count.
    Barrel,
}

/// What a source owes. What is `None` is not judged; with nothing at all it is `unknown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// Free head at the ground, kPa (proposed: 98.1, the norm's 10 m).
    pub pressure_kpa: Option<f64>,
    /// Flow at the target residual, L/s.
    pub flow_lps: Option<f64>,
    /// Usable stored water, m³.
    pub volume_m3: Option<f64>,
}

/// How a device reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporting {
    /// Seconds between reports; of an on-change device, its heartbeat. `None`: by kind.
    pub interval_s: Option<u32>,
    /// At fixed intervals, or when something changes.
    pub mode: ReportMode,
}

/// When a device reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportMode {
    /// Once an interval.
    #[default]
    Periodic,
    /// When a value changed; the interval is its heartbeat.
    OnChange,
}

/// Where a source is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet built.
    Planned,
    /// To be counted on.
    #[default]
    InService,
    /// Not to be counted on.
    OutOfService,
    /// Gone.
    Removed,
}

impl Status {
    /// `planned`, `in_service`, `out_of_service` or `removed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InService => "in_service",
            Self::OutOfService => "out_of_service",
            Self::Removed => "removed",
        }
    }
}

/// The sensor of a source's main quantity; in kPa for hydrants, in m for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sensor {
    /// Upper end of its range.
    pub range_max: Option<f64>,
    /// Its smallest step.
    pub resolution: Option<f64>,
    /// Half-width of its stated accuracy.
    pub accuracy: Option<f64>,
}
