//! The session at a city's broker: MQTT 3.1.1, quality of service 1, kept by the broker while we are
//! away, each message acknowledged when the journal has it.
//!
//! In: what the broker sends, and what is to be published (canaries, rebirth requests). Out:
//! arrivals to the writer; acknowledgements back when they are on disk. It waits for nothing but the
//! network: backpressure is held acknowledgements, never an unread socket. At the limit of
//! unacknowledged messages it takes leave and comes back when all of them are on disk.

mod address;
mod tls;

mod link;

mod handing;
mod pace;
mod unsettled;
mod window;

mod connection;

mod session;
mod state;

pub use address::{BrokerAddress, WrongUrl};

pub(crate) use session::{Publication, Session, SessionParts};
pub(crate) use state::BrokerState;

use std::path::PathBuf;
use std::time::Duration;

/// What the broker is promised: it hears from us at least so often.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// A broker that takes no byte for so long is given up.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// The broker and how to get in.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BrokerSettings {
    /// `mqtt://host:1883` or `mqtts://host:8883`.
    pub url: String,
    /// User name, where the broker asks for one.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Certificates that may sign the broker's; none: those the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Our client certificate, with `key_file`.
    pub cert_file: Option<PathBuf>,
    /// Its private key.
    pub key_file: Option<PathBuf>,
}

impl std::fmt::Debug for BrokerSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokerSettings")
            .field("url", &self.url)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

impl BrokerSettings {
    fn target(&self, client_id: &str) -> Result<link::Target, WrongUrl> {
        Ok(link::Target {
            address: self.url.parse()?,
            client_id: client_id.to_owned(),
            credentials: self
                .username
                .clone()
                .map(|user| (user, self.password.clone().unwrap_or_default())),
            tls: tls::TlsFiles {
                ca: self.ca_file.clone(),
                cert: self.cert_file.clone(),
                key: self.key_file.clone(),
            },
        })
    }
}

/// Looks whether the broker lets us in, under a name of its own (`{client_id}-doctor`) and without
/// leaving anything there. Says in words for people why not.
///
/// # Errors
/// What is wrong, and what to check.
pub async fn probe(settings: &BrokerSettings, client_id: &str) -> Result<(), String> {
    let target = settings
        .target(&format!("{client_id}-doctor"))
        .map_err(|error| error.to_string())?;
    let (link, _) = link::Link::connect_for_a_moment(&target)
        .await
        .map_err(|error| error.to_string())?;
    link.disconnect().await;
    Ok(())
}
