//! A file to which each message is appended as a line of JSON: for trying firemain out, and for
//! programs on the same machine. The line is on disk before the message counts as taken.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::{Answer, ChannelError, Outgoing};
use crate::notify::settings::ChannelSettings;

/// A file.
pub struct Outbox {
    path: PathBuf,
}

impl Outbox {
    pub(super) fn new(settings: &ChannelSettings) -> Result<Self, ChannelError> {
        let path = settings
            .path
            .clone()
            .ok_or_else(|| ChannelError("`path` is missing".into()))?;
        Ok(Self { path })
    }

    pub(super) fn address(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) async fn deliver(&self, out: &Outgoing<'_>) -> Answer {
        let what = &out.delivery.what;
        let mut line = json!({
            "at": out.now,
            "id": what.key,
            "occasion": what.occasion,
            "severity": what.severity,
            "to": what.contact,
            "title": out.message.title,
            "text": out.message.text,
            "sms": out.message.sms,
            "acknowledge": out.link,
        })
        .to_string();
        line.push('\n');
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || {
            let mut file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        });
        match written.await {
            Ok(Ok(())) => Answer::Accepted("written".to_owned()),
            Ok(Err(error)) => Answer::failed(error.to_string()),
            Err(error) => Answer::failed(error.to_string()),
        }
    }
}
