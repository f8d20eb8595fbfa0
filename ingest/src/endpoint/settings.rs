//! What an endpoint is told, and can fail with.

use std::net::SocketAddr;
use std::path::PathBuf;

use firemain_store::journal::JournalError;
use firemain_store::register::RegisterError;

/// How the endpoint listens, and its limits.
#[derive(Clone, Debug)]
pub struct EndpointSettings {
    /// Address without TLS; port 0 picks a free one.
    pub listen: Option<SocketAddr>,
    /// Address and certificate with TLS.
    pub tls: Option<EndpointTls>,
    /// Also takes clients without credentials, which may publish anything: for a demo, on loopback
    /// only.
    pub open: bool,
    /// Payloads longer than this are kept by their beginning, in quarantine.
    pub payload_limit: usize,
    /// Clients connected at once.
    pub max_sessions: usize,
}

/// The TLS side of an endpoint.
#[derive(Clone, Debug)]
pub struct EndpointTls {
    /// Its address; port 0 picks a free one.
    pub listen: SocketAddr,
    /// PEM file with the certificate chain.
    pub cert_file: PathBuf,
    /// PEM file with the private key.
    pub key_file: PathBuf,
}

/// Why the endpoint does not start.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The port is taken, or the address is not ours.
    #[error(
        "the MQTT endpoint cannot listen on {address} ({source}): stop what uses port {port}, or choose another by [endpoint] listen or tls_listen (demo: --mqtt); port 0 picks a free one",
        port = address.port()
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Without credentials beyond this machine.
    #[error(
        "an endpoint that takes clients without credentials listens on this machine only, not on {0}: use 127.0.0.1, or logins"
    )]
    OpenBeyondLoopback(SocketAddr),
    /// Certificate or key cannot be used.
    #[error("the MQTT endpoint cannot use {path}: {reason}")]
    Tls {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Neither address is given.
    #[error("the MQTT endpoint has no address: set [endpoint] listen or tls_listen")]
    NoAddress,
    /// What the last process left cannot be read.
    #[error("the MQTT endpoint cannot read what devices may send again: {0}")]
    Journal(#[from] JournalError),
    /// Nor its sessions.
    #[error("the MQTT endpoint cannot read its sessions: {0}")]
    Register(#[from] RegisterError),
    /// Its thread does not run.
    #[error("the MQTT endpoint's thread cannot be started: {0}")]
    Thread(std::io::Error),
}
