//! The InfluxDB 2 adapter, on a real influxd and on a stand-in for what a real one seldom does.
#![allow(clippy::unwrap_used)]

mod support;

#[path = "../archive_story.rs"]
mod story;

mod real;
mod refused;
mod stand_in;
