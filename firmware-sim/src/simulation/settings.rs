//! How a simulation runs, what it counts, and what it cannot do.

use firemain_domain::Timestamp;
use firemain_wire::CodecName;

use crate::scenario::ScenarioError;

/// How a simulation runs.
#[derive(Clone, Debug, PartialEq)]
pub struct SimSettings {
    /// Where it begins.
    pub start: Timestamp,
    /// From which everything that chance decides follows.
    pub seed: u64,
    /// What its devices speak.
    pub format: CodecName,
    /// The water is solved anew at least so often, s (60 to 3,600).
    pub hydraulic_step_s: u32,
    /// Whether truths are kept.
    pub truth: bool,
    /// Whether the town's flow tests are known to whoever judges: only then must a
    /// `flow_deficit` be found.
    pub flow_tested: bool,
}

impl SimSettings {
    /// From `start` on, with seed 1, native format, the water solved each quarter of an hour, truths
    /// kept, no flow tests known.
    pub const fn from(start: Timestamp) -> Self {
        Self {
            start,
            seed: 1,
            format: CodecName::Native,
            hydraulic_step_s: 900,
            truth: true,
            flow_tested: false,
        }
    }
}

/// What cannot be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SimError {
    /// A scenario that does not fit the town.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A setting out of its range.
    #[error("{0}")]
    Settings(String),
    /// No such source, or of another kind than is needed.
    #[error("{0}")]
    Place(String),
}

/// Counts of what a simulation has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SimCounts {
    /// Messages that reached the broker.
    pub messages: u64,
    /// Messages that devices had to throw away because their stores were full.
    pub thrown_away: u64,
    /// Messages that devices keep for later.
    pub kept: u64,
    /// How often the engine found no solution and the water stayed as it was.
    pub unsolved: u64,
    /// Truths that found no more room.
    pub truths_left_out: u64,
}
