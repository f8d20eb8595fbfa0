//! Receiving without loss: broker or own endpoint to journal, journal to archive.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod endpoint;

mod status;
mod writer;

pub use status::Counters;
pub use writer::{Appender, Arrival, Closed, KEPT_OF_OVERSIZE_BYTES};
