//! The embedded intake on real files.
#![allow(clippy::unwrap_used)]

mod bounds;
mod story;
mod support;
