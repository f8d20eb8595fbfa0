//! Judging as a service, and what people and machines may ask of it.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod watch;

pub mod board;

pub mod import;

pub mod http;
