//! What people did about alerts, and all that happened to one.

use firemain_domain::Timestamp;
use firemain_domain::handling::{Act, Attachment, Given, Mark, Outcome, Resolved};
use firemain_domain::judging::{EpisodeEvent, Mute, Severity};
use firemain_store::register::telling::{Delivery, DeliveryState, Occasion};
use firemain_store::register::{EpisodeRow, EpisodeStep, Step};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AlertView, MuteCode, OutcomeCode, SeverityCode};

/// Who did it, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MarkView {
    /// Who; `null`: nobody, it came about by itself.
    pub by: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<&Mark> for MarkView {
    fn from(mark: &Mark) -> Self {
        let (by, at) = (mark.by.clone(), mark.at);
        Self { by, at }
    }
}

/// Whom it was given to, or who was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GivenView {
    /// To whom, or whom; `null`: not said.
    pub to: Option<String>,
    /// By whom.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<&Given> for GivenView {
    fn from(given: &Given) -> Self {
        Self {
            to: given.to.clone(),
            by: given.by.clone(),
            at: given.at,
        }
    }
}

/// How it was resolved by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResolvedView {
    /// By whom.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What was found or done.
    #[schema(value_type = OutcomeCode)]
    pub outcome: Outcome,
    /// In words.
    pub note: Option<String>,
}

impl From<&Resolved> for ResolvedView {
    fn from(resolved: &Resolved) -> Self {
        Self {
            by: resolved.by.clone(),
            at: resolved.at,
            outcome: resolved.outcome,
            note: resolved.note.clone(),
        }
    }
}

/// How long after it was raised, or last re-opened, each step was taken, s; `null`: it was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResponseView {
    /// Somebody took it.
    pub acknowledged_after_s: Option<i64>,
    /// Somebody was sent.
    pub dispatched_after_s: Option<i64>,
    /// Somebody was there.
    pub on_site_after_s: Option<i64>,
    /// It was resolved: by data, or before that by hand.
    pub resolved_after_s: Option<i64>,
    /// It was closed.
    pub closed_after_s: Option<i64>,
}

impl ResponseView {
    /// Of an alert.
    pub fn new(row: &EpisodeRow) -> Self {
        let handling = &row.handling;
        let since = handling.reopened_at.unwrap_or(row.state.raised_at);
        let after = |at: Option<Timestamp>| at.map(|at| (at.since_ms(since) / 1_000).max(0));
        let by_hand = handling.resolved.as_ref().map(|r| r.at);
        let resolved = [by_hand, row.state.cleared_at].into_iter().flatten().min();
        Self {
            acknowledged_after_s: after(handling.acknowledged.as_ref().map(|m| m.at)),
            dispatched_after_s: after(handling.dispatched.as_ref().map(|g| g.at)),
            on_site_after_s: after(handling.on_site.as_ref().map(|m| m.at)),
            resolved_after_s: after(resolved),
            closed_after_s: after(handling.closed.as_ref().map(|m| m.at)),
        }
    }
}

/// An alert with all that happened to it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertDetail {
    /// The alert.
    #[serde(flatten)]
    pub alert: AlertView,
    /// What happened to it, by judging and by people, oldest first.
    pub timeline: Vec<StepView>,
    /// Who was told of it, oldest first: the newest 1000. `/deliveries?alert=` has every try, and the
    /// addresses.
    pub messages: Vec<MessageView>,
}

impl AlertDetail {
    /// The alert with these steps, and with what was told of it, newest first.
    pub fn new(alert: AlertView, steps: Vec<EpisodeStep>, told: Vec<Delivery>) -> Self {
        Self {
            alert,
            timeline: steps.into_iter().map(StepView::from).collect(),
            messages: told.into_iter().rev().map(MessageView::from).collect(),
        }
    }
}

