//! What people changed that judging reads. Each is a numbered row in the register; a replay applies
//! it again at the very journal position at which it first took effect.

use serde::{Deserialize, Serialize};

use crate::handling::{Act, Area, Silence};
use crate::judging::{Parameters, RuleScope};
use crate::people::AccessChange;
use crate::source::{Position, Source, SourceCode, SupplySchedule};
use crate::telling::{Route, Team};
use crate::time::Timestamp;
use crate::units::Target;

/// The number of a change: 1, 2, 3 … without gaps in one register.
pub type ChangeNumber = u64;

/// Settings of a device by name: `{"report_interval_s":300}`.
pub type Settings = serde_json::Map<String, serde_json::Value>;

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
    /// Parameters of rules were set, for all sources, a kind, or one source. They replace what was
    /// set for that scope before; empty ones take it back.
    RulesSet {
        /// For which sources.
        scope: RuleScope,
        /// Rule → parameter → value, as in `[rules.*]` of the configuration.
        parameters: Parameters,
    },
    /// A person looked at a source.
    InspectionEntered {
        /// What was found.
        inspection: Inspection,
    },
    /// An inspection was struck out as wrong.
    InspectionWithdrawn {
        /// Its id.
        id: String,
        /// Whose it was.
        source: SourceCode,
    },
    /// What an inspection found was mended. Judging does not read it: only another inspection or a
    /// flow test says that a source works again.
    WorkDone {
        /// The work's id.
        id: String,
        /// At which source.
        source: SourceCode,
        /// Who did it.
        by: String,
        /// What was done.
        note: Option<String>,
        /// Photos, by their ids.
        photos: Vec<String>,
    },
    /// A round was planned. Judging does not read it.
    RoundPlanned {
        /// The round.
        round: Round,
    },
    /// A round is over.
    RoundEnded {
        /// Its id.
        id: String,
        /// When it ended.
        at: Timestamp,
    },
    /// A device was asked to set itself otherwise; a command brings it that. Judging does not read it.
    DeviceConfigured {
        /// Which device.
        device: String,
        /// The source it reports for.
        source: SourceCode,
        /// The command's id.
        id: String,
        /// Setting → value, as it is sent.
        set: Settings,
        /// When the command is of no use any more.
        expires_at: Timestamp,
    },
    /// A device answered that. Where it set a calibration offset, what was learned of its readings
    /// begins anew.
    DeviceAnswered {
        /// Which device.
        device: String,
        /// The source it reports for.
        source: SourceCode,
        /// The command's id.
        id: String,
        /// Whether it was carried out.
        ok: bool,
        /// Why not, as the device says.
        error: Option<String>,
        /// What was asked.
        set: Settings,
    },
    /// Another device took the place of a source's; the source as it then is follows as a change of
    /// its own. Judging does not read it.
    DeviceReplaced {
        /// Where.
        source: SourceCode,
        /// The device that was there.
        old: String,
        /// The one that is there now.
        new: String,
        /// When they were exchanged.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// The receiver is silent by the wall clock. firemain itself says so, for where nothing is
    /// journalled no envelope can.
    ReceiverSilent {
        /// Journal time of the newest envelope; `None`: there never was one.
        since: Option<Timestamp>,
        /// When that was noticed.
        at: Timestamp,
    },
    /// A map of administrative units was entered. Judging does not read it, nor are its polygons
    /// here: the register keeps them beside, under the version's id.
    UnitsImported {
        /// The id of the version.
        version: String,
        /// From when on it holds.
        valid_from: Timestamp,
        /// How many units.
        units: u32,
        /// Who entered it.
        by: String,
    },
    /// A map of administrative units was struck out as wrong.
    UnitsWithdrawn {
        /// The id of the version.
        version: String,
    },
    /// A number of sources was planned. Judging does not read it.
    TargetSet {
        /// The target.
        target: Target,
    },
    /// A team was entered or altered; the whole of it. Judging does not read it.
    TeamSet {
        /// As it now is.
        team: Team,
    },
    /// A team was struck out.
    TeamRemoved {
        /// Its id.
        id: String,
    },
    /// A route was entered or altered; the whole of it. Judging does not read it.
    RouteSet {
        /// As it now is.
        route: Box<Route>,
    },
    /// A route was struck out.
    RouteRemoved {
        /// Its id.
        id: String,
    },
    /// Somebody took an alert upon themselves.
    EpisodeAcknowledged {
        /// The episode's id.
        episode: String,
        /// Who.
        by: String,
    },
    /// Who may do what was changed. Judging does not read it.
    AccessChanged {
        /// What of it.
        access: AccessChange,
    },
    /// Somebody did something else about an alert.
    EpisodeHandled {
        /// The episode's id.
        episode: String,
        /// Who.
        by: String,
        /// What.
        act: Act,
    },
    /// Somebody wants no pages for a while.
    SilenceEntered {
        /// The silence.
        silence: Silence,
    },
    /// A silence was ended before its time.
    SilenceEnded {
        /// Its id.
        id: String,
        /// When it ended.
        at: Timestamp,
    },
    /// The supply hours of a pressure zone were set; those of its sources that have none of their
    /// own follow them.
    ZoneSupplySet {
        /// The zone.
        zone: std::sync::Arc<str>,
        /// The hours; `None`: there is always water.
        schedule: Option<SupplySchedule>,
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

/// What a person found at a source. Until a newer inspection or a flow test says otherwise, a source
/// found inoperable or obstructed is `unusable`, whatever its sensor says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Its id.
    pub id: String,
    /// The source looked at.
    pub source: SourceCode,
    /// When.
    pub at: Timestamp,
    /// Whether it works.
    pub operable: bool,
    /// Whether something keeps a crew or a vehicle from it.
    pub obstructed: bool,
    /// What was checked, by the checklist of its kind.
    pub checks: Vec<Check>,
    /// Anything else.
    pub note: Option<String>,
    /// Photos, by their ids.
    pub photos: Vec<String>,
    /// Who looked.
    pub by: String,
}

/// One line of a checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which.
    pub item: CheckItem,
    /// Whether it was found in order.
    pub in_order: bool,
}

