//! What is kept of telling people: teams and routes, notices that judging writes with its alerts,
//! the messages made of them, and every try to deliver one.
//!
//! In: teams and routes by [`Register::change`](super::Register::change); notices by
//! [`Register::commit`](super::Register::commit), in the transaction of their alert; deliveries, tries
//! and steps of escalation from whoever tells. Out: all of it, in pages. Every id is made of what it
//! is about, and one that is there already changes nothing: whoever dies half-way does it again.

use firemain_domain::Timestamp;
use firemain_domain::judging::{EpisodeState, RuleName, Severity};
use firemain_domain::telling::{Route, Team};
use serde::{Deserialize, Serialize};

use super::{RegisterError, StreamEvent};

/// Why something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// An alert pages.
    Paged,
    /// It is back within the hour, and had paged.
    Reopened,
    /// It became more severe.
    Raised,
    /// Command is to know.
    Command,
    /// Nobody took it in time.
    Escalated,
    /// Data cleared it.
    Cleared,
    /// It is for the list only, and comes with the day's digest.
    Listed,
    /// A digest of several.
    Digest,
    /// A person tries a channel out.
    Test,
}

impl Occasion {
    /// Every occasion.
    pub const ALL: [Self; 9] = [
        Self::Paged,
        Self::Reopened,
        Self::Raised,
        Self::Command,
        Self::Escalated,
        Self::Cleared,
        Self::Listed,
        Self::Digest,
        Self::Test,
    ];

    /// `paged` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paged => "paged",
            Self::Reopened => "reopened",
            Self::Raised => "raised",
            Self::Command => "command",
            Self::Escalated => "escalated",
            Self::Cleared => "cleared",
            Self::Listed => "listed",
            Self::Digest => "digest",
            Self::Test => "test",
        }
    }
}

/// What is to be told of an alert, as judging or the clock of escalation says it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewNotice {
    /// Why.
    pub occasion: Occasion,
    /// The step of escalation; 0 at once.
    pub level: u8,
    /// When, by the journal.
    pub at: Timestamp,
    /// The alert as it then was.
    pub episode: EpisodeState,
}

impl NewNotice {
    /// `{alert}/{occasion}-{opening}`, with the severity reached, the step or the number of the page
    /// where it has one.
    pub fn id(&self) -> String {
        let (episode, opening) = (&self.episode.id, self.episode.reopened);
        let occasion = self.occasion.name();
        match self.occasion {
            Occasion::Escalated => format!("{episode}/{occasion}-{opening}-{}", self.level),
            Occasion::Raised if self.episode.severity == Severity::Critical => {
                format!("{episode}/{occasion}-{opening}-critical")
            }
            // Once more: it turned critical, or a silence ended and it still stood.
            Occasion::Paged if self.episode.paged > 1 => {
                format!("{episode}/{occasion}-{opening}-{}", self.episode.paged)
            }
            _ => format!("{episode}/{occasion}-{opening}"),
        }
    }
}

/// A notice that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its id.
    pub id: String,
    /// What it says.
    pub what: NewNotice,
}

/// What became of a notice: one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expanded {
    /// The notice.
    pub notice: String,
    /// The messages made of it.
    pub deliveries: Vec<NewDelivery>,
    /// What its escalation becomes.
    pub escalation: EscalationStep,
    /// Messages about this alert that wait are of no use any more.
    pub overtakes: Option<String>,
    /// Messages about this alert that wait for a digest are let go at once.
    pub releases: Option<String>,
    /// That no route took it.
    pub wrong: Option<Wrong>,
}

/// What is wrong with the routes, seen at a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// No route took it: the fallback team was told.
    Fallback,
    /// Nobody could be told.
    Nobody,
}

impl Wrong {
    /// `fallback` or `nobody`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fallback => "fallback",
            Self::Nobody => "nobody",
        }
    }
}

/// What becomes of an alert's escalation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EscalationStep {
    /// Nothing.
    #[default]
    Stays,
    /// It begins, or goes on, with this next step. One that is there already and is due earlier stays.
    Next(Escalation),
    /// It is over.
    Over {
        /// The alert.
        episode: String,
    },
}

