//! What was: how sources lived and stood over time, for reports of a period. Everything comes in order
//! and row by row, so that a report of years needs no more memory than one of a day.

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_domain::judging::{Reason, Severity, Standing, Verdict};
use firemain_domain::source::{KindName, Position, SourceCode, Status};

use super::RegisterError;

/// The histories that reports are made of. Calls block.
pub trait HistoryRegister: Send + Sync {
    /// What every source was over time, until a moment: source by source, the oldest row first.
    fn lives(&self, until: Timestamp, row: &mut dyn FnMut(LifeRow)) -> Result<(), RegisterError>;

    /// How these sources stood from a moment until another: of each the row that held at `from`, if
    /// there is one, and those that followed, oldest first.
    fn verdicts(
        &self,
        sources: &[SourceCode],
        from: Timestamp,
        until: Timestamp,
        of: &mut dyn FnMut(usize, &[VerdictRow]),
    ) -> Result<(), RegisterError>;

    /// Alerts that stood at any time from a moment until another, oldest first.
    fn alerts_within(
        &self,
        from: Timestamp,
        until: Timestamp,
        row: &mut dyn FnMut(AlertRow),
    ) -> Result<(), RegisterError>;

    /// When sources were tested or looked at, until a moment, oldest first; what was withdrawn is
    /// left out.
    fn visits(
        &self,
        what: Visit,
        until: Timestamp,
        row: &mut dyn FnMut(&str, Timestamp),
    ) -> Result<(), RegisterError>;

    /// Work found until a moment, with when it was done.
    fn work_until(
        &self,
        until: Timestamp,
        row: &mut dyn FnMut(&str, Timestamp, Option<Timestamp>),
    ) -> Result<(), RegisterError>;

    /// Forgets rows of verdicts that no longer held at `before`, and bulletins older than that.
    fn prune_history(&self, before: Timestamp) -> Result<(), RegisterError>;
}

/// What people did at a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// They tested its flow.
    FlowTest,
    /// They inspected it.
    Inspection,
}

/// What a source was from a moment on.
#[derive(Clone, Debug, PartialEq)]
pub struct LifeRow {
    /// Which.
    pub source: SourceCode,
    /// Since when.
    pub at: Timestamp,
    /// What it was; `None`: it was struck from the register.
    pub was: Option<Was>,
}

/// What a source was.
#[derive(Clone, Debug, PartialEq)]
pub struct Was {
    /// Its kind.
    pub kind: KindName,
    /// Where in its life.
    pub status: Status,
    /// Where it stood.
    pub position: Position,
    /// The unit that was entered with it.
    pub unit: Option<Arc<str>>,
    /// The flow it owed, L/s.
    pub flow_lps: Option<f64>,
}

/// How a source stood from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictRow {
    /// Since when.
    pub at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// Its reasons.
    pub reasons: Reasons,
}

impl VerdictRow {
    /// As a standing says.
    pub fn of(standing: &Standing) -> Self {
        Self {
            at: standing.since,
            verdict: standing.verdict,
            reasons: Reasons::of(&standing.reasons),
        }
    }
}

/// Reasons, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons(u32);

impl Reasons {
    /// These.
    pub fn of(reasons: &[Reason]) -> Self {
        Self(reasons.iter().fold(0, |bits, reason| bits | bit(*reason)))
    }

    /// As the register keeps them.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// And back.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether it is among them.
    pub fn has(self, reason: Reason) -> bool {
        self.0 & bit(reason) != 0
    }
}

fn bit(reason: Reason) -> u32 {
    let place = Reason::ALL.iter().position(|known| *known == reason);
    place.map_or(0, |place| 1 << place)
}

/// An alert in short.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRow {
    /// About what, as in its id.
    pub subject: String,
    /// Which rule.
    pub rule: String,
    /// The most it mattered.
    pub highest: Severity,
    /// Whether it paged.
    pub pages: bool,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When data cleared it.
    pub cleared_at: Option<Timestamp>,
    /// When somebody took it.
    pub acknowledged_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_kept_a_bit_each_and_come_back() {
        let reasons = Reasons::of(&[Reason::LowStatic, Reason::Stale]);
        let back = Reasons::from_bits(reasons.bits());
        for reason in Reason::ALL {
            let expected = matches!(reason, Reason::LowStatic | Reason::Stale);
            assert_eq!(back.has(reason), expected, "{reason:?}");
        }
        assert!(Reason::ALL.len() <= 32);
    }
}
