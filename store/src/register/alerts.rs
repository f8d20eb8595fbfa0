//! What is kept of an alert's life: what people did, everything that happened to it in order, what
//! is silenced, and the supply hours of zones.

use firemain_domain::Timestamp;
use firemain_domain::handling::{Act, Handling, Silence};
use firemain_domain::judging::{EpisodeEvent, Mute, Severity};
use serde::{Deserialize, Serialize};

use super::{Ended, RegisterError};

/// Silences in force at once, at most.
pub const MOST_SILENCES: usize = 1_000;
/// Steps kept of one alert that judging adds, at most: one that goes up and down for weeks.
pub const MOST_STEPS: u32 = 1_000;

/// What is kept of an alert's life.
pub trait AlertRegister: Send + Sync {
    /// What happened to an alert, in order, after the step `after`.
    fn timeline(
        &self,
        episode: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EpisodeStep>, RegisterError>;

    /// What people did about every alert that stands and that somebody did something about.
    fn being_handled(&self) -> Result<Vec<(String, Handling)>, RegisterError>;

    /// Closes alerts that data cleared at `before` or earlier and nobody closed: at most `most` of
    /// them. How many it was.
    fn close_cleared(
        &self,
        before: Timestamp,
        at: Timestamp,
        most: usize,
    ) -> Result<usize, RegisterError>;

    /// Silences, newest first, after the id `after`.
    fn silences(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Ended<Silence>>, RegisterError>;
    /// One silence.
    fn silence(&self, id: &str) -> Result<Option<Ended<Silence>>, RegisterError>;
    /// Silences that hold at `now`.
    fn silences_in_force(&self, now: Timestamp) -> Result<Vec<Silence>, RegisterError>;

    /// The supply hours that are set for zones, in order of zone.
    fn zone_supplies(&self) -> Result<Vec<ZoneSupply>, RegisterError>;
}

/// The supply hours of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneSupply {
    /// The zone.
    pub zone: String,
    /// The hours, such as `05:00-09:00,17:00-22:30`.
    pub hours: String,
    /// Since when they are set.
    pub at: Timestamp,
    /// Who set them.
    pub by: String,
}

/// One step of an alert's life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeStep {
    /// Its number: later steps have greater ones.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who; `None`: judging.
    pub by: Option<String>,
    /// What.
    pub step: Step,
}

/// What happened to an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Judging raised, re-opened, changed, paged or cleared it.
    Judged {
        /// What happened.
        event: EpisodeEvent,
        /// Its severity then.
        severity: Severity,
        /// Whether it pages, or had paged.
        pages: bool,
        /// Why it did not.
        muted_by: Option<Mute>,
    },
    /// Somebody took it.
    Acknowledged,
    /// Somebody did something else.
    Acted {
        /// What.
        did: Act,
    },
    /// Somebody silenced it.
    Silenced {
        /// The silence's id.
        silence: String,
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Somebody ended a silence of it.
    Unsilenced {
        /// The silence's id.
        silence: String,
    },
}

/// A step that judging adds, as it is committed.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedStep {
    /// The alert's id as text.
    pub episode: String,
    /// At what journal time.
    pub at: Timestamp,
    /// What happened.
    pub event: EpisodeEvent,
    /// Its severity then.
    pub severity: Severity,
    /// Whether it pages, or had paged.
    pub pages: bool,
    /// Why it did not.
    pub muted_by: Option<Mute>,
}