/// An alert that somebody is to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The alert.
    pub episode: String,
    /// How often it had been re-opened.
    pub opening: u16,
    /// Its severity when it was last told.
    pub severity: Severity,
    /// When it was first told.
    pub paged_at: Timestamp,
    /// The step that comes next.
    pub level: u8,
    /// When.
    pub due_at: Timestamp,
}

/// A message to be delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// `{notice}/{channel}/{recipient}`.
    pub key: String,
    /// The notice; none: a digest, or a test.
    pub notice: Option<String>,
    /// The alert.
    pub episode: Option<String>,
    /// Why.
    pub occasion: Occasion,
    /// How severe.
    pub severity: Severity,
    /// The team.
    pub team: String,
    /// `{team}/{contact}`, or `{team}/` where the team as a whole is told.
    pub contact: String,
    /// By which channel.
    pub channel: String,
    /// To which address there.
    pub address: String,
    /// What is said, as JSON.
    pub message: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether it waits for a digest.
    pub held: bool,
    /// When it is to go, or its digest.
    pub due_at: Timestamp,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is to go, or to go again.
    Waiting,
    /// It waits for a digest.
    Held,
    /// The receiver took it.
    Sent,
    /// The receiver will never take it.
    Refused,
    /// It was tried for too long.
    Expired,
    /// It was of no use any more before it went.
    Overtaken,
    /// A digest told it.
    Digested,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Held,
        Self::Sent,
        Self::Refused,
        Self::Expired,
        Self::Overtaken,
        Self::Digested,
    ];

    /// `waiting` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Overtaken => "overtaken",
            Self::Digested => "digested",
        }
    }
}

/// A message that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its number.
    pub number: u64,
    /// What it is.
    pub what: NewDelivery,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The digest that told it.
    pub digest: Option<String>,
}

/// One try to deliver a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// The how-many-th, from 1.
    pub n: u32,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: TryOutcome,
    /// What the receiver answered, or why it could not.
    pub answer: String,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TryOutcome {
    /// The receiver took it.
    Accepted,
    /// The receiver will never take it.
    Refused,
    /// It may be taken later.
    Failed,
}

impl TryOutcome {
    /// `accepted`, `refused` or `failed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Which messages are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// About one alert.
    pub episode: Option<String>,
    /// To one contact, `{team}/{contact}`.
    pub contact: Option<String>,
    /// By one channel.
    pub channel: Option<String>,
    /// In one state.
    pub state: Option<DeliveryState>,
}

/// Messages to one contact by one channel whose digest is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldGroup {
    /// `{team}/{contact}`.
    pub contact: String,
    /// The team.
    pub team: String,
    /// The channel.
    pub channel: String,
    /// The address there.
    pub address: String,
    /// When the digest was due.
    pub due_at: Timestamp,
}

/// What a digest tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeldSummary {
    /// How many messages of each severity and occasion.
    pub counts: Vec<(Severity, Occasion, u64)>,
    /// The worst of them as JSON messages, the newest first, at most five.
    pub worst: Vec<String>,
}

/// How a channel's queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueState {
    /// Messages that are due or were tried.
    pub waiting: u64,
    /// When the oldest of them was made.
    pub oldest: Option<Timestamp>,
}

/// How much is kept, and what is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TellingTotals {
    /// Notices whose deliveries are not made yet.
    pub notices_waiting: u64,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that wait for a digest.
    pub held: u64,
    /// Notices since a moment that only the fallback team was told.
    pub fallback: u64,
    /// Notices since a moment that nobody was told.
    pub nobody: u64,
    /// Messages since a moment that no receiver took.
    pub failed: u64,
}

/// A page that reached somebody, for the alarm budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldPage {
    /// `{team}/{contact}`.
    pub contact: String,
    /// When.
    pub at: Timestamp,
    /// The alert.
    pub episode: String,
}

/// An alert within a span, for the alarm budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaisedAlert {
    /// Its id.
    pub id: String,
    /// About what.
    pub subject: String,
    /// Which rule.
    pub rule: RuleName,
    /// Its highest severity.
    pub severity: Severity,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When data cleared it.
    pub cleared_at: Option<Timestamp>,
    /// Whether it pages.
    pub pages: bool,
    /// How often it was re-opened.
    pub reopened: u16,
}

