//! The bodies of the stream's events, as JSON. Their kinds are `standing`, `episode` and `change`.
//! Fields are added, never renamed or removed.

use firemain_domain::Timestamp;
use firemain_domain::change::{Change, ChangeNumber};
use firemain_domain::judging::{self, EpisodeState, Evidence, Note, Reason, Standing, Verdict};
use firemain_domain::judging::{Detail, Mute, RuleName, Severity, Subject};
use firemain_domain::source::SourceCode;
use serde::{Deserialize, Serialize};

/// Kind `standing`: verdict, reasons or notes of a source changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandingEvent {
    /// Whose.
    pub code: SourceCode,
    /// When it changed, by the journal.
    pub at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// Its reasons; empty when usable.
    pub reasons: Vec<Reason>,
    /// Notes that change nothing.
    pub notes: Vec<Note>,
    /// Since when verdict and reasons are so.
    pub since: Timestamp,
    /// When the source was last heard.
    pub heard_at: Option<Timestamp>,
    /// The numbers it rests on, most telling first.
    pub evidence: Evidence,
}

impl StandingEvent {
    pub(super) fn new(code: &SourceCode, at: Timestamp, standing: &Standing) -> Self {
        Self {
            code: code.clone(),
            at,
            verdict: standing.verdict,
            reasons: standing.reasons.clone(),
            notes: standing.notes.clone(),
            since: standing.since,
            heard_at: standing.heard_at,
            evidence: standing.evidence.clone(),
        }
    }
}

/// Kind `episode`: an alert was raised, re-opened, changed, paged or cleared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeEvent {
    /// Its id: `source/RULE/n`.
    pub id: String,
    /// What happened to it.
    pub event: judging::EpisodeEvent,
    /// When, by the journal.
    pub at: Timestamp,
    /// Whose; `null` where it is about a zone, a gateway or a part of firemain.
    pub source: Option<SourceCode>,
    /// About what: a source's code, `zone:…`, `gateway:…`, `firemain:…`.
    pub subject: Subject,
    /// Which rule.
    pub rule: RuleName,
    /// Its severity now.
    pub severity: Severity,
    /// The highest it has reached.
    pub highest: Severity,
    /// When the condition began.
    pub began_at: Timestamp,
    /// When the dwell ended.
    pub raised_at: Timestamp,
    /// When data cleared it.
    pub cleared_at: Option<Timestamp>,
    /// Whether it pages, or has paged.
    pub pages: bool,
    /// Why it does not though its severity would.
    pub muted_by: Option<Mute>,
    /// Whether command is to be told too.
    pub tells_command: bool,
    /// The numbers that raised it.
    pub evidence: Evidence,
    /// What exactly, where its rule knows several kinds.
    pub detail: Option<Detail>,
    /// The incident that it belongs to.
    pub incident: Option<String>,
    /// Of an incident: the sources in it.
    pub members: Vec<SourceCode>,
    /// How often it was re-opened.
    pub reopened: u16,
    /// How often it has paged: each page has its number.
    pub paged: u16,
    /// Until when it is silenced.
    pub silenced_until: Option<Timestamp>,
}

impl EpisodeEvent {
    /// What happened to an alert.
    pub fn new(event: judging::EpisodeEvent, at: Timestamp, episode: &EpisodeState) -> Self {
        Self {
            id: episode.id.to_string(),
            event,
            at,
            source: episode.id.source().cloned(),
            subject: episode.id.subject.clone(),
            rule: episode.id.rule,
            severity: episode.severity,
            highest: episode.highest,
            began_at: episode.began_at,
            raised_at: episode.raised_at,
            cleared_at: episode.cleared_at,
            pages: episode.pages,
            muted_by: episode.muted_by,
            tells_command: episode.tells_command,
            evidence: episode.evidence.clone(),
            detail: episode.detail,
            incident: episode.incident.as_ref().map(ToString::to_string),
            members: episode.members.clone(),
            reopened: episode.reopened,
            paged: episode.paged,
            silenced_until: episode.silenced_until(),
        }
    }
}

