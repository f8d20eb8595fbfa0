//! Our own MQTT endpoint (3.1.1 and 5), where there is no broker.
//!
//! In: devices that log in ([`Logins`]) and publish under their own id. Out: their messages in the
//! journal; a message is acknowledged when it is on disk. Back to them: commands ([`Commands`]), to
//! whoever has subscribed to its own, kept for a while for a device that is away.
//! It runs on a thread of its own and waits on sockets and the journal.

mod run;
mod settings;

mod gate;
mod logins;

mod connection;
mod releases;
mod rights;
mod unsettled;
mod v3;
mod v5;

mod commands;
mod sessions;

pub use commands::{Commands, Delivery};
pub use logins::{Granted, Logins, RegisterLogins};
pub use run::Endpoint;
pub use settings::{EndpointError, EndpointSettings, EndpointTls};
