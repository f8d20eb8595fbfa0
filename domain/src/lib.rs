//! What firefighting water is, what each source of it owes, and how it is judged.
//!
//! In: reports of sensors, decoded; what people changed; the passing of journalled time.
//! Out: verdicts and alert episodes, as a list of effects for somebody else to carry out.
//! Nothing here reads a clock, a socket or a disk: the same code judges a live city, catches up
//! after an outage and replays a recorded month.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod clock;
pub mod local_time;
pub mod time;
pub mod units;

pub mod quantity;
pub mod report;

pub mod source;

pub mod hydraulics;
pub mod norms;

pub mod change;
pub mod handling;
pub mod inspections;
pub mod judging;
pub mod people;
pub mod telling;

pub use clock::Clock;
pub use quantity::Quantity;
pub use report::Report;
pub use time::Timestamp;
