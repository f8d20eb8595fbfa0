//! Receiving without loss: broker or own endpoint to journal, journal to archive.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod endpoint;
