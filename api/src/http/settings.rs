//! How the listener is set.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use firemain_domain::people::Role;

use super::history::Tail;
use crate::cap::CapSettings;

/// How the listener is set.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpSettings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The address under which people reach it, for links.
    pub public_url: Option<String>,
    /// Certificate chain and private key, both PEM: serve HTTPS.
    pub tls: Option<TlsFiles>,
    /// How people log in.
    pub access: AccessSettings,
    /// Connections at once, at most.
    pub max_connections: usize,
    /// Clients of the live stream at once, at most.
    pub max_streams: usize,
    /// Bytes of an import, at most.
    pub max_import_bytes: usize,
    /// How often sources are to be looked at, and how much photos may take.
    pub inspections: InspectionSettings,
    /// Under whose name alerts are fed to other systems.
    pub cap: CapSettings,
    /// How readings too young for the archive are read from the journal: set it where archiving runs
    /// in another process.
    pub tail: Option<Tail>,
}

/// How people log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessSettings {
    /// A session that is not used for so long is over.
    pub session_idle: Duration,
    /// A session is over after so long.
    pub session_most: Duration,
    /// Addresses of proxies of ours, whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// A foreign issuer that vouches for people.
    pub oidc: Option<OidcSettings>,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            session_idle: Duration::from_hours(12),
            session_most: Duration::from_hours(7 * 24),
            proxies: Vec::new(),
            oidc: None,
        }
    }
}

/// A foreign issuer: OpenID Connect.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OidcSettings {
    /// Its address; `/.well-known/openid-configuration` is asked below it.
    pub issuer: String,
    /// Who we are to it.
    pub client_id: String,
    /// What we prove that with.
    pub client_secret: Option<String>,
    /// Where it sends browsers back to: `…/login/oidc/callback`.
    pub redirect_url: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that names roles: a name, or a JSON pointer.
    pub role_claim: String,
    /// What it names, and which role of ours that is.
    pub roles: BTreeMap<String, Role>,
    /// The claim that names units; absent: everybody acts for all.
    pub units_claim: Option<String>,
    /// PEM file with certificates that may sign the issuer's, beside those of the system.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("role_claim", &self.role_claim)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
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
            access: AccessSettings::default(),
            max_connections: 4_096,
            max_streams: 256,
            max_import_bytes: 200 * 1024 * 1024,
            inspections: InspectionSettings::default(),
            cap: CapSettings::default(),
            tail: None,
        }
    }
}
