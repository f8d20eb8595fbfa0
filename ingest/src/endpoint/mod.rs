//! Our own MQTT endpoint (3.1.1 and 5), where there is no broker.
//!
//! In: devices that log in ([`Logins`]) and publish under their own id. Out: their messages in the
//! journal; a message is acknowledged when it is on disk. Back to them: commands, which wait in the
//! register until their device takes them, and its retained status.
//! Connections run on one thread and wait on sockets and the journal; the `desk` is another that
//! waits on the register, where sessions are kept that outlive their connection.

mod run;
mod settings;

mod gate;
mod logins;

mod connection;
mod releases;
mod rights;
mod v3;
mod v5;

mod before;
mod unsettled;

mod sessions;

mod board;
mod client;
mod line;

mod desk;

pub use logins::{Granted, Logins, RegisterLogins};
pub use run::{Endpoint, EndpointParts};
pub use settings::{EndpointError, EndpointSettings, EndpointTls};
