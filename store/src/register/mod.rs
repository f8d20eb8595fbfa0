//! The register: sources and devices, what people changed, how sources stand, and alerts.
//!
//! In: changes by people, each a numbered row; what judging decided, in one transaction with its
//! cursor. Out: both again, in pages. One trait, one story test told on every back end.
//! Each topic has a trait of its own beside: [`access`] says who may do what, [`alerts`] what people
//! do about alerts, [`devices`] how devices are to be set, [`bulletins`] what was made known to command
//! systems, [`endpoint`] what is kept for devices that are commanded and log in, [`history`] how
//! sources stood, [`inspections`] people's looking at sources, [`telling`] whom is told what, [`units`]
//! the dated maps of administrative units. [`limits`] says what a source may hold; [`SqliteRegister`]
//! keeps it all in one file.

pub mod access;
pub mod alerts;
pub mod bulletins;
pub mod devices;
pub mod endpoint;
pub mod history;
pub mod inspections;
pub mod limits;
pub mod telling;
pub mod units;

mod checks;
mod sqlite;

pub use access::AccessRegister;
pub use alerts::{AlertRegister, EpisodeStep, JudgedStep, Step, ZoneSupply};
pub use bulletins::BulletinRegister;
pub use devices::DeviceRegister;
pub use endpoint::EndpointRegister;
pub use history::HistoryRegister;
pub use inspections::InspectionRegister;
pub use sqlite::SqliteRegister;
pub use telling::TellingRegister;
pub use units::UnitRegister;

use firemain_domain::Timestamp;
use firemain_domain::change::{
    Change, ChangeNumber, FlowTest, Incident, Inspection, MaintenanceWindow, Permit,
};
use firemain_domain::handling::{Handling, Stage};
use firemain_domain::judging::{EpisodeState, Parameters, RuleScope, Severity, Standing};
use firemain_domain::report::DeviceId;
use firemain_domain::source::{KindName, Source, SourceCode};
use serde::{Deserialize, Serialize};

use crate::journal::Position;

