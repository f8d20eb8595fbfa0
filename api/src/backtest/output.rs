//! What a backtest writes.

use firemain_domain::Timestamp;
use firemain_domain::judging::{
    EpisodeState, Evidence, Mute, Reason, RuleName, Severity, Standing, Verdict,
};
use firemain_domain::source::SourceCode;
use serde::Serialize;

/// One line of `episodes.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpisodeLine {
    /// Its id.
    pub id: String,
    /// Whose; `null` for an incident's own line.
    pub source: Option<SourceCode>,
    /// Which rule.
    pub rule: RuleName,
    /// The highest severity reached.
    pub severity: Severity,
    /// When its dwell ended.
    pub raised_at: Timestamp,
    /// When data cleared it.
    pub cleared_at: Option<Timestamp>,
    /// Whether it would have paged someone.
    pub pages: bool,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// The incident's members.
    pub members: Vec<SourceCode>,
    /// The numbers that raised it.
    pub evidence: Evidence,
    /// When its page went out; for scoring, not part of the line.
    #[serde(skip)]
    pub paged_at: Option<Timestamp>,
    /// Why it does not page; for naming misses, not part of the line.
    #[serde(skip)]
    pub muted_by: Option<Mute>,
}

impl EpisodeLine {
    /// The line of an episode.
    pub fn new(episode: &EpisodeState, paged_at: Option<Timestamp>) -> Self {
        Self {
            id: episode.id.to_string(),
            source: episode.id.source().cloned(),
            rule: episode.id.rule,
            severity: episode.highest,
            raised_at: episode.raised_at,
            cleared_at: episode.cleared_at,
            pages: episode.pages,
            incident: episode.incident.as_ref().map(ToString::to_string),
            members: episode.members.clone(),
            evidence: episode.evidence.clone(),
            paged_at,
            muted_by: episode.muted_by,
        }
    }
}

/// One line of `verdicts.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerdictLine {
    /// Whose.
    pub source: SourceCode,
    /// Since when.
    pub at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// Its reasons.
    pub reasons: Vec<Reason>,
}

impl VerdictLine {
    /// The line of a standing.
    pub fn new(source: SourceCode, at: Timestamp, standing: &Standing) -> Self {
        Self {
            source,
            at,
            verdict: standing.verdict,
            reasons: standing.reasons.clone(),
        }
    }
}
