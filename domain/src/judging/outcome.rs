//! What judging says: verdicts, alert episodes, and the effects that carry them out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;
use crate::source::SourceCode;
use crate::time::Timestamp;

/// Whether a source can be counted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything required is met by evidence in date.
    Usable,
    /// Water, but less than required, or not proven.
    Degraded,
    /// Nobody can say.
    Unknown,
    /// Not to be counted on.
    Unusable,
}

/// Why a verdict is what it is: codes, never text. In lower case in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Planned, not yet built.
    Planned,
    /// Removed.
    Removed,
    /// Taken out of service by a person.
    OutOfService,
    /// In a maintenance window.
    Maintenance,
    /// Outside its supply hours.
    SupplyHours,
    /// Pressure at rest below the requirement.
    LowStatic,
    /// Pressure in use below the requirement.
    LowResidual,
    /// Pressure above its limit.
    HighPressure,
    /// Available flow below the requirement.
    FlowDeficit,
    /// A required flow that no valid test or use proves.
    FlowUnproven,
    /// Stored water below the requirement.
    TankLow,
    /// Open water too low to draw.
    DrawLow,
    /// Silent for three intervals.
    Stale,
    /// Never heard.
    NoData,
    /// Nothing is required of it, so nothing can be judged.
    NoRequirement,
    /// It reports, but nothing that what it owes could be judged by.
    NoEvidence,
    /// An invalid reading was its newest.
    Invalid,
}

/// The rules by name; upper case in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[repr(u8)]
pub enum RuleName {
    /// Pressure at rest below the requirement.
    LowStatic,
    /// Pressure in use below the requirement.
    LowResidual,
    /// Pressure above its limit.
    HighPressure,
    /// Available flow below the requirement.
    FlowDeficit,
    /// Water is being drawn: a state, no fault.
    InUse,
    /// Stored water below the requirement.
    TankLow,
    /// Open water too low to draw.
    DrawLow,
    /// Silent.
    Stale,
    /// A reading that left its band and came back.
    Spike,
}

impl RuleName {
    /// Every rule, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::LowStatic,
        Self::LowResidual,
        Self::HighPressure,
        Self::FlowDeficit,
        Self::InUse,
        Self::TankLow,
        Self::DrawLow,
        Self::Stale,
        Self::Spike,
    ];

    /// `LOW_STATIC` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LowStatic => "LOW_STATIC",
            Self::LowResidual => "LOW_RESIDUAL",
            Self::HighPressure => "HIGH_PRESSURE",
            Self::FlowDeficit => "FLOW_DEFICIT",
            Self::InUse => "IN_USE",
            Self::TankLow => "TANK_LOW",
            Self::DrawLow => "DRAW_LOW",
            Self::Stale => "STALE",
            Self::Spike => "SPIKE",
        }
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much an alert matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// An event.
    Info,
    /// A list entry and a digest.
    Minor,
    /// Pages when its dwell ends.
    Major,
    /// Pages when its dwell ends, whatever the hour.
    Critical,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Pressure at rest.
    StaticPressure,
    /// Flow and pressure measured together while water was drawn.
    InUse,
    /// A flow test.
    FlowTest,
    /// Estimated from a flow test and today's static pressure.
    Estimated,
    /// The device's own estimate.
    DeviceEstimate,
    /// A level, and the volume it means.
    Level,
    /// What a person entered: status, window, schedule.
    Person,
    /// That nothing was heard.
    Silence,
}

/// One measured (or derived) value beside what it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What it rests on.
    pub basis: Basis,
    /// What was measured, in its own unit; a volume counts as `volume_total_m3` does, in m³.
    pub quantity: Quantity,
    /// The value.
    pub value: f64,
    /// The requirement or limit, in the same unit.
    pub limit: Option<f64>,
    /// Value minus requirement (limit minus value where the limit is an upper one): negative is
    /// short.
    pub margin: Option<f64>,
    /// When it was measured.
    pub at: Timestamp,
}