/// What people and judging keep. Calls block; run them where blocking is allowed.
pub trait Register:
    AccessRegister
    + AlertRegister
    + DeviceRegister
    + EndpointRegister
    + InspectionRegister
    + UnitRegister
    + HistoryRegister
    + BulletinRegister
    + TellingRegister
{
    // What people do -------------------------------------------------------------------------

    /// Carries out changes, all or none: rows, their numbered change rows and who made them, in one
    /// transaction. Returns the number of the last. Checks what a register must hold (known source,
    /// unique device, known id) and says what is wrong.
    fn change(
        &self,
        by: &str,
        at: Timestamp,
        changes: &[Change],
    ) -> Result<ChangeNumber, RegisterError>;

    /// Changes after a number, in order.
    fn changes_after(
        &self,
        after: ChangeNumber,
        limit: usize,
    ) -> Result<Vec<NumberedChange>, RegisterError>;

    /// Changes before a number, newest first; before none: from the newest on.
    fn changes_before(
        &self,
        before: Option<ChangeNumber>,
        limit: usize,
    ) -> Result<Vec<NumberedChange>, RegisterError>;

    /// The number of the newest change; 0 if there is none.
    fn newest_change(&self) -> Result<ChangeNumber, RegisterError>;

    /// Sources in order of code, after `after`.
    fn sources(&self, after: Option<&str>, limit: usize) -> Result<Vec<Source>, RegisterError>;
    /// One source.
    fn source(&self, code: &str) -> Result<Option<Source>, RegisterError>;
    /// Shows every registered device with the code of its source and what that is, without ever
    /// holding more than one.
    fn visit_devices(
        &self,
        visit: &mut dyn FnMut(&str, &str, KindName),
    ) -> Result<(), RegisterError>;
    /// Every registered device with its source and what that is.
    fn device_map(&self) -> Result<Vec<(DeviceId, SourceCode, KindName)>, RegisterError> {
        let mut all = Vec::new();
        self.visit_devices(&mut |device, source, kind| {
            all.push((device.into(), source.into(), kind));
        })?;
        Ok(all)
    }

    /// Flow tests, newest first, after the id `after`; of one source or of all.
    fn flow_tests(
        &self,
        source: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<FlowTest>, RegisterError>;
    /// Maintenance windows, newest first.
    fn windows(
        &self,
        source: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<MaintenanceWindow>>, RegisterError>;
    /// Incidents, newest first; `open_only`: those not ended.
    fn incidents(
        &self,
        open_only: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Incident>>, RegisterError>;
    /// Permits, newest first.
    fn permits(
        &self,
        source: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Permit>>, RegisterError>;

    /// Inspections, newest first.
    fn inspections(
        &self,
        source: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Inspection>>, RegisterError>;
    /// What is set about the rules beside the configuration, by scope.
    fn rule_sets(&self) -> Result<Vec<(RuleScope, Parameters)>, RegisterError>;

    // Devices that log in ----------------------------------------------------------------------

    /// Enters or replaces a login of the own endpoint.
    fn set_login(&self, login: &Login) -> Result<(), RegisterError>;
    /// Forgets a login.
    fn remove_login(&self, name: &str) -> Result<bool, RegisterError>;
    /// One login.
    fn login(&self, name: &str) -> Result<Option<Login>, RegisterError>;
    /// Logins in order of name (their hashes are not for showing).
    fn logins(&self, after: Option<&str>, limit: usize) -> Result<Vec<Login>, RegisterError>;

    // What judging does ------------------------------------------------------------------------

    /// Commits what a stretch of the journal led to, in one transaction: standings, episodes, the
    /// stream's events, the positions at which changes took effect, and the cursor. The runner never
    /// commits the same stretch twice: while it replays up to [`Register::committed`] it only folds.
    fn commit(&self, commit: &WatchCommit) -> Result<(), RegisterError>;

    /// The position up to which effects are committed, and the last change that took effect.
    fn committed(&self) -> Result<(Position, ChangeNumber), RegisterError>;

    /// At which position each change after `after` took effect, where it has, in order.
    fn taken_changes(
        &self,
        after: ChangeNumber,
    ) -> Result<Vec<(ChangeNumber, Position)>, RegisterError>;

    /// Writes the dirty part of the fold's state with the position it stands at, in one transaction:
    /// what `checkpoint` has of sources, then those of `more`, which need never be in memory together.
    /// An error among them, and nothing is written. Nobody else's writing waits meanwhile.
    fn save_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        more: SourceCheckpoints<'_>,
    ) -> Result<(), RegisterError>;

    /// The whole checkpoint, if there is one: `read` is given its head, without sources, and
    /// them one by one. False: there is none.
    fn read_checkpoint(
        &self,
        read: &mut dyn FnMut(Checkpoint, SourceCheckpoints<'_>) -> Result<(), RegisterError>,
    ) -> Result<bool, RegisterError>;

    // What judging said ------------------------------------------------------------------------

    /// How every source stood at the last commit.
    fn standings(&self) -> Result<Vec<(SourceCode, Standing)>, RegisterError>;
    /// Alerts, newest first, after the id `after`.
    fn episodes(
        &self,
        filter: &EpisodeFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<EpisodeRow>, RegisterError>;
    /// One alert by its id as text.
    fn episode(&self, id: &str) -> Result<Option<EpisodeRow>, RegisterError>;
    /// Stream events after an id, in order.
    fn stream_after(&self, after: u64, limit: usize) -> Result<Vec<StreamEvent>, RegisterError>;
    /// The oldest and newest stream event ids kept; zeros if there are none.
    fn stream_extent(&self) -> Result<(u64, u64), RegisterError>;
    /// Deletes stream events beyond the newest `keep`.
    fn prune_stream(&self, keep: u64) -> Result<(), RegisterError>;

    // Cursors of other consumers ---------------------------------------------------------------

    /// A consumer's cursor and its own state (Sparkplug aliases, say).
    fn cursor(&self, consumer: &str) -> Result<Option<(Position, Vec<u8>)>, RegisterError>;
    /// Sets it.
    fn set_cursor(
        &self,
        consumer: &str,
        position: Position,
        state: &[u8],
    ) -> Result<(), RegisterError>;

    // How our own parts are --------------------------------------------------------------------

    /// A part of firemain says how it is; the newest word of each part is kept.
    fn tell_status(&self, status: &PartStatus) -> Result<(), RegisterError>;
    /// The newest word of every part.
    fn statuses(&self) -> Result<Vec<PartStatus>, RegisterError>;
}

/// Sources of a checkpoint, one by one.
pub type SourceCheckpoints<'a> =
    &'a mut dyn Iterator<Item = Result<SourceCheckpoint, RegisterError>>;

/// How a part of firemain is (`receive`, `archive` …), so that the API can tell of parts that run in
/// another process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartStatus {
    /// Which.
    pub part: String,
    /// When it said so, by the wall clock.
    pub at: Option<Timestamp>,
    /// Whether it does its work.
    pub well: bool,
    /// What is wrong, in English; empty when well.
    pub complaint: String,
    /// Counters and gauges by the names they have in `/metrics`, without the prefix `firemain_`:
    /// those ending in `_total` are counters.
    pub numbers: std::collections::BTreeMap<String, f64>,
}

/// A change with its number, its author and its moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberedChange {
    /// 1, 2, 3 …
    pub number: ChangeNumber,
    /// When it was entered.
    pub at: Timestamp,
    /// Who entered it.
    pub by: String,
    /// What it is.
    pub change: Change,
}

/// Something that may have been ended before its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended<T> {
    /// What.
    #[serde(flatten)]
    pub what: T,
    /// When it was ended by a person.
    pub ended_at: Option<Timestamp>,
}

/// A login of a device, or of a gateway for several devices: at our own endpoint, and at a broker
/// whose files we keep.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// User name.
    pub name: String,
    /// SHA-256 of its generated secret (256 random bits, so that no slow hash is needed).
    #[serde(skip)]
    pub secret_sha256: [u8; 32],
    /// The secret as mosquitto keeps it (`$7$…`); empty: it was made before that was kept.
    #[serde(skip)]
    pub broker_hash: String,
    /// The devices it speaks for.
    pub devices: Vec<DeviceId>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("name", &self.name)
            .field("devices", &self.devices)
            .finish_non_exhaustive()
    }
}

/// What a stretch of the journal led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchCommit {
    /// The newest envelope of the stretch.
    pub upto: Position,
    /// Standings that changed: the last of each source.
    pub standings: Vec<(SourceCode, Standing)>,
    /// Alerts that changed: the last state of each.
    pub episodes: Vec<EpisodeState>,
    /// What happened to alerts, in order: their history.
    pub steps: Vec<JudgedStep>,
    /// What is to be told of alerts; one whose id is there already changes nothing.
    pub notices: Vec<telling::NewNotice>,
    /// Events for the live stream, in order.
    pub events: Vec<StreamEvent>,
    /// Every verdict that was new, in order: what the history of verdicts is made of.
    pub verdicts: Vec<(SourceCode, history::VerdictRow)>,
    /// Alerts that page, each time something happened to them and when: what may be made known.
    pub paging: Vec<(Timestamp, EpisodeState)>,
    /// Changes that took effect, each with the position before which it was applied.
    pub taken: Vec<(ChangeNumber, Position)>,
}

