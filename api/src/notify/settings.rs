//! How telling is set: `[notify]` and `[notify.channels.NAME]`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use firemain_domain::telling::Language;
use serde::{Deserialize, Serialize};

use super::channels::ChannelKind;

/// `[notify]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotifySettings {
    /// By what name people are told.
    pub channels: BTreeMap<String, ChannelSettings>,
    /// The team that is told what no route takes.
    pub fallback_team: Option<String>,
    /// The language of what is told to a team as a whole.
    pub language: Language,
    /// Minutes after which a critical alert that nobody took goes to level 1, 2 and 3.
    pub critical_after_min: [u32; 3],
    /// The same for a major one.
    pub major_after_min: [u32; 3],
    /// Minutes between steps while an alert is taken but nobody is on the way; 0: no more steps.
    pub acknowledged_after_min: u32,
    /// Messages to one contact within ten minutes, beyond which the rest waits for a digest.
    pub digest_after: u32,
    /// Minutes between digests, 1 to 120.
    pub digest_every_min: u32,
    /// The hour of the day at which what is for the list only is told, 0 to 23.
    pub daily_hour: u32,
    /// Hours for which a link acknowledges.
    pub link_hours: u32,
    /// Hours after which a message that no receiver took is given up.
    pub give_up_after_h: u32,
    /// Failures in a row that make a channel dead.
    pub dead_after_failures: u32,
    /// Minutes without success, with something waiting, that make a channel dead.
    pub dead_after_min: u32,
    /// Days for which messages and tries are kept.
    pub keep_days: u32,
    /// Under which address people reach firemain, for links: taken from `[http] public_url`.
    #[serde(skip)]
    pub public_url: Option<String>,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            channels: BTreeMap::new(),
            fallback_team: None,
            language: Language::Vi,
            critical_after_min: [10, 30, 60],
            major_after_min: [30, 120, 240],
            acknowledged_after_min: 60,
            digest_after: 10,
            digest_every_min: 10,
            daily_hour: 7,
            link_hours: 72,
            give_up_after_h: 24,
            dead_after_failures: 5,
            dead_after_min: 10,
            keep_days: 90,
            public_url: None,
        }
    }
}

/// `[notify.channels.NAME]`: what a kind does not use is refused when it starts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// What it is.
    pub kind: ChannelKind,
    /// Where to: of a webhook or gateway the URL, of a mail server `smtp://…` or `smtps://…`.
    #[serde(default)]
    pub url: Option<String>,
    /// A secret: of a webhook what it is signed with, elsewhere a token or password.
    #[serde(default)]
    pub secret: Option<Hidden>,
    /// A file that holds it.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// User name at a mail server.
    #[serde(default)]
    pub username: Option<String>,
    /// Who mails: an address, or `Name <address>`.
    #[serde(default)]
    pub from: Option<String>,
    /// The topic or chat that is told where a contact has no address of their own.
    #[serde(default)]
    pub to: Option<String>,
    /// PEM file with the certificates that may sign the server's; none: those of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How long a try may take, s: 1 to 120.
    #[serde(default = "ten")]
    pub timeout_s: u32,
    /// `POST`, `PUT` or `GET`, of a gateway over HTTP.
    #[serde(default)]
    pub method: Option<String>,
    /// Headers, each as `Name: value`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Body with `{{text}}`, `{{to}}`, `{{key}}`, `{{secret}}`.
    #[serde(default)]
    pub body: Option<String>,
    /// The body's media type, by which what is put in is escaped.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Whether `{{text}}` is the whole text, with diacritics; else it fits into one SMS.
    #[serde(default)]
    pub long: bool,
    /// Status codes that mean success; none: 200 to 299.
    #[serde(default)]
    pub success_status: Vec<u16>,
    /// A JSON pointer into the answer that must hold `success_value`.
    #[serde(default)]
    pub success_pointer: Option<String>,
    /// What it must hold, as text.
    #[serde(default)]
    pub success_value: Option<String>,
    /// The file that messages are appended to.
    #[serde(default)]
    pub path: Option<PathBuf>,
}

const fn ten() -> u32 {
    10
}

impl ChannelSettings {
    /// A channel of that kind with nothing set.
    pub const fn of(kind: ChannelKind) -> Self {
        Self {
            kind,
            url: None,
            secret: None,
            secret_file: None,
            username: None,
            from: None,
            to: None,
            ca_file: None,
            timeout_s: ten(),
            method: None,
            headers: Vec::new(),
            body: None,
            content_type: None,
            long: false,
            success_status: Vec::new(),
            success_pointer: None,
            success_value: None,
            path: None,
        }
    }
}

/// A secret that does not show itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// A secret of that text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

impl Serialize for Hidden {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}
