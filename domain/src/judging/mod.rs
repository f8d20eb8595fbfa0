//! Judging: `state, envelope | deadline | change → state, effects`.
//!
//! In: what the journal says, in its order, and what people changed, at the positions at which it
//! took effect. Out: verdicts and alert episodes as effects. Nothing else is read, so the same
//! journal always gives the same verdicts: live, after a crash, or in a backtest.
//!
//! A message's way: [`judge`] moves the [`listening`] clocks and fires what fell due on the way
//! ([`time_passes`]); [`hearing`] finds its source and its time ([`arrival`]); [`reading`] tells
//! spikes from steps ([`health`] knows sick sensors from dry mains), learns the [`baseline`] and holds the [`sample`] against the [`rules`], beside what
//! its [`surroundings`] say; a [`condition`] that turns
//! becomes an [`episode`], which pages or waits ([`paging`]); at last the [`verdict`].

pub mod index;
mod input;
pub mod outcome;

mod judge;
mod saved;

mod listening;
mod neighbours;
mod outages;
mod pulse;
mod receive;
mod surroundings;
mod time_passes;
mod world;
mod zones;

mod ahead;
mod areas;
mod arrival;
mod baseline;
mod battery;
mod changes;
mod codes;
mod health;
mod hearing;
mod reading;
mod settings;
mod state;

mod condition;
mod device;
mod flow;
mod replaying;
pub mod rules;
mod sample;
mod tank;
pub mod trend;
mod unauthorised;

mod episode;
mod group;
mod heeding;
mod paging;
mod verdict;
mod zone_drop;

pub use ahead::{Forecast, Foreseen, Why};
pub use baseline::{Expected, Newest, Usual, UsualHour};
pub use input::{Control, Input, What};
pub use judge::{Judge, Look};
pub use outcome::{
    Basis, Detail, Effect, EpisodeEvent, EpisodeId, EpisodeState, Evidence, Heeded,
    HeededResolution, HeededSilence, LeftOut, Measured, Mute, Note, Reason, RuleName, Severity,
    Standing, Subject, Verdict,
};
pub use rules::{ParameterError, Parameters, RuleScope, Rules};
pub use saved::{RestoreError, SavedSource};
pub use surroundings::{Calm, Surroundings};
