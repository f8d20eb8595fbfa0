//! How the listener is set.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::history::Tail;

/// How the listener is set.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpSettings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The address under which people reach it, for links.
    pub public_url: Option<String>,
    /// Certificate chain and private key, both PEM: serve HTTPS.
    pub tls: Option<TlsFiles>,
    /// Listen beyond this machine although there is no login.
    pub allow_without_login: bool,
    /// Connections at once, at most.
    pub max_connections: usize,
    /// Clients of the live stream at once, at most.
    pub max_streams: usize,
    /// Bytes of an import, at most.
    pub max_import_bytes: usize,
    /// How often sources are to be looked at, and how much photos may take.
    pub inspections: InspectionSettings,
    /// How readings too young for the archive are read from the journal: set it where archiving runs
    /// in another process.
    pub tail: Option<Tail>,
}

/// How often sources are to be looked at, and how much photos may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InspectionSettings {
    /// Days between two inspections of a hydrant.
    pub hydrant_days: u32,
    /// Of a tank.
    pub tank_days: u32,
    /// Of a draw point.
    pub draw_point_days: u32,
    /// Bytes that all photos together may take.
    pub photos_max_bytes: u64,
}

impl Default for InspectionSettings {
    fn default() -> Self {
        Self {
            hydrant_days: 180,
            tank_days: 180,
            draw_point_days: 180,
            photos_max_bytes: 5 << 30,
        }
    }
}

/// Certificate chain and private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, PEM.
    pub cert_file: PathBuf,
    /// The key, PEM.
    pub key_file: PathBuf,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            tls: None,
            allow_without_login: false,
            max_connections: 4_096,
            max_streams: 256,
            max_import_bytes: 200 * 1024 * 1024,
            inspections: InspectionSettings::default(),
            tail: None,
        }
    }
}
