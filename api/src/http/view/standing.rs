//! How a source stands.

use firemain_domain::Timestamp;
use firemain_domain::judging::{Note, Reason, Standing, Verdict};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ForecastView, MeasuredView, NoteCode, OpenAlertView, ReasonCode, SourceBody, VerdictCode, age_s,
};
use crate::board::Entry;
use crate::units::{Ground, UnitOf};

/// The verdict on a source and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StandingView {
    /// Whether it can be counted on.
    #[schema(value_type = VerdictCode)]
    pub verdict: Verdict,
    /// Why; empty when usable.
    #[schema(value_type = Vec<ReasonCode>)]
    pub reasons: Vec<Reason>,
    /// What else there is to know.
    #[schema(value_type = Vec<NoteCode>)]
    pub notes: Vec<Note>,
    /// The values it rests on, most telling first.
    pub evidence: Vec<MeasuredView>,
    /// The flow it can be counted on for; `null`: not rated.
    pub available_flow: Option<MeasuredView>,
    /// Since when verdict and reasons have been so.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it was last heard; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Timestamp>,
    /// How long ago, s.
    pub heard_age_s: Option<i64>,
    /// The administrative unit it belongs to now, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitOfView>,
}

impl StandingView {
    /// `standing` as it looks at `now`.
    pub fn new(standing: &Standing, now: Timestamp) -> Self {
        Self {
            verdict: standing.verdict,
            reasons: standing.reasons.clone(),
            notes: standing.notes.clone(),
            evidence: (standing.evidence.measured.iter())
                .map(|m| MeasuredView::new(m, now))
                .collect(),
            available_flow: standing
                .available_flow
                .as_ref()
                .map(|m| MeasuredView::new(m, now)),
            since: standing.since,
            heard_at: standing.heard_at,
            heard_age_s: standing.heard_at.map(|at| age_s(at, now)),
            unit: None,
        }
    }

    /// That of `entry`, with its unit.
    pub fn of(entry: &Entry, now: Timestamp) -> Self {
        Self {
            unit: Some(UnitOfView::from(&entry.unit)),
            ..Self::new(&entry.standing, now)
        }
    }
}

/// The administrative unit that a source belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitOfView {
    /// The unit's code on the map of units; `null`: not by a map.
    #[schema(example = "00070")]
    pub code: Option<String>,
    /// Its name.
    #[schema(example = "Phường Hoàn Kiếm")]
    pub name: Option<String>,
    /// Why it is said to belong to it.
    pub ground: Ground,
}

impl From<&UnitOf> for UnitOfView {
    fn from(unit: &UnitOf) -> Self {
        Self {
            code: unit.code.as_deref().map(ToOwned::to_owned),
            name: unit.name.as_deref().map(ToOwned::to_owned),
            ground: unit.ground,
        }
    }
}

/// A source, how it stands, and its alerts that stand.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SourceView {
    /// As the register has it.
    #[serde(flatten)]
    pub source: SourceBody,
    /// How it stands now; `null` for the moment between its entry and its first judging.
    pub standing: Option<StandingView>,
    /// Its alerts that stand, worst first.
    pub alerts: Vec<OpenAlertView>,
    /// What will happen, the soonest first.
    pub ahead: Vec<ForecastView>,
}

impl SourceView {
    /// `entry` as it looks at `now`.
    pub fn new(entry: &Entry, now: Timestamp) -> Self {
        Self {
            source: SourceBody::from(&*entry.source),
            standing: Some(StandingView::of(entry, now)),
            alerts: entry
                .alerts
                .iter()
                .map(|a| OpenAlertView::new(a, &entry.ahead, now))
                .collect(),
            ahead: entry
                .ahead
                .iter()
                .map(|forecast| ForecastView::new(forecast, now))
                .collect(),
        }
    }
}
