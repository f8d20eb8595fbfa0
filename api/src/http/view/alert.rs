//! Alerts.

use firemain_domain::Timestamp;
use firemain_domain::handling::Stage;
use firemain_domain::judging::{Detail, Forecast, Foreseen, Mute, RuleName, Severity};
use firemain_store::register::EpisodeRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::handling::{GivenView, MarkView, ResolvedView, ResponseView};
use super::{DetailCode, MeasuredView, MuteCode, RuleCode, SeverityCode, StageCode, age_s};
use crate::board::{Board, OpenAlert};

/// An alert that stands, in short.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OpenAlertView {
    /// Its id: source, rule and a count.
    #[schema(example = "TR-0412/LOW_STATIC/3")]
    pub id: String,
    /// Its rule.
    #[schema(value_type = RuleCode)]
    pub rule: RuleName,
    /// How much it matters now.
    #[schema(value_type = SeverityCode)]
    pub severity: Severity,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Timestamp,
    /// How long ago, s.
    pub age_s: i64,
    /// Whether it pages, or has paged.
    pub pages: bool,
    /// Why it does not, though its severity would.
    #[schema(value_type = Option<MuteCode>)]
    pub muted_by: Option<Mute>,
    /// How far people are with it.
    #[schema(value_type = StageCode)]
    pub stage: Stage,
    /// Who has taken it.
    pub acknowledged_by: Option<String>,
    /// Whose it is.
    pub assigned_to: Option<String>,
    /// Who was sent.
    pub dispatched: Option<String>,
    /// Of a tank that was drawn from: by when it must hold what it owes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub refill_by: Option<Timestamp>,
}

/// The rules whose alerts end with a refill.
pub const fn asks_for_refill(rule: RuleName) -> bool {
    matches!(
        rule,
        RuleName::TankLow | RuleName::TankDrawoff | RuleName::RefillLate
    )
}

impl OpenAlertView {
    /// `alert` as it looks at `now`, of a source that has this ahead.
    pub fn new(alert: &OpenAlert, ahead: &[Forecast], now: Timestamp) -> Self {
        let handling = alert.handling.as_deref();
        let due = ahead.iter().find(|f| f.what == Foreseen::RefillDue);
        Self {
            id: alert.id.to_string(),
            rule: alert.id.rule,
            severity: alert.severity,
            raised_at: alert.raised_at,
            age_s: age_s(alert.raised_at, now),
            pages: alert.pages,
            muted_by: alert.muted_by,
            stage: alert
                .handling
                .as_ref()
                .map_or(Stage::Open, |handling| handling.stage(false)),
            acknowledged_by: handling.and_then(|h| h.acknowledged.as_ref()?.by.clone()),
            assigned_to: handling.and_then(|h| h.assigned_to().cloned()),
            dispatched: handling.and_then(|h| {
                let sent = h.dispatched.as_ref()?;
                Some(sent.to.clone().unwrap_or_else(|| sent.by.clone()))
            }),
            refill_by: due
                .filter(|_| asks_for_refill(alert.id.rule))
                .map(|due| due.at),
        }
    }
}

