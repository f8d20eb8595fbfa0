//! The rules: each a small pure struct in its own file, all in one table.
//!
//! In: one cleaned sample with what is known of its source. Out: whether the rule's condition
//! holds, is over by a margin, or lies between. Dwell, clearing and paging are the same for all and
//! live in [`super::condition`]. Sources of the defaults: the norms cited at each rule, and
//! simulations of real networks.

mod ahead;
mod book;
mod clock;
mod device;
mod draw_low;
mod drift;
mod erratic;
mod every_day;
mod flatline;
mod flow_deficit;
mod high_pressure;
mod in_use;
mod invalid;
mod low_residual;
mod low_static;
mod refill_late;
mod replay;
mod spike;
mod stale;
mod tank_drawoff;
mod tank_leak;
mod tank_low;
mod unauthorised_use;
mod wrong_scale;
mod zone_drop;

pub use ahead::LookAhead;
pub use book::{ParameterError, Parameters, RuleBook, RuleScope, check};
pub use clock::{Clock, ClockWord};
pub use device::{Device, Word};
pub use draw_low::DrawLow;
pub use drift::{Course, Drift, Nights};
pub use erratic::{Erratic, Jumps};
pub use every_day::{EveryDay, LowHours};
pub use flatline::{Flatline, Still};
pub use flow_deficit::FlowDeficit;
pub use high_pressure::HighPressure;
pub use in_use::InUse;
pub use invalid::Invalid;
pub use low_residual::LowResidual;
pub use low_static::LowStatic;
pub use refill_late::RefillLate;
pub use replay::{Payloads, Replay};
pub use spike::{Band, Spike, Suspicion};
pub use stale::Stale;
pub use tank_drawoff::{TankDrawoff, UsualFall};
pub use tank_leak::{LeakFound, TankLeak};
pub use tank_low::TankLow;
pub use unauthorised_use::UnauthorisedUse;
pub use wrong_scale::{Scaled, Scaling, Sensor as ScaledSensor, WrongScale};
pub use zone_drop::ZoneDrop;

use serde::{Deserialize, Serialize};

use super::outcome::{Measured, RuleName, Severity};
use super::sample::Seen;

/// What a rule says of one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Assessment {
    /// The condition holds.
    Holds {
        /// How bad it would be if this sample is believed.
        severity: Severity,
        /// The numbers.
        measured: Measured,
    },
    /// It is over, by the clear margin.
    Clears,
    /// Neither: not bad, not yet well.
    Between,
    /// This sample says nothing about it.
    Silent,
}

/// How long a condition must hold, and be over, before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From the first sample that holds to the alert, ms of reading time.
    pub dwell_ms: i64,
    /// Samples at distinct device times that must hold.
    pub min_samples: u8,
    /// From the first sample that clears to the end of the alert, ms of reading time.
    pub clear_for_ms: i64,
}

/// One rule.
pub trait Rule {
    /// Its name.
    fn name(&self) -> RuleName;
    /// Its times for this sample.
    fn timing(&self, seen: &Seen<'_>) -> Timing;
    /// What it says of this sample.
    fn assess(&self, seen: &Seen<'_>) -> Assessment;
}

/// All rules with their parameters: `[rules.*]` in the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Pressure at rest.
    pub low_static: LowStatic,
    /// Pressure in use.
    pub low_residual: LowResidual,
    /// Too much pressure.
    pub high_pressure: HighPressure,
    /// Too little flow to be had.
    pub flow_deficit: FlowDeficit,
    /// Water being drawn.
    pub in_use: InUse,
    /// Tanks.
    pub tank_low: TankLow,
    /// Water taken out of tanks.
    pub tank_drawoff: TankDrawoff,
    /// Tanks not refilled in time.
    pub refill_late: RefillLate,
    /// Water lost by tanks.
    pub tank_leak: TankLeak,
    /// Open water.
    pub draw_low: DrawLow,
    /// Silence.
    pub stale: Stale,
    /// Many hydrants of a zone below what is usual at once.
    pub zone_drop: ZoneDrop,
    /// Readings that leave their band and return.
    pub spike: Spike,
    /// Readings that cannot be.
    pub invalid: Invalid,
    /// Devices: battery, tilt, tamper.
    pub device: Device,
    /// Clocks of devices.
    pub clock: Clock,
    /// Devices that say old things again.
    pub replay: Replay,
    /// Low hours that come back day after day.
    pub every_day: EveryDay,
    /// Water drawn without a fire or a permit.
    pub unauthorised_use: UnauthorisedUse,
    /// How far to look ahead.
    pub ahead: LookAhead,
    /// Readings off by a factor of scale.
    pub wrong_scale: WrongScale,
    /// Readings that jump about.
    pub erratic: Erratic,
    /// Readings that do not move.
    pub flatline: Flatline,
    /// Sensors that wander off.
    pub drift: Drift,
    /// What all rules share.
    pub common: Common,
}

/// What all rules share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Common {
    /// An alert that returns this soon after clearing is the same one, s.
    pub reopen_within_s: u32,
    /// How far a source in use reaches its neighbours of the same zone, m.
    pub neighbour_m: f64,
    /// How far an open incident lifts mutes, m.
    pub incident_reach_m: f64,
    /// For how long a page may wait while water is being drawn nearby, s.
    pub use_wait_s: u32,
    /// The greatest drop that water drawn nearby explains, kPa.
    pub use_drop_kpa: f64,
    /// How long after supply hours begin before missing water pages, s.
    pub supply_grace_s: u32,
    /// The residual pressure at which available flow is rated where the source states no required
    /// pressure, kPa (QCVN 10:2025/BCA H.1.1.2: 10 m of water).
    pub target_residual_kpa: f64,
    /// How long the readings may go on showing what people resolved by hand before it re-opens, s.
    pub resolved_wait_s: u32,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            reopen_within_s: 3_600,
            neighbour_m: 300.0,
            incident_reach_m: 500.0,
            use_wait_s: 3_600,
            use_drop_kpa: 30.0,
            supply_grace_s: 3_600,
            target_residual_kpa: 98.1,
            resolved_wait_s: 3_600,
        }
    }
}

impl Rules {
    /// The rules that a sample is held against, in the order of judging: use first, for others
    /// ask whether water is being drawn.
    pub fn table(&self) -> [&dyn Rule; 7] {
        [
            &self.in_use,
            &self.low_static,
            &self.low_residual,
            &self.high_pressure,
            &self.flow_deficit,
            &self.tank_low,
            &self.draw_low,
        ]
    }
}

/// The stated margin, or half of the source's normal distance from its requirement where that is
/// less: a main that normally stands close above its requirement can clear too.
fn clear_margin(stated: f64, normal: Option<f64>, required: f64) -> f64 {
    match normal {
        Some(normal) if normal > required => stated.min((normal - required) / 2.0),
        _ => stated,
    }
}

/// Seconds as milliseconds.
const fn ms(seconds: u32) -> i64 {
    seconds as i64 * 1_000
}
