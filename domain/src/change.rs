//! What people changed that judging reads. Each is a numbered row in the register; a replay applies
//! it again at the very journal position at which it first took effect.

use serde::{Deserialize, Serialize};

use crate::source::{Position, Source, SourceCode};
use crate::time::Timestamp;

/// The number of a change: 1, 2, 3 … without gaps in one register.
pub type ChangeNumber = u64;

/// One thing that somebody did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A source was entered or altered; the whole of it.
    SourceSet {
        /// As it now is.
        source: Box<Source>,
    },
    /// A source was struck from the register.
    SourceRemoved {
        /// Which.
        code: SourceCode,
    },
    /// A flow test was entered.
    FlowTestEntered {
        /// The test.
        test: FlowTest,
    },
    /// A flow test was struck out as wrong.
    FlowTestWithdrawn {
        /// Its id.
        id: String,
        /// Whose it was.
        source: SourceCode,
    },
    /// A maintenance window was entered.
    WindowEntered {
        /// The window.
        window: MaintenanceWindow,
    },
    /// A maintenance window was ended before its time.
    WindowEnded {
        /// Its id.
        id: String,
        /// When it ended.
        at: Timestamp,
    },
    /// A fire or other incident was opened.
    IncidentOpened {
        /// The incident.
        incident: Incident,
    },
    /// An incident is over.
    IncidentEnded {
        /// Its id.
        id: String,
        /// When it ended.
        at: Timestamp,
    },
    /// Somebody may draw water: a test, a drill, a filling.
    PermitGranted {
        /// The permit.
        permit: Permit,
    },
    /// A permit was ended before its time.
    PermitEnded {
        /// Its id.
        id: String,
        /// When it ended.
        at: Timestamp,
    },
    /// Somebody took an alert upon themselves.
    EpisodeAcknowledged {
        /// The episode's id.
        episode: String,
        /// Who.
        by: String,
    },
}

/// A measured flow test (NFPA 291). Pressures above the atmosphere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowTest {
    /// Its id.
    pub id: String,
    /// The source tested.
    pub source: SourceCode,
    /// When.
    pub at: Timestamp,
    /// Static pressure before, kPa.
    pub static_kpa: f64,
    /// Residual pressure while flowing, kPa.
    pub residual_kpa: f64,
    /// The flow measured, L/s.
    pub flow_lps: f64,
    /// Half-width of the gauge's accuracy, kPa.
    pub gauge_accuracy_kpa: Option<f64>,
    /// Who tested.
    pub by: String,
    /// Anything else.
    pub note: Option<String>,
}

/// A one-off window of maintenance: the source is `unusable` while it lasts, and does not page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    /// Its id.
    pub id: String,
    /// The source worked on.
    pub source: SourceCode,
    /// From when.
    pub from: Timestamp,
    /// Until when; it ends by itself.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub by: String,
}

/// A fire or another incident that needs water. While open it lifts every mute within 500 m.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// Where.
    pub position: Position,
    /// Since when.
    pub at: Timestamp,
    /// What it is.
    pub name: String,
    /// Who opened it.
    pub by: String,
    /// The water needed, L/s, if known.
    pub required_flow_lps: Option<f64>,
}

/// Leave to draw water from a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permit {
    /// Its id.
    pub id: String,
    /// From which source.
    pub source: SourceCode,
    /// What for.
    pub purpose: PermitPurpose,
    /// From when.
    pub from: Timestamp,
    /// Until when; it ends by itself.
    pub until: Timestamp,
    /// Who granted it.
    pub by: String,
    /// Anything else.
    pub note: Option<String>,
}

/// What a permit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermitPurpose {
    /// A flow test: low residual pressure then does not call command.
    Test,
    /// A drill of the brigade.
    Drill,
    /// Filling, flushing, street cleaning and the like.
    Other,
}