/// What is checked at a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckItem {
    /// It opens, gives water and closes.
    Operable,
    /// Caps and threads.
    CapsAndThreads,
    /// It drains when closed.
    Drains,
    /// The plate with its number is there and legible.
    Plate,
    /// Nothing stands in the way.
    Unobstructed,
    /// The vehicle gets there.
    VehicleAccess,
    /// The hatch or the suction connection of a tank.
    Connection,
    /// The float valve, inlet or pump that fills a tank.
    Filling,
    /// The apron, wharf or sump of a draw point.
    Apron,
    /// The strainer and the depth of water above the bed.
    Suction,
}

/// The sources that a crew goes to look at, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Since when.
    pub at: Timestamp,
    /// The sources in their order.
    pub sources: Vec<SourceCode>,
    /// Who planned it.
    pub by: String,
}

/// A window of maintenance: its sources are `unusable` while it lasts, and do not page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    /// Its id.
    pub id: String,
    /// What is worked on.
    #[serde(flatten)]
    pub over: Area,
    /// From when.
    pub from: Timestamp,
    /// Until when; it ends by itself.
    pub until: Timestamp,
    /// The hours of the week in which it comes back between these; `None`: all the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<SupplySchedule>,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub by: String,
}

impl MaintenanceWindow {
    /// Whether it is worked then.
    pub fn is_on(&self, at: Timestamp) -> bool {
        let hours = self.weekly.as_ref();
        self.from <= at && at < self.until && hours.is_none_or(|hours| hours.is_on(at))
    }

    /// The next moment after `at` at which work begins or ends; `None`: it is over.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        if at < self.from && self.is_on(self.from) {
            return Some(self.from);
        }
        let since = at.max(self.from);
        let hours = self
            .weekly
            .as_ref()
            .and_then(|hours| hours.next_change(since));
        let next = hours.map_or(self.until, |at| at.min(self.until));
        (next > at).then_some(next)
    }

    /// The span in which it is worked, now or next: from, until. `None`: it is over.
    pub fn occurrence(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        if self.is_on(at) {
            let hours = self.weekly.as_ref();
            let began = hours.map_or(self.from, |hours| hours.on_since(at).max(self.from));
            return Some((began, self.next_change(at)?));
        }
        let from = self.next_change(at).filter(|from| self.is_on(*from))?;
        Some((from, self.next_change(from)?))
    }
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
