//! Telegram: a bot's message to a chat (`sendMessage`), as HTML with everything escaped.

use reqwest::Client;
use serde_json::{Value, json};

use super::{Answer, ChannelError, Outgoing, html, web};
use crate::notify::settings::{ChannelSettings, Hidden};

const API: &str = "https://api.telegram.org";
/// Characters of a message, after which Telegram refuses.
const MOST_CHARS: usize = 4_000;

/// A bot.
pub struct Telegram {
    client: Client,
    base: String,
    token: Hidden,
    to: Option<String>,
}

impl Telegram {
    pub(super) fn new(settings: &ChannelSettings) -> Result<Self, ChannelError> {
        let base = settings.url.as_deref().unwrap_or(API);
        web::url("url", base)?;
        let token = settings
            .secret
            .clone()
            .ok_or_else(|| ChannelError("`secret_file` with the bot's token is missing".into()))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        if token.reveal().is_empty() || !token.reveal().chars().all(plain) {
            return Err(ChannelError(
                "the bot's token has characters that no token has".into(),
            ));
        }
        Ok(Self {
            client: web::client(settings)?,
            base: base.trim_end_matches('/').to_owned(),
            token,
            to: settings.to.clone(),
        })
    }

    pub(super) fn to(&self) -> Option<&str> {
        self.to.as_deref()
    }

    pub(super) async fn deliver(&self, out: &Outgoing<'_>) -> Answer {
        let text: String = out.message.text.chars().take(MOST_CHARS).collect();
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let mut body = json!({
            "chat_id": out.delivery.what.address,
            "text": format!("<b>{}</b>\n{}", html(first), html(rest)).trim_end(),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": true},
        });
        if let Some(link) = out.link {
            let label = match out.message.language {
                firemain_domain::telling::Language::Vi => "Nhận việc",
                firemain_domain::telling::Language::En => "Take it",
            };
            body["reply_markup"] = json!({"inline_keyboard": [[{"text": label, "url": link}]]});
        }
        let url = format!("{}/bot{}/sendMessage", self.base, self.token.reveal());
        match web::send(self.client.post(url).json(&body)).await {
            Ok(mut heard) => {
                let said: Value = serde_json::from_str(&heard.body).unwrap_or_default();
                // Telegram says how long to wait in the body.
                if let Some(seconds) = said
                    .pointer("/parameters/retry_after")
                    .and_then(Value::as_i64)
                {
                    heard.after_ms = Some(seconds.clamp(0, 86_400) * 1_000);
                }
                let taken = heard.status.is_success() && said["ok"] == Value::Bool(true);
                // 403: the person has stopped the bot, and only they can undo it.
                if heard.status.as_u16() == 403 {
                    return Answer::Refused(format!("403 {}", said["description"]));
                }
                web::answer(&heard, taken)
            }
            Err(answer) => answer,
        }
    }
}
