//! Webhooks: JSON to a program, signed.
//!
//! `Firemain-Id` is the message's key, by which the receiver knows a copy; `Firemain-Timestamp` is
//! the moment of the try, seconds since 1970; `Firemain-Signature` is `v1=` and the hexadecimal
//! HMAC-SHA-256 (RFC 2104) over timestamp, a full stop, and the body as it was sent. A receiver
//! refuses what is older than five minutes, and so a copied request is of no use.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use serde_json::json;
use sha2::Sha256;

use super::{Answer, ChannelError, Outgoing, needed, web};
use crate::notify::settings::{ChannelSettings, Hidden};

/// A program that is told.
pub struct Webhook {
    client: Client,
    url: String,
    secret: Hidden,
    headers: Vec<(String, String)>,
}

impl Webhook {
    pub(super) fn new(settings: &ChannelSettings) -> Result<Self, ChannelError> {
        let url = needed("url", settings.url.as_deref())?;
        web::url("url", url)?;
        let secret = settings.secret.clone().ok_or_else(|| {
            ChannelError("`secret_file` is missing: what is sent is signed with it".into())
        })?;
        if secret.reveal().len() < 16 {
            return Err(ChannelError(
                "the secret must have at least 16 characters".into(),
            ));
        }
        Ok(Self {
            client: web::client(settings)?,
            url: url.to_owned(),
            secret,
            headers: super::http::headers(&settings.headers)?,
        })
    }

    pub(super) fn address(&self) -> &str {
        &self.url
    }

    pub(super) async fn deliver(&self, out: &Outgoing<'_>) -> Answer {
        let what = &out.delivery.what;
        let body = json!({
            "id": what.key,
            "notice": what.notice,
            "occasion": what.occasion,
            "severity": what.severity,
            "made_at": what.made_at,
            "try": out.delivery.tries + 1,
            "team": what.team,
            "subject": out.message.subject,
            "language": out.message.language,
            "title": out.message.title,
            "text": out.message.text,
            "sms": out.message.sms,
            "acknowledge": out.link,
            "alert": out.alert,
        })
        .to_string();
        let at_s = out.now.ms() / 1_000;
        let mut request = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("firemain-id", &what.key)
            .header("firemain-timestamp", at_s)
            .header(
                "firemain-signature",
                signature(self.secret.reveal(), at_s, body.as_bytes()),
            );
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match web::send(request.body(body)).await {
            Ok(heard) => web::answer(&heard, heard.status.is_success()),
            Err(answer) => answer,
        }
    }
}

/// The signature of a body at a moment: `v1=` and hexadecimal digits.
pub fn signature(secret: &str, at_s: i64, body: &[u8]) -> String {
    let mut mac: Hmac<Sha256> =
        Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{at_s}.").as_bytes());
    mac.update(body);
    let mut text = "v1=".to_owned();
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_document_is_right() {
        // docs/telling.md shows receivers this very example.
        let signature = signature("a-secret-of-sixteen+", 1_764_000_000, b"{\"id\":\"x\"}");
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/telling.md");
        let document = std::fs::read_to_string(document).unwrap();
        assert!(document.contains(&signature), "{signature}");
    }
}
