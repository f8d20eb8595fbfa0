//! What people do about alerts: take them, send somebody, find something, mend it; and what they
//! silence meanwhile.
//!
//! What was done is kept beside what judging says and never instead of it: acknowledged is not
//! cleared, and an alert resolved by hand that the readings still show goes on standing.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::change::Permit;
use crate::judging::EpisodeId;
use crate::source::{Source, SourceCode};
use crate::time::{DAY_MS, Timestamp};

/// A silence at most, ms.
pub const LONGEST_SILENCE_MS: i64 = 7 * DAY_MS;

/// What a window of maintenance is over: one source, or all of a zone or unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// One source.
    Source(SourceCode),
    /// A pressure zone.
    Zone(Arc<str>),
    /// An administrative unit.
    Unit(Arc<str>),
}

impl Area {
    /// Whether the source is in it.
    pub fn holds(&self, source: &Source) -> bool {
        match self {
            Self::Source(code) => source.code == *code,
            Self::Zone(zone) => source.zone.as_ref() == Some(zone),
            Self::Unit(unit) => source.unit.as_deref() == Some(&**unit),
        }
    }

    /// The source, if it is one.
    pub const fn source(&self) -> Option<&SourceCode> {
        match self {
            Self::Source(code) => Some(code),
            Self::Zone(_) | Self::Unit(_) => None,
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(code) => f.write_str(code),
            Self::Zone(name) => write!(f, "zone:{name}"),
            Self::Unit(name) => write!(f, "unit:{name}"),
        }
    }
}

/// What is silenced.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silenced {
    /// One alert, by its id.
    Alert(String),
    /// All alerts of a source.
    Source(SourceCode),
    /// All alerts of a zone and of the sources in it.
    Zone(Arc<str>),
    /// All alerts of the sources of a unit.
    Unit(Arc<str>),
}

impl fmt::Display for Silenced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert(id) => f.write_str(id),
            Self::Source(code) => f.write_str(code),
            Self::Zone(name) => write!(f, "zone:{name}"),
            Self::Unit(name) => write!(f, "unit:{name}"),
        }
    }
}

/// For a while somebody wants no pages. It mutes paging, never the map: no verdict improves, and
/// what still stands when it ends pages. A fire within reach lifts it for criticals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its id.
    pub id: String,
    /// What is silenced.
    #[serde(flatten)]
    pub over: Silenced,
    /// From when.
    pub from: Timestamp,
    /// Until when, at most seven days later; it ends by itself.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

impl Silence {
    /// Whether it holds at `now` for the alert `id`, of `source` if it is about one.
    pub fn holds(&self, id: &EpisodeId, source: Option<&Source>, now: Timestamp) -> bool {
        let over = match (&self.over, source) {
            (Silenced::Alert(alert), _) => *alert == id.to_string(),
            (Silenced::Source(code), _) => id.source() == Some(code),
            (Silenced::Zone(zone), Some(source)) => source.zone.as_ref() == Some(zone),
            (Silenced::Zone(zone), None) => {
                matches!(&id.subject, crate::judging::Subject::Zone(name) if name == zone)
            }
            (Silenced::Unit(unit), source) => {
                source.is_some_and(|source| source.unit.as_deref() == Some(&**unit))
            }
        };
        over && self.from <= now && now < self.until
    }
}

/// What was found, or done, where an alert was resolved by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A closed valve was opened.
    ValveOpened,
    /// A burst or a leak was repaired.
    LeakRepaired,
    /// Pumps run again.
    PumpsRestarted,
    /// The tank was refilled.
    Refilled,
    /// What stood in the way is gone.
    ObstructionRemoved,
    /// The source itself was repaired.
    SourceRepaired,
    /// The sensor or its device was repaired, replaced or set right.
    DeviceServiced,
    /// The water company or the owner has taken it over.
    HandedOver,
    /// The water was drawn by somebody who may.
    UseExplained,
    /// Somebody looked, and nothing was wrong.
    NothingFound,
    /// Something else: the note says what.
    Other,
}

/// What people say water is drawn for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Attachment {
    /// A fire or another incident.
    Incident {
        /// Its id.
        id: String,
    },
    /// A permit, as it was granted.
    Permit {
        /// The permit.
        permit: Box<Permit>,
    },
}

/// What somebody did about an alert, beside acknowledging it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Gave it back: nobody has it.
    Unacknowledged,
    /// Gave it to a person or a team.
    Assigned {
        /// To whom.
        to: String,
    },
    /// Took it from whom it was given to.
    Unassigned,
    /// Sent somebody.
    Dispatched {
        /// Whom.
        crew: Option<String>,
    },
    /// Somebody is there.
    OnSite,
    /// Said something about it.
    Commented {
        /// The comment's id.
        id: String,
        /// What; may be empty where there are photos.
        text: String,
        /// Photos, by their ids.
        photos: Vec<String>,
    },
    /// Resolved it by hand.
    Resolved {
        /// What was found or done.
        outcome: Outcome,
        /// In words.
        note: Option<String>,
        /// Photos, by their ids.
        photos: Vec<String>,
    },
    /// Took back that it is resolved.
    Reopened,
    /// Closed it.
    Closed,
    /// Said what the water is drawn for.
    Attached {
        /// For what.
        attachment: Attachment,
    },
}

