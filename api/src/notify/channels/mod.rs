//! Channels: the ways to somebody. One file per kind; each makes a request of a message and an answer
//! of what comes back.

mod email;
mod escape;
mod file;
mod http;
mod ntfy;
mod telegram;
mod web;
mod webhook;

pub use escape::{Escape, fill, html};
pub use webhook::signature as webhook_signature;

use std::fmt;

use firemain_domain::Timestamp;
use firemain_store::register::telling::Delivery;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::settings::ChannelSettings;
use super::texts::Message;

/// The kinds of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// JSON, signed, to a program.
    Webhook,
    /// Mail by SMTP.
    Email,
    /// A topic of ntfy.
    Ntfy,
    /// A chat of a Telegram bot.
    Telegram,
    /// A gateway over HTTP, such as for SMS or Zalo, by a template.
    Http,
    /// A file to which lines are appended.
    File,
}

/// What is wrong with a channel's settings.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ChannelError(pub String);

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The receiver took it; what it said.
    Accepted(String),
    /// It will never take it; what it said.
    Refused(String),
    /// It may take it later.
    Failed {
        /// Why.
        why: String,
        /// How long it asks us to wait, ms.
        after_ms: Option<i64>,
    },
}

impl Answer {
    fn failed(why: impl Into<String>) -> Self {
        Self::Failed {
            why: why.into(),
            after_ms: None,
        }
    }
}

/// A message on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// As it is kept.
    pub delivery: &'a Delivery,
    /// What it says.
    pub message: &'a Message,
    /// The signed link that takes its alert.
    pub link: Option<&'a str>,
    /// The alert as it was when it was told, JSON; `null` in a digest.
    pub alert: &'a serde_json::Value,
    /// The wall clock.
    pub now: Timestamp,
}

/// A way to somebody.
pub enum Channel {
    /// See [`ChannelKind::Webhook`].
    Webhook(webhook::Webhook),
    /// See [`ChannelKind::Email`].
    Email(Box<email::Email>),
    /// See [`ChannelKind::Ntfy`].
    Ntfy(ntfy::Ntfy),
    /// See [`ChannelKind::Telegram`].
    Telegram(telegram::Telegram),
    /// See [`ChannelKind::Http`].
    Http(Box<http::Gateway>),
    /// See [`ChannelKind::File`].
    File(file::Outbox),
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({:?})", self.kind())
    }
}

impl Channel {
    /// A channel by its settings.
    ///
    /// # Errors
    /// When they do not make one.
    pub fn new(settings: &ChannelSettings) -> Result<Self, ChannelError> {
        if !(1..=120).contains(&settings.timeout_s) {
            return Err(ChannelError("`timeout_s` must be from 1 to 120".into()));
        }
        let mut settings = settings.clone();
        if let Some(path) = &settings.secret_file {
            let text = std::fs::read_to_string(path).map_err(|error| {
                ChannelError(format!(
                    "`secret_file` {} cannot be read: {error}",
                    path.display()
                ))
            })?;
            settings.secret = Some(super::Hidden::new(text.trim_end_matches(['\r', '\n'])));
        }
        Ok(match settings.kind {
            ChannelKind::Webhook => Self::Webhook(webhook::Webhook::new(&settings)?),
            ChannelKind::Email => Self::Email(Box::new(email::Email::new(&settings)?)),
            ChannelKind::Ntfy => Self::Ntfy(ntfy::Ntfy::new(&settings)?),
            ChannelKind::Telegram => Self::Telegram(telegram::Telegram::new(&settings)?),
            ChannelKind::Http => Self::Http(Box::new(http::Gateway::new(&settings)?)),
            ChannelKind::File => Self::File(file::Outbox::new(&settings)?),
        })
    }

    /// What it is.
    pub const fn kind(&self) -> ChannelKind {
        match self {
            Self::Webhook(_) => ChannelKind::Webhook,
            Self::Email(_) => ChannelKind::Email,
            Self::Ntfy(_) => ChannelKind::Ntfy,
            Self::Telegram(_) => ChannelKind::Telegram,
            Self::Http(_) => ChannelKind::Http,
            Self::File(_) => ChannelKind::File,
        }
    }

    /// The address it tells where a contact has none of their own.
    pub fn own_address(&self) -> Option<String> {
        match self {
            Self::Webhook(channel) => Some(channel.address().to_owned()),
            Self::File(channel) => Some(channel.address()),
            Self::Ntfy(channel) => channel.to().map(str::to_owned),
            Self::Telegram(channel) => channel.to().map(str::to_owned),
            Self::Email(channel) => channel.to().map(str::to_owned),
            Self::Http(channel) => channel.to().map(str::to_owned),
        }
    }

    /// Tries to deliver a message; within the channel's time.
    pub async fn deliver(&self, out: &Outgoing<'_>) -> Answer {
        match self {
            Self::Webhook(channel) => channel.deliver(out).await,
            Self::Email(channel) => channel.deliver(out).await,
            Self::Ntfy(channel) => channel.deliver(out).await,
            Self::Telegram(channel) => channel.deliver(out).await,
            Self::Http(channel) => channel.deliver(out).await,
            Self::File(channel) => channel.deliver(out).await,
        }
    }
}

/// A setting that must be there.
fn needed<'a>(what: &str, value: Option<&'a str>) -> Result<&'a str, ChannelError> {
    value
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| ChannelError(format!("`{what}` is missing")))
}
