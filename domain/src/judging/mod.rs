//! Judging: `state, envelope | deadline | change → state, effects`.
//!
//! In: what the journal says, in its order, and what people changed, at the positions at which it
//! took effect. Out: verdicts and alert episodes as effects. Nothing else is read, so the same
//! journal always gives the same verdicts: live, after a crash, or in a backtest.

pub mod input;
mod judge;
pub mod outcome;

pub use input::{Control, Input, What};
pub use judge::{Judge, RestoreError, SavedSource};
pub use outcome::{
    Basis, Effect, EpisodeEvent, EpisodeId, EpisodeState, Evidence, LeftOut, Measured, Mute, Note,
    Reason, RuleName, Severity, Standing, Verdict,
};