impl Act {
    /// `assigned`, `on_site` and so on.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unacknowledged => "unacknowledged",
            Self::Assigned { .. } => "assigned",
            Self::Unassigned => "unassigned",
            Self::Dispatched { .. } => "dispatched",
            Self::OnSite => "on_site",
            Self::Commented { .. } => "commented",
            Self::Resolved { .. } => "resolved",
            Self::Reopened => "reopened",
            Self::Closed => "closed",
            Self::Attached { .. } => "attached",
        }
    }
}

/// How far people are with an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody has it.
    Open,
    /// Somebody has taken it.
    Acknowledged,
    /// Somebody was sent.
    Dispatched,
    /// Somebody is there.
    OnSite,
    /// Data cleared it, or a person resolved it.
    Resolved,
    /// Done with.
    Closed,
}

impl Stage {
    /// Every stage, in its order.
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Acknowledged,
        Self::Dispatched,
        Self::OnSite,
        Self::Resolved,
        Self::Closed,
    ];

    /// What Vietnamese crews call it.
    pub const fn in_vietnamese(self) -> &'static str {
        match self {
            Self::Open => "mới",
            Self::Acknowledged => "đã nhận",
            Self::Dispatched => "đã điều động",
            Self::OnSite => "tại hiện trường",
            Self::Resolved => "đã xử lý",
            Self::Closed => "đóng",
        }
    }
}

/// Who did it, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Who; `None`: nobody, it came about by itself.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Whom it was given to, or who was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// To whom, or whom; `None`: not said.
    pub to: Option<String>,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How it was resolved by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What was found or done.
    pub outcome: Outcome,
    /// In words.
    pub note: Option<String>,
}

/// What people did about an alert, as it stands: since it was raised, or re-opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Handling {
    /// Who took it.
    pub acknowledged: Option<Mark>,
    /// Whose it is.
    pub assigned: Option<Given>,
    /// Who was sent.
    pub dispatched: Option<Given>,
    /// Who is there.
    pub on_site: Option<Mark>,
    /// How it was resolved by hand.
    pub resolved: Option<Resolved>,
    /// Who closed it.
    pub closed: Option<Mark>,
    /// When it was last re-opened: what was done before is in its history.
    pub reopened_at: Option<Timestamp>,
    /// How many comments it has.
    pub comments: u32,
}

/// An act that does not fit; said for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub &'static str);

/// Comments of one alert, at most.
pub const MOST_COMMENTS: u32 = 500;

impl Handling {
    /// How far people are with it; `cleared`: by data.
    pub const fn stage(&self, cleared: bool) -> Stage {
        if self.closed.is_some() {
            Stage::Closed
        } else if cleared || self.resolved.is_some() {
            Stage::Resolved
        } else if self.on_site.is_some() {
            Stage::OnSite
        } else if self.dispatched.is_some() {
            Stage::Dispatched
        } else if self.acknowledged.is_some() {
            Stage::Acknowledged
        } else {
            Stage::Open
        }
    }

    /// Somebody takes it. False: somebody has it already.
    pub fn acknowledge(&mut self, by: &str, at: Timestamp) -> bool {
        let free = self.acknowledged.is_none();
        if free {
            self.acknowledged = Some(mark(by, at));
        }
        free
    }