/// One event of the live stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamEvent {
    /// 1, 2, 3 …; given by the register on commit, 0 before.
    pub id: u64,
    /// `standing`, `episode`, `change` …
    pub kind: String,
    /// Its JSON.
    pub body: String,
}

/// The fold's state, whole or its dirty part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Everything up to here is in it.
    pub upto: Position,
    /// The last change in it.
    pub change: ChangeNumber,
    /// What belongs to no source (and the decoders' state).
    pub global: Vec<u8>,
    /// Per source: what people set, where that is dirty, and the judged state; `None` for both:
    /// the source is gone.
    pub sources: Vec<SourceCheckpoint>,
}

/// One source's part of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceCheckpoint {
    /// Whose.
    pub code: SourceCode,
    /// What people set (JSON); `None` in a dirty part: as before.
    pub settings: Option<String>,
    /// The judged state; `None`: the source was removed.
    pub state: Option<Vec<u8>>,
}

/// Which alerts are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpisodeFilter {
    /// Of one source.
    pub source: Option<String>,
    /// Of any of these sources, and incidents with one of them among their members.
    pub sources: Option<Vec<SourceCode>>,
    /// Of one rule.
    pub rule: Option<String>,
    /// At least this severe.
    pub at_least: Option<Severity>,
    /// Only those that stand (true) or are cleared (false).
    pub open: Option<bool>,
    /// Only those that people are so far with.
    pub stage: Option<Stage>,
    /// Only those of this person or team.
    pub assigned_to: Option<String>,
    /// Only those that nobody has taken (true) or that somebody has, or that are resolved (false).
    pub unacknowledged: Option<bool>,
}

/// An alert with what people did about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRow {
    /// As judged.
    #[serde(flatten)]
    pub state: EpisodeState,
    /// What people did about it.
    pub handling: Handling,
}

impl EpisodeRow {
    /// How far people are with it.
    pub const fn stage(&self) -> Stage {
        self.handling.stage(self.state.cleared_at.is_some())
    }
}

/// What can go wrong with the register.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// What was asked for contradicts what is there; said for people.
    #[error("{0}")]
    Conflict(String),
    /// It names something that is not there; said for people.
    #[error("{0}")]
    NotFound(String),
    /// The disk is full.
    #[error("the disk that holds the register is full")]
    DiskFull,
    /// Written by a newer version.
    #[error(
        "the register was written by a newer version (schema {found}, this one knows {known}): start that version, or restore a backup"
    )]
    Newer {
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file is something else.
    #[error(
        "{path} is not a register of firemain: choose another folder by [data] dir, or restore a backup"
    )]
    Foreign {
        /// Which.
        path: std::path::PathBuf,
    },
    /// Before bringing the register up to date it could not be copied; it is as it was.
    #[error(
        "the register cannot be copied to {path} before it is brought up to date: {reason}. Make room there, and start again"
    )]
    Backup {
        /// Where to.
        path: std::path::PathBuf,
        /// Why.
        reason: String,
    },
    /// A row cannot be read.
    #[error("the register holds a {what} that cannot be read: {reason}")]
    Unreadable {
        /// What kind of row.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Anything the database says.
    #[error("the register cannot be {doing}: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it says.
        source: rusqlite::Error,
    },
}
