//! The embedded journal on real files: what it promises, told as stories, against a model, damaged,
//! shared by processes, and killed.
#![allow(clippy::unwrap_used)]

mod damage;
mod kill;
mod model;
mod room;
mod shared;
mod story;
mod support;
