//! The bench on which whole-system tests stand: real servers, the real binary, a network that
//! breaks on demand.
//!
//! A test starts what it needs — a [`Mosquitto`], an [`Influx`], a [`Firemain`], a [`Proxy`]
//! between any two — and each listens on a port of its own on loopback, keeps its files in a folder
//! of its own, and dies with the value that stands for it. When a test fails, what each process
//! last said is printed. Nothing here sleeps: tests wait on conditions with a deadline
//! ([`until`]), and there is one place that pauses between two looks.
//!
//! The servers come from `tests/servers/setup.sh` (`make setup`), which writes where they are.
//!
//! Start processes on the test's own thread: where `setpriv` is there, the kernel kills them when
//! the thread that started them ends, so that not even an aborted test leaves one behind.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test file is a crate that uses a part of the bench"
)]

mod until;

mod port;
mod process;
mod servers;

mod influx;
mod mosquitto;
mod subscription;
mod victoria;

mod clock;
mod firemain;

mod http;
mod kept;
mod proxy;

mod certificates;
mod chance;
mod disk;
mod ledger;

pub(crate) use certificates::{Authority, Certificate};
pub(crate) use chance::{Chance, rounds};
pub(crate) use clock::{SteppedClock, now_ms};
pub(crate) use disk::SmallDisk;
pub(crate) use firemain::{Firemain, FiremainBuilder, Ready};
pub(crate) use http::{Answer, Http};
pub(crate) use influx::Influx;
pub(crate) use ledger::Ledger;
pub(crate) use mosquitto::{Mosquitto, MosquittoBuilder};
pub(crate) use port::free_port;
pub(crate) use process::{Process, run};
pub(crate) use proxy::Proxy;
pub(crate) use servers::server;
pub(crate) use subscription::{Message, Subscription};
pub(crate) use until::{SOON, Stopwatch, pause_a_little, until, until_some};
pub(crate) use victoria::Victoria;