    /// Somebody does something. False: it was so before. Whoever sends, or is there, has taken it
    /// too.
    ///
    /// # Errors
    /// When it does not fit how the alert stands.
    pub fn take(
        &mut self,
        act: &Act,
        by: &str,
        at: Timestamp,
        cleared: bool,
    ) -> Result<bool, Unfit> {
        let closed = self.closed.is_some();
        match act {
            Act::Commented { .. } => {
                if self.comments >= MOST_COMMENTS {
                    return Err(Unfit("has 500 comments already: close it"));
                }
                self.comments += 1;
                return Ok(true);
            }
            Act::Closed => return self.close(by, at, cleared),
            Act::Reopened if !closed && self.resolved.is_none() => return Ok(false),
            Act::Reopened if cleared => {
                return Err(Unfit(
                    "was cleared by data: it re-opens by itself if the readings say so again",
                ));
            }
            Act::Reopened => {
                self.resolved = None;
                self.closed = None;
                return Ok(true);
            }
            _ if closed => {
                return Err(Unfit("is closed: re-open it first, or write a comment"));
            }
            _ => {}
        }
        Ok(match act {
            Act::Unacknowledged => {
                let had = self.acknowledged.take().is_some();
                self.dispatched = None;
                self.on_site = None;
                had
            }
            Act::Assigned { to } => {
                let new = self.assigned_to() != Some(to);
                if new {
                    self.assigned = Some(given(Some(to), by, at));
                }
                new
            }
            Act::Unassigned => self.assigned.take().is_some(),
            Act::Dispatched { crew } => {
                self.acknowledge(by, at);
                let same = |sent: &Given| crew.is_none() || sent.to == *crew;
                let new = !self.dispatched.as_ref().is_some_and(same);
                if new {
                    self.dispatched = Some(given(crew.as_ref(), by, at));
                }
                new
            }
            Act::OnSite => {
                self.acknowledge(by, at);
                let new = self.on_site.is_none();
                if new {
                    self.on_site = Some(mark(by, at));
                }
                new
            }
            Act::Resolved { outcome, note, .. } => {
                self.acknowledge(by, at);
                let said = |r: &Resolved| r.outcome == *outcome && r.note == *note;
                let new = !self.resolved.as_ref().is_some_and(said);
                if new {
                    self.resolved = Some(Resolved {
                        by: by.to_owned(),
                        at,
                        outcome: *outcome,
                        note: note.clone(),
                    });
                }
                new
            }
            Act::Attached { .. } => {
                self.acknowledge(by, at);
                true
            }
            Act::Commented { .. } | Act::Closed | Act::Reopened => true,
        })
    }

    fn close(&mut self, by: &str, at: Timestamp, cleared: bool) -> Result<bool, Unfit> {
        if self.closed.is_some() {
            return Ok(false);
        }
        if !cleared && self.resolved.is_none() {
            return Err(Unfit(
                "still stands: resolve it first, and say what was found or done",
            ));
        }
        self.closed = Some(mark(by, at));
        Ok(true)
    }

    /// The readings say it again, or still: people begin anew. What was done is in its history.
    pub fn reopen(&mut self, at: Timestamp) {
        *self = Self {
            assigned: self.assigned.take(),
            comments: self.comments,
            reopened_at: Some(at),
            ..Self::default()
        };
    }

    /// Whose it is.
    pub fn assigned_to(&self) -> Option<&String> {
        self.assigned.as_ref()?.to.as_ref()
    }
}

fn mark(by: &str, at: Timestamp) -> Mark {
    let by = Some(by.to_owned());
    Mark { by, at }
}

fn given(to: Option<&String>, by: &str, at: Timestamp) -> Given {
    Given {
        to: to.cloned(),
        by: by.to_owned(),
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_ms(1_000);

    fn did(handling: &mut Handling, act: &Act) -> Result<bool, Unfit> {
        handling.take(act, "lan", AT, false)
    }

    #[test]
    fn whoever_sends_a_crew_has_taken_the_alert_and_the_stage_never_falls_back_by_it() {
        let mut handling = Handling::default();
        assert_eq!(handling.stage(false), Stage::Open);
        assert_eq!(did(&mut handling, &Act::OnSite), Ok(true));
        assert_eq!(handling.stage(false), Stage::OnSite);
        assert_eq!(
            did(&mut handling, &Act::Dispatched { crew: None }),
            Ok(true)
        );
        assert_eq!(handling.stage(false), Stage::OnSite);
        assert!(handling.acknowledged.is_some());
        assert_eq!(handling.stage(true), Stage::Resolved);
    }

    #[test]
    fn what_still_stands_is_closed_only_once_somebody_says_what_was_done() {
        let mut handling = Handling::default();
        assert!(did(&mut handling, &Act::Closed).is_err());
        let resolved = Act::Resolved {
            outcome: Outcome::ValveOpened,
            note: None,
            photos: Vec::new(),
        };
        assert_eq!(did(&mut handling, &resolved), Ok(true));
        assert_eq!(did(&mut handling, &resolved), Ok(false));
        assert_eq!(did(&mut handling, &Act::Closed), Ok(true));
        assert!(did(&mut handling, &Act::OnSite).is_err());
        assert_eq!(did(&mut handling, &Act::Reopened), Ok(true));
        assert_eq!(handling.stage(false), Stage::Acknowledged);
    }

    #[test]
    fn a_reopened_alert_begins_anew_but_stays_whose_it_was() {
        let mut handling = Handling::default();
        did(
            &mut handling,
            &Act::Assigned {
                to: "Đội 1".into()
            },
        )
        .unwrap();
        did(&mut handling, &Act::OnSite).unwrap();
        handling.reopen(AT);
        assert_eq!(handling.stage(false), Stage::Open);
        assert_eq!(handling.assigned_to().map(String::as_str), Some("Đội 1"));
        assert_eq!(handling.reopened_at, Some(AT));
    }
}
