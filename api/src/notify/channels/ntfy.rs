//! ntfy: a topic that phones listen to. Published as JSON, so that text needs no header's encoding.

use firemain_domain::judging::Severity;
use firemain_store::register::telling::Occasion;
use reqwest::Client;
use serde_json::json;

use super::{Answer, ChannelError, Outgoing, needed, web};
use crate::notify::settings::{ChannelSettings, Hidden};

/// A server of ntfy.
pub struct Ntfy {
    client: Client,
    url: String,
    token: Option<Hidden>,
    to: Option<String>,
}

impl Ntfy {
    pub(super) fn new(settings: &ChannelSettings) -> Result<Self, ChannelError> {
        let url = needed("url", settings.url.as_deref())?;
        web::url("url", url)?;
        Ok(Self {
            client: web::client(settings)?,
            url: url.to_owned(),
            token: settings.secret.clone(),
            to: settings.to.clone(),
        })
    }

    pub(super) fn to(&self) -> Option<&str> {
        self.to.as_deref()
    }

    pub(super) async fn deliver(&self, out: &Outgoing<'_>) -> Answer {
        let mut body = json!({
            "topic": out.delivery.what.address,
            "title": out.message.title,
            "message": out.message.text,
            "priority": priority(out),
            "tags": tags(out),
        });
        if let Some(link) = out.link {
            body["click"] = json!(link);
            body["actions"] = json!([{
                "action": "view",
                "label": match out.message.language {
                    firemain_domain::telling::Language::Vi => "Nhận việc",
                    firemain_domain::telling::Language::En => "Take it",
                },
                "url": link,
            }]);
        }
        let mut request = self.client.post(&self.url).json(&body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.reveal());
        }
        match web::send(request).await {
            Ok(heard) => web::answer(&heard, heard.status.is_success()),
            Err(answer) => answer,
        }
    }
}

/// 5 (max) to 2 (low).
fn priority(out: &Outgoing<'_>) -> u8 {
    match (out.message.occasion, out.message.severity) {
        (Occasion::Cleared | Occasion::Listed | Occasion::Test, _)
        | (_, Severity::Minor | Severity::Info) => 2,
        (_, Severity::Major) => 4,
        (_, Severity::Critical) => 5,
    }
}

fn tags(out: &Outgoing<'_>) -> Vec<&'static str> {
    let sign = match (out.message.occasion, out.message.severity) {
        (Occasion::Cleared, _) => "white_check_mark",
        (_, Severity::Critical) => "rotating_light",
        (_, Severity::Major) => "warning",
        (_, Severity::Minor | Severity::Info) => "information_source",
    };
    vec![sign, out.message.occasion.name()]
}
