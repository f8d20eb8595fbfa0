//! What falls below its requirement now, worst first.

use firemain_domain::Timestamp;
use firemain_domain::judging::{Reason, Severity, Verdict};

use super::{Entry, View};

/// Flags, and how many there are in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Flagged {
    /// Those asked for, worst first.
    pub entries: Vec<Entry>,
    /// How many sources are flagged in all.
    pub total: usize,
}

/// How bad it is, the worst first. Planned and removed sources, and those of which nothing is
/// required, are not flagged: they owe nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A critical alert stands.
    Critical,
    /// Not to be counted on.
    Unusable,
    /// Known to give less than required.
    Short,
    /// Nobody can say.
    Unknown,
    /// What is required of it was never proven, and nothing says otherwise.
    Unproven,
}

impl Rank {
    /// The rank of a source; `None`: it is not flagged.
    pub fn of(view: &View<'_>) -> Option<Self> {
        let owes_nothing = [Reason::Planned, Reason::Removed, Reason::NoRequirement];
        if owes_nothing
            .into_iter()
            .any(|reason| view.has_reason(reason))
        {
            return None;
        }
        if view.severity() == Some(Severity::Critical) {
            return Some(Self::Critical);
        }
        match view.verdict() {
            Verdict::Usable => None,
            Verdict::Unusable => Some(Self::Unusable),
            Verdict::Unknown => Some(Self::Unknown),
            Verdict::Degraded if view.has_reason(Reason::FlowUnproven) => Some(Self::Unproven),
            Verdict::Degraded => Some(Self::Short),
        }
    }
}

/// The order: rank, then the worse alert, then the greater shortfall as a share of what is
/// required, then the longer so; the code keeps it stable.
#[derive(Debug)]
struct Key {
    rank: Rank,
    severity: Option<Severity>,
    shortfall: f64,
    since: Timestamp,
}

impl Key {
    fn of(view: &View<'_>) -> Option<Self> {
        let rank = Rank::of(view)?;
        let short = view
            .measured()
            .filter_map(|m| Some(-m.margin? / m.limit?.abs().max(1e-9)));
        let shortfall = short.fold(f64::NEG_INFINITY, f64::max);
        Some(Self {
            rank,
            severity: view.severity(),
            shortfall,
            since: view.since(),
        })
    }

    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.rank.cmp(&other.rank))
            .then_with(|| other.severity.cmp(&self.severity))
            .then_with(|| other.shortfall.total_cmp(&self.shortfall))
            .then_with(|| self.since.cmp(&other.since))
    }
}

/// Of all views in order of code, the flagged ones, worst first: `limit` after the first `skip`.
pub(super) fn worst_first<'a>(
    views: impl Iterator<Item = View<'a>>,
    skip: usize,
    limit: usize,
) -> Flagged {
    let mut flagged: Vec<_> = views
        .filter_map(|view| Some((Key::of(&view)?, view)))
        .collect();
    let total = flagged.len();
    flagged.sort_by(|(a, _), (b, _)| a.cmp(b));
    let wanted = flagged.iter().skip(skip).take(limit);
    Flagged {
        entries: wanted.map(|(_, view)| view.entry()).collect(),
        total,
    }
}
