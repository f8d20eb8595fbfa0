//! The bench of the whole-system tests, as far as the receiver needs it, and a receiver on real
//! stores.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test file uses a part of the bench"
)]

#[path = "../../../tests/support/mosquitto.rs"]
mod mosquitto;
#[path = "../../../tests/support/port.rs"]
mod port;
#[allow(
    clippy::needless_for_each,
    reason = "the file is the whole-system tests' own"
)]
#[path = "../../../tests/support/process.rs"]
mod process;
#[path = "../../../tests/support/servers.rs"]
mod servers;
#[path = "../../../tests/support/subscription.rs"]
mod subscription;
#[path = "../../../tests/support/until.rs"]
mod until;

mod receiver;

pub(crate) use mosquitto::{Mosquitto, MosquittoBuilder};
pub(crate) use receiver::{
    Places, hydrant, journalled, messages, number, said, settings, start, status,
};
pub(crate) use servers::server;
pub(crate) use until::{SOON, Stopwatch, until, until_some};