/// Kind `change`: what somebody changed took effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeEvent {
    /// Its number.
    pub number: ChangeNumber,
    /// Its kind, such as `source_set`.
    pub kind: String,
    /// What it is about: the code of a source, or the id of an incident, window, permit or episode.
    pub subject: String,
    /// When it was entered.
    pub at: Timestamp,
    /// Who entered it.
    pub by: String,
}

impl ChangeEvent {
    /// What became of a numbered change.
    pub fn new(number: ChangeNumber, at: Timestamp, by: &str, change: &Change) -> Self {
        let (kind, subject) = match change {
            Change::SourceSet { source } => ("source_set", &*source.code),
            Change::SourceRemoved { code } => ("source_removed", &**code),
            Change::FlowTestEntered { test } => ("flow_test_entered", &*test.source),
            Change::FlowTestWithdrawn { source, .. } => ("flow_test_withdrawn", &**source),
            Change::WindowEntered { window } => {
                return Self::about(number, at, by, "window_entered", &window.over.to_string());
            }
            Change::WindowEnded { id, .. } => ("window_ended", id.as_str()),
            Change::IncidentOpened { incident } => ("incident_opened", incident.id.as_str()),
            Change::IncidentEnded { id, .. } => ("incident_ended", id.as_str()),
            Change::PermitGranted { permit } => ("permit_granted", &*permit.source),
            Change::PermitEnded { id, .. } => ("permit_ended", id.as_str()),
            Change::RulesSet { scope, .. } => {
                return Self::about(number, at, by, "rules_set", &scope.to_string());
            }
            Change::InspectionEntered { inspection } => ("inspection_entered", &*inspection.source),
            Change::InspectionWithdrawn { source, .. } => ("inspection_withdrawn", &**source),
            Change::WorkDone { source, .. } => ("work_done", &**source),
            Change::RoundPlanned { round } => ("round_planned", round.id.as_str()),
            Change::RoundEnded { id, .. } => ("round_ended", id.as_str()),
            Change::DeviceConfigured { device, .. } => ("device_configured", device.as_str()),
            Change::DeviceAnswered { device, .. } => ("device_answered", device.as_str()),
            Change::DeviceReplaced { source, .. } => ("device_replaced", &**source),
            Change::ReceiverSilent { .. } => ("receiver_silent", "firemain:receive"),
            Change::UnitsImported { version, .. } => ("units_imported", version.as_str()),
            Change::UnitsWithdrawn { version } => ("units_withdrawn", version.as_str()),
            Change::TargetSet { target } => {
                ("target_set", target.unit.as_deref().unwrap_or_default())
            }
            Change::TeamSet { team } => ("team_set", team.id.as_str()),
            Change::TeamRemoved { id } => ("team_removed", id.as_str()),
            Change::RouteSet { route } => ("route_set", route.id.as_str()),
            Change::RouteRemoved { id } => ("route_removed", id.as_str()),
            Change::EpisodeAcknowledged { episode, .. } => {
                ("episode_acknowledged", episode.as_str())
            }
            Change::AccessChanged { access } => access.told(),
            Change::EpisodeHandled { episode, act, .. } => {
                let kind = format!("episode_{}", act.name());
                return Self::about(number, at, by, &kind, episode);
            }
            Change::SilenceEntered { silence } => {
                let over = silence.over.to_string();
                return Self::about(number, at, by, "silence_entered", &over);
            }
            Change::SilenceEnded { id, .. } => ("silence_ended", id.as_str()),
            Change::ZoneSupplySet { zone, .. } => ("zone_supply_set", &**zone),
        };
        Self::about(number, at, by, kind, subject)
    }

    fn about(number: ChangeNumber, at: Timestamp, by: &str, kind: &str, subject: &str) -> Self {
        Self {
            number,
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            at,
            by: by.to_owned(),
        }
    }
}