/// What the register keeps of telling people. Calls block.
pub trait TellingRegister: Send + Sync {
    /// Teams in order of id.
    fn teams(&self) -> Result<Vec<Team>, RegisterError>;
    /// Routes in order of id.
    fn routes(&self) -> Result<Vec<Route>, RegisterError>;

    /// Notices whose deliveries are not made yet, oldest first.
    fn notices_waiting(&self, limit: usize) -> Result<Vec<Notice>, RegisterError>;
    /// One notice by its id.
    fn notice(&self, id: &str) -> Result<Option<Notice>, RegisterError>;
    /// Writes what became of notices: all of it or nothing. What is there already stays.
    fn expand(&self, at: Timestamp, expanded: &[Expanded]) -> Result<(), RegisterError>;
    /// Writes notices of the clock of escalation, each with its next step: all or nothing.
    fn escalate(&self, steps: &[(Option<NewNotice>, EscalationStep)]) -> Result<(), RegisterError>;
    /// Steps of escalation that are due, the most overdue first.
    fn escalations_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Escalation>, RegisterError>;
    /// Moves everything that waits by `ms`, for the wall clock was set by so much.
    fn shift_waiting(&self, ms: i64) -> Result<(), RegisterError>;
    /// An alert of firemain about itself that is not judged from readings, with what is told of it.
    fn tell_own(
        &self,
        episode: &EpisodeState,
        event: &StreamEvent,
        notices: &[NewNotice],
    ) -> Result<(), RegisterError>;

    /// How many messages each contact got, or has waiting, since a moment.
    fn told_since(&self, since: Timestamp) -> Result<Vec<(String, u64)>, RegisterError>;
    /// To whom an alert was told since it was last re-opened: one message per contact and channel.
    fn told_of(&self, episode: &str) -> Result<Vec<Delivery>, RegisterError>;
    /// Messages of a channel that are due, most severe and oldest first.
    fn deliveries_due(
        &self,
        channel: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, RegisterError>;
    /// Adds a message: one that is there already stays.
    fn add_delivery(&self, delivery: &NewDelivery) -> Result<(), RegisterError>;
    /// Writes a try, and where the message stands after it.
    fn add_try(
        &self,
        delivery: u64,
        tried: &Try,
        state: DeliveryState,
    ) -> Result<(), RegisterError>;
    /// Groups of held messages whose digest is due.
    fn held_due(&self, now: Timestamp, limit: usize) -> Result<Vec<HeldGroup>, RegisterError>;
    /// What a digest of such a group tells.
    fn held_summary(&self, group: &HeldGroup, now: Timestamp)
    -> Result<HeldSummary, RegisterError>;
    /// Writes a digest in place of the messages it tells: all or nothing.
    fn digest(
        &self,
        group: &HeldGroup,
        now: Timestamp,
        digest: &NewDelivery,
    ) -> Result<(), RegisterError>;

    /// Messages, newest first, after the number `after`.
    fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Delivery>, RegisterError>;
    /// One message by its number.
    fn delivery(&self, number: u64) -> Result<Option<Delivery>, RegisterError>;
    /// The tries of a message, in order.
    fn tries(&self, delivery: u64) -> Result<Vec<Try>, RegisterError>;
    /// How a channel's queue is.
    fn queue(&self, channel: &str, now: Timestamp) -> Result<QueueState, RegisterError>;
    /// How much there is; what went wrong since a moment.
    fn telling_totals(&self, since: Timestamp) -> Result<TellingTotals, RegisterError>;
    /// Deletes what ended before a moment, at most `limit` messages; how many they were.
    fn prune_telling(&self, before: Timestamp, limit: usize) -> Result<u64, RegisterError>;

    /// The secret that links are signed with; `fresh` becomes it where there is none.
    fn telling_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], RegisterError>;

    /// Pages that were told within a span, one per contact and notice, in order of time.
    fn told_pages(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ToldPage>, RegisterError>;
    /// Alerts that were raised within a span, and those that stood when it began.
    fn raised_within(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<RaisedAlert>, RegisterError>;
}