/// An alert with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertView {
    /// Its id: source, rule and a count.
    #[schema(example = "TR-0412/LOW_STATIC/3")]
    pub id: String,
    /// Whose; `null` where it is about a zone, a gateway or a part of firemain.
    #[schema(example = "TR-0412")]
    pub source: Option<String>,
    /// About what: a source's code, `zone:…`, `gateway:…`, `firemain:…`.
    #[schema(example = "TR-0412")]
    pub subject: String,
    /// Its rule.
    #[schema(value_type = RuleCode)]
    pub rule: RuleName,
    /// Whether it stands: data has not cleared it.
    pub open: bool,
    /// How much it matters now.
    #[schema(value_type = SeverityCode)]
    pub severity: Severity,
    /// The most it ever mattered.
    #[schema(value_type = SeverityCode)]
    pub highest: Severity,
    /// When the condition began, by the readings.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// When its dwell had passed.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Timestamp,
    /// When data cleared it; `null`: it stands.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cleared_at: Option<Timestamp>,
    /// How often it came back within an hour of clearing.
    pub reopened: u16,
    /// Whether it pages, or has paged.
    pub pages: bool,
    /// Why it does not, though its severity would.
    #[schema(value_type = Option<MuteCode>)]
    pub muted_by: Option<Mute>,
    /// Whether command is told too.
    pub tells_command: bool,
    /// The numbers that raised it.
    pub evidence: Vec<MeasuredView>,
    /// What exactly, where its rule knows several kinds.
    #[schema(value_type = Option<DetailCode>)]
    pub detail: Option<Detail>,
    /// How far the device's clock is off, s; ahead is positive. Of `CLOCK` alerts only.
    pub clock_off_s: Option<i64>,
    /// The incident that it belongs to, by id: it does not page beside that.
    pub incident: Option<String>,
    /// Of an incident: the codes of the sources in it.
    pub members: Vec<String>,
    /// Of a tank that was drawn from: by when it must hold what it owes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub refill_by: Option<Timestamp>,
    /// How far people are with it.
    #[schema(value_type = StageCode)]
    pub stage: Stage,
    /// Who took it upon themselves. Acknowledged is not cleared.
    pub acknowledged_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub acknowledged_at: Option<Timestamp>,
    /// Whose it is.
    pub assigned: Option<GivenView>,
    /// Who was sent.
    pub dispatched: Option<GivenView>,
    /// Who is there.
    pub on_site: Option<MarkView>,
    /// How it was resolved by hand.
    pub resolved: Option<ResolvedView>,
    /// Who closed it.
    pub closed: Option<MarkView>,
    /// When it was last re-opened: times count from then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reopened_at: Option<Timestamp>,
    /// How long each step took.
    pub response: ResponseView,
    /// How many comments it has.
    pub comments: u32,
    /// How often it has paged.
    pub paged: u16,
    /// Until when it is silenced; `null`: it is not, or a fire lifts it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub silenced_until: Option<Timestamp>,
    /// The silence that holds for it, by id.
    pub silence: Option<String>,
    /// Resolved by hand while the readings still show it: when it re-opens if they go on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reopens_at: Option<Timestamp>,
    /// Of a use of water: the incident or the permit that it is for, by id.
    pub attached: Option<String>,
}

impl AlertView {
    /// `row` as it looks at `now`, where `board` knows its source.
    pub fn new(row: &EpisodeRow, board: &Board, now: Timestamp) -> Self {
        let state = &row.state;
        let asks = state.cleared_at.is_none() && asks_for_refill(state.id.rule);
        let source = state.id.source().filter(|_| asks);
        Self {
            id: state.id.to_string(),
            source: state.id.source().map(ToString::to_string),
            subject: state.id.subject.to_string(),
            rule: state.id.rule,
            open: state.cleared_at.is_none(),
            severity: state.severity,
            highest: state.highest,
            began_at: state.began_at,
            raised_at: state.raised_at,
            cleared_at: state.cleared_at,
            reopened: state.reopened,
            pages: state.pages,
            muted_by: state.muted_by,
            tells_command: state.tells_command,
            evidence: (state.evidence.measured.iter())
                .map(|m| MeasuredView::new(m, now))
                .collect(),
            detail: state.detail,
            clock_off_s: state.clock_off_s,
            incident: state.incident.as_ref().map(ToString::to_string),
            members: state.members.iter().map(ToString::to_string).collect(),
            refill_by: source.and_then(|code| board.refill_by(code)),
            stage: row.stage(),
            acknowledged_by: row
                .handling
                .acknowledged
                .as_ref()
                .and_then(|m| m.by.clone()),
            acknowledged_at: row.handling.acknowledged.as_ref().map(|m| m.at),
            assigned: row.handling.assigned.as_ref().map(GivenView::from),
            dispatched: row.handling.dispatched.as_ref().map(GivenView::from),
            on_site: row.handling.on_site.as_ref().map(MarkView::from),
            resolved: row.handling.resolved.as_ref().map(ResolvedView::from),
            closed: row.handling.closed.as_ref().map(MarkView::from),
            reopened_at: row.handling.reopened_at,
            response: ResponseView::new(row),
            comments: row.handling.comments,
            paged: state.paged,
            silenced_until: state.silenced_until(),
            silence: (state.heeded.as_ref())
                .and_then(|heeded| Some(heeded.silence.as_ref()?.id.clone())),
            reopens_at: state.resolution().map(|resolution| resolution.until),
            attached: state.attached().map(ToOwned::to_owned),
        }
    }
}
