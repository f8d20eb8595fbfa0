//! Receiving without loss: broker or own endpoint to journal, journal to archive.
//!
//! In: messages of a city's [`broker`] or of devices at our own [`endpoint`]. They go through one
//! [`writer`] to the journal and are acknowledged when they are on disk. Out: points to the
//! [`archive`], which follows the journal with a cursor of its own and may be down for as long as
//! the journal has room; what cannot be used to quarantine; messages of unregistered devices to the
//! intake, from where they are [adopted](adopt) when somebody registers the device. Logins of the
//! register are carried to a broker by its files ([`broker_files`]). How all that
//! goes is told to the register as [`status`]. [`Ingest`] starts and stops it.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod broker;
pub mod broker_files;
pub mod endpoint;

mod canary;
mod writer;

mod devices;

mod archive;

mod adopt;
mod courier;

mod backoff;
mod status;

mod ingest;
mod settings;

pub use broker::{BrokerAddress, BrokerSettings, WrongUrl, probe};
pub use ingest::Ingest;
pub use settings::{IngestSettings, StartError, Stores};
pub use status::Counters;
pub use writer::{Appender, Arrival, Closed, KEPT_OF_OVERSIZE_BYTES, Writer};