/// A message that tells of the alert, without the address it went to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MessageView {
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why: `paged`, `reopened`, `raised`, `command`, `escalated`, `cleared`, `listed`.
    #[schema(value_type = String, example = "paged")]
    pub occasion: Occasion,
    /// To whom: `team/contact`; `team/` where the team as a whole is told.
    pub contact: String,
    /// By which channel.
    pub channel: String,
    /// Where it stands: `waiting`, `held` (for a digest), `sent`, `refused`, `expired`, `overtaken`, `digested`.
    #[schema(value_type = String, example = "sent")]
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When it was taken, or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

impl From<Delivery> for MessageView {
    fn from(told: Delivery) -> Self {
        Self {
            at: told.what.made_at,
            occasion: told.what.occasion,
            contact: told.what.contact,
            channel: told.what.channel,
            state: told.state,
            tries: told.tries,
            ended_at: told.ended_at,
        }
    }
}

/// One step of an alert's life; what does not belong to it is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct StepView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Option<Timestamp>,
    /// Who; `null`: judging.
    pub by: Option<String>,
    /// What: `raised`, `reopened`, `changed`, `paged`, `cleared` by judging; `acknowledged`,
    /// `unacknowledged`, `assigned`, `unassigned`, `dispatched`, `on_site`, `commented`, `resolved`,
    /// `taken_back`, `closed`, `attached`, `silenced`, `unsilenced` by people.
    #[schema(example = "dispatched")]
    pub what: String,
    /// Its severity then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SeverityCode>)]
    pub severity: Option<Severity>,
    /// Whether it pages, or had paged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<bool>,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<MuteCode>)]
    pub muted_by: Option<Mute>,
    /// To whom it was given, or who was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A comment, a note or a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Photos, by their ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<String>,
    /// What was found or done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OutcomeCode>)]
    pub outcome: Option<Outcome>,
    /// The id of the comment, the silence, the incident or the permit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Until when it is silenced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

impl From<EpisodeStep> for StepView {
    fn from(row: EpisodeStep) -> Self {
        let mut step = Self {
            at: Some(row.at),
            by: row.by,
            ..Self::default()
        };
        match row.step {
            Step::Judged {
                event,
                severity,
                pages,
                muted_by,
            } => {
                judged(event).clone_into(&mut step.what);
                step.severity = Some(severity);
                step.pages = Some(pages);
                step.muted_by = muted_by;
            }
            Step::Acknowledged => "acknowledged".clone_into(&mut step.what),
            Step::Acted { did } => step.acted(did),
            Step::Silenced {
                silence,
                until,
                reason,
            } => {
                "silenced".clone_into(&mut step.what);
                step.id = Some(silence);
                step.until = Some(until);
                step.text = Some(reason);
            }
            Step::Unsilenced { silence } => {
                "unsilenced".clone_into(&mut step.what);
                step.id = Some(silence);
            }
        }
        step
    }
}

impl StepView {
    fn acted(&mut self, did: Act) {
        match &did {
            // Not to be taken for what the readings did.
            Act::Reopened => "taken_back",
            other => other.name(),
        }
        .clone_into(&mut self.what);
        match did {
            Act::Assigned { to } => self.to = Some(to),
            Act::Dispatched { crew } => self.to = crew,
            Act::Commented { id, text, photos } => {
                self.id = Some(id);
                self.text = Some(text);
                self.photos = photos;
            }
            Act::Resolved {
                outcome,
                note,
                photos,
            } => {
                self.outcome = Some(outcome);
                self.text = note;
                self.photos = photos;
            }
            Act::Attached { attachment } => {
                self.id = Some(match attachment {
                    Attachment::Incident { id } => id,
                    Attachment::Permit { permit } => permit.id,
                });
            }
            Act::Unacknowledged | Act::Unassigned | Act::OnSite | Act::Reopened | Act::Closed => {}
        }
    }
}

const fn judged(event: EpisodeEvent) -> &'static str {
    match event {
        EpisodeEvent::Raised => "raised",
        EpisodeEvent::Reopened => "reopened",
        EpisodeEvent::Changed => "changed",
        EpisodeEvent::Paged => "paged",
        EpisodeEvent::Cleared => "cleared",
    }
}
