//! Looking at sources: what is checked at which kind, what follows from what was found, and in which
//! order a crew goes its round.

mod checklist;
mod route;

pub use checklist::Work;
pub use route::order;

/// The most sources of a round.
pub const MOST_STOPS: usize = 200;