/// The numbers that a verdict or an alert rests on, most telling first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The values.
    pub measured: Vec<Measured>,
}

/// What a verdict carries beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A source within 300 m in the same zone is drawing.
    SharedMain,
    /// Water is being drawn from it.
    InUse,
}

/// How a source stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The verdict.
    pub verdict: Verdict,
    /// Its reasons, in the order of the table; empty when usable.
    pub reasons: Vec<Reason>,
    /// Notes that change nothing.
    pub notes: Vec<Note>,
    /// What it rests on.
    pub evidence: Evidence,
    /// Since when verdict and reasons have been so.
    pub since: Timestamp,
    /// When the source was last heard; `None`: never.
    pub heard_at: Option<Timestamp>,
    /// Flow it can be counted on for, L/s, with what says so; `None`: not rated.
    pub available_flow: Option<Measured>,
}

/// An alert's id: source, rule and a count kept in the state, so that a replay gives it again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EpisodeId {
    /// Whose.
    pub source: SourceCode,
    /// Which rule.
    pub rule: RuleName,
    /// The how-many-th of this rule at this source, from 1.
    pub n: u32,
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.source, self.rule, self.n)
    }
}

/// An alert as it stands after an effect: the whole of it, so that a store may overwrite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeState {
    /// Its id.
    pub id: EpisodeId,
    /// The severity now.
    pub severity: Severity,
    /// The highest it has reached.
    pub highest: Severity,
    /// When the condition began (reading time).
    pub began_at: Timestamp,
    /// When the dwell ended.
    pub raised_at: Timestamp,
    /// When data cleared it; `None`: it stands.
    pub cleared_at: Option<Timestamp>,
    /// How often it was re-opened within the hour after clearing.
    pub reopened: u16,
    /// Whether it pages (or has paged) someone.
    pub pages: bool,
    /// Why it does not page though its severity would; `None` if it pages or is below paging.
    pub muted_by: Option<Mute>,
    /// Whether command is to be told too.
    pub tells_command: bool,
    /// The numbers that raised it.
    pub evidence: Evidence,
}

/// Why an alert waits or does not page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mute {
    /// The source, or one that shares its main, is in use.
    InUse,
    /// A maintenance window.
    Maintenance,
    /// Outside supply hours.
    SupplyHours,
    /// Known only from late data, or from history played in.
    LateData,
}

/// Something to be carried out by whoever runs the fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// A source stands differently: verdict, reasons or notes changed.
    Stands {
        /// Whose.
        source: SourceCode,
        /// At what journal time.
        at: Timestamp,
        /// How it stands now.
        standing: Box<Standing>,
    },
    /// An alert was raised, re-opened, changed or cleared.
    Episode {
        /// At what journal time.
        at: Timestamp,
        /// What happened to it.
        what: EpisodeEvent,
        /// As it now is.
        episode: Box<EpisodeState>,
    },
    /// A reading was left out of judging, and why: to be counted.
    LeftOut {
        /// Whose.
        source: SourceCode,
        /// The device's time, or receipt.
        at: Timestamp,
        /// Which quantity.
        quantity: Quantity,
        /// Why.
        why: LeftOut,
    },
}

/// What happened to an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeEvent {
    /// New.
    Raised,
    /// Back within 60 minutes of clearing.
    Reopened,
    /// Severity or muting changed.
    Changed,
    /// A page that had waited goes out now.
    Paged,
    /// Data cleared it.
    Cleared,
}

/// Why a reading does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// NaN, infinite, out of the sensor's range or absurd.
    Invalid,
    /// Left its band and came back.
    Spike,
    /// A device clock ahead or not set: its time was replaced by the time of receipt.
    ClockAhead,
    /// Older than what is already known, by more than two intervals.
    Late,
    /// A copy.
    Duplicate,
    /// Kept by the broker: not news.
    Retained,
}
