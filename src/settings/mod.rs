//! Settings: built-in defaults ← `firemain.toml` ← environment `FIREMAIN__SECTION__KEY`.
//!
//! An unknown key is an error that names the nearest known one; a secret `x` may come from a file as
//! `x_file`. Every key is listed, with its effect, in [`keys`]; `docs/config.md` is checked against
//! that list.

mod access;
pub mod keys;
mod load;
mod secret;
mod span;

pub use access::Access;
pub use load::{SettingsError, load};
pub use secret::Secret;
pub use span::Span;

use std::net::SocketAddr;
use std::path::PathBuf;

use firemain_api::notify::NotifySettings;
use firemain_domain::judging::Rules;
use firemain_wire::Subscription;
use serde::{Deserialize, Serialize};

/// All settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub data: Data,
    pub http: Http,
    pub access: Access,
    pub mqtt: Mqtt,
    pub endpoint: Endpoint,
    pub broker_files: BrokerFiles,
    pub journal: Journal,
    pub archive: Archive,
    pub intake: Intake,
    pub inspections: Inspections,
    pub alerts: Alerts,
    pub reports: Reports,
    pub cap: Cap,
    pub log: Log,
    pub rules: Rules,
    pub notify: NotifySettings,
}

/// `[data]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    pub dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("data"),
        }
    }
}

/// `[http]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            cert_file: None,
            key_file: None,
        }
    }
}

/// `[mqtt]`: the broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mqtt {
    pub url: Option<String>,
    pub client_id: String,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub password_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub subscriptions: Vec<Subscription>,
    pub max_payload_bytes: usize,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            url: None,
            client_id: "firemain".to_owned(),
            username: None,
            password: None,
            password_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            subscriptions: Subscription::defaults(),
            max_payload_bytes: 64 * 1024,
        }
    }
}

/// `[endpoint]`: our own MQTT endpoint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoint {
    pub listen: Option<SocketAddr>,
    pub tls_listen: Option<SocketAddr>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
}

/// `[broker_files]`: the files of a mosquitto that the register's logins are carried into.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrokerFiles {
    pub passwords: Option<PathBuf>,
    pub own_passwords: Option<PathBuf>,
    pub rights: Option<PathBuf>,
    pub own_rights: Option<PathBuf>,
}

/// `[journal]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    pub keep: Span,
    pub max_bytes: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            keep: Span::days(7),
            max_bytes: 20_000_000_000,
        }
    }
}

/// Which archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArchiveKind {
    /// In the data directory.
    #[default]
    Embedded,
    /// InfluxDB 2.
    Influxdb2,
    /// VictoriaMetrics.
    Victoriametrics,
}

/// `[archive]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Archive {
    pub kind: ArchiveKind,
    pub url: Option<String>,
    pub org: String,
    pub bucket: String,
    pub token: Option<Secret>,
    pub token_file: Option<PathBuf>,
    pub read_url: Option<String>,
    pub tenant: Option<String>,
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub password_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub raw_keep: Span,
    pub rollup_keep: Span,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            kind: ArchiveKind::Embedded,
            url: None,
            org: "firemain".to_owned(),
            bucket: "firemain".to_owned(),
            token: None,
            token_file: None,
            read_url: None,
            tenant: None,
            user: None,
            password: None,
            password_file: None,
            ca_file: None,
            raw_keep: Span::days(400),
            rollup_keep: Span::days(3_660),
        }
    }
}

/// `[intake]`: quarantine and unregistered devices.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intake {
    pub quarantine_rows: u64,
    pub unregistered_per_device: u64,
    pub unregistered_devices: u64,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            quarantine_rows: 100_000,
            unregistered_per_device: 10_000,
            unregistered_devices: 10_000,
        }
    }
}

/// `[inspections]`: how often sources are to be looked at, and photos.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inspections {
    pub hydrant_days: u32,
    pub tank_days: u32,
    pub draw_point_days: u32,
    pub photos_max_bytes: u64,
}

impl Default for Inspections {
    fn default() -> Self {
        Self {
            hydrant_days: 180,
            tank_days: 180,
            draw_point_days: 180,
            photos_max_bytes: 5 << 30,
        }
    }
}

/// `[alerts]`: the life of alerts.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    pub close_after_h: u32,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { close_after_h: 24 }
    }
}

/// `[reports]`: what reports of past periods are made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reports {
    pub history_days: u32,
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            history_days: 2_200,
        }
    }
}

/// `[cap]`: alerts for command, rescue and police systems.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cap {
    pub sender: String,
    pub status: String,
}

impl Default for Cap {
    fn default() -> Self {
        Self {
            sender: "firemain".to_owned(),
            status: "actual".to_owned(),
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Pretty on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Auto,
        }
    }
}
