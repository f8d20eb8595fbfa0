//! The VictoriaMetrics adapter, on a real single node and on a stand-in for what that never does.
#![allow(clippy::unwrap_used)]

mod support;

#[path = "../archive_story.rs"]
mod story;

mod real;
mod stand_in;
