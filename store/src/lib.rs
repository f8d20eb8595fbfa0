//! Where things are kept, behind three small traits.
//!
//! [`journal`]: what came in, undecoded, on disk before it is acknowledged.
//! [`archive`]: points by source, quantity and time; embedded, in InfluxDB 2 or in VictoriaMetrics.
//! [`register`]: sources and devices, what people changed, alerts and their effects.
//! [`intake`]: what could not be used yet: quarantine, and messages of unregistered devices.
//! MQTT, HTTP and rules are not known here.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod archive;
pub mod intake;
pub mod journal;
pub mod register;

mod data_dir;
mod database;

pub use data_dir::{DataDir, DataDirError, Lock};
