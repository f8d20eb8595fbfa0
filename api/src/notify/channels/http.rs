//! A gateway over HTTP by a template: SMS and Zalo gateways differ in little else.

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde_json::Value;

use super::escape::names;
use super::{Answer, ChannelError, Escape, Outgoing, fill, needed, web};
use crate::notify::settings::{ChannelSettings, Hidden};

const KNOWN: [&str; 8] = [
    "text", "to", "key", "secret", "title", "severity", "link", "contact",
];

/// A gateway.
pub struct Gateway {
    client: Client,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<(String, String)>,
    secret: Option<Hidden>,
    to: Option<String>,
    long: bool,
    success_status: Vec<u16>,
    success: Option<(String, Option<String>)>,
}

impl Gateway {
    pub(super) fn new(settings: &ChannelSettings) -> Result<Self, ChannelError> {
        let url = needed("url", settings.url.as_deref())?;
        web::url(
            "url",
            &fill(url, Escape::Url, &KNOWN.map(|name| (name, "x"))),
        )?;
        let method = match settings.method.as_deref().unwrap_or("POST") {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "GET" => Method::GET,
            other => {
                return Err(ChannelError(format!(
                    "`method` is POST, PUT or GET, not {other}"
                )));
            }
        };
        let content_type = settings
            .content_type
            .as_deref()
            .unwrap_or("application/json");
        let templates = settings.body.iter().chain(&settings.headers);
        for template in templates.map(String::as_str).chain([url]) {
            for name in names(template) {
                if !KNOWN.contains(&name) {
                    return Err(ChannelError(format!(
                        "nobody knows `{{{{{name}}}}}`: there are {}",
                        KNOWN.join(", ")
                    )));
                }
                if name == "secret" && settings.secret.is_none() {
                    return Err(ChannelError(
                        "`{{secret}}` is used, but `secret_file` is missing".into(),
                    ));
                }
            }
        }
        Ok(Self {
            client: web::client(settings)?,
            method,
            url: url.to_owned(),
            headers: headers(&settings.headers)?,
            body: settings
                .body
                .clone()
                .map(|body| (content_type.to_owned(), body)),
            secret: settings.secret.clone(),
            to: settings.to.clone(),
            long: settings.long,
            success_status: settings.success_status.clone(),
            success: settings
                .success_pointer
                .clone()
                .map(|pointer| (pointer, settings.success_value.clone())),
        })
    }

    pub(super) fn to(&self) -> Option<&str> {
        self.to.as_deref()
    }

    pub(super) async fn deliver(&self, out: &Outgoing<'_>) -> Answer {
        let what = &out.delivery.what;
        let text = if self.long {
            &out.message.text
        } else {
            &out.message.sms
        };
        let severity = serde_json::to_value(what.severity).unwrap_or_default();
        let values = [
            ("text", text.as_str()),
            ("to", &what.address),
            ("key", &what.key),
            ("secret", self.secret.as_ref().map_or("", Hidden::reveal)),
            ("title", &out.message.title),
            ("severity", severity.as_str().unwrap_or_default()),
            ("link", out.link.unwrap_or_default()),
            ("contact", &what.contact),
        ];
        let url = fill(&self.url, Escape::Url, &values);
        let mut request = self.client.request(self.method.clone(), url);
        for (name, value) in &self.headers {
            request = request.header(name, fill(value, Escape::Header, &values));
        }
        if let Some((content_type, body)) = &self.body {
            let body = fill(body, Escape::of(content_type), &values);
            request = request.header("content-type", content_type).body(body);
        }
        match web::send(request).await {
            Ok(heard) => web::answer(&heard, self.is_success(&heard)),
            Err(answer) => answer,
        }
    }

    fn is_success(&self, heard: &web::Heard) -> bool {
        let status = if self.success_status.is_empty() {
            heard.status.is_success()
        } else {
            self.success_status.contains(&heard.status.as_u16())
        };
        let Some((pointer, wanted)) = &self.success else {
            return status;
        };
        let said: Value = serde_json::from_str(&heard.body).unwrap_or_default();
        let found = said.pointer(pointer).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        status
            && match (found, wanted) {
                (Some(found), Some(wanted)) => found == *wanted,
                (Some(found), None) => found != "null" && found != "false",
                (None, _) => false,
            }
    }
}

/// Headers written as `Name: value`.
pub(super) fn headers(lines: &[String]) -> Result<Vec<(String, String)>, ChannelError> {
    let read = |line: &String| {
        let (name, value) = line.split_once(':')?;
        let (name, value) = (name.trim(), value.trim());
        HeaderName::from_bytes(name.as_bytes()).ok()?;
        HeaderValue::from_str(value).ok()?;
        Some((name.to_owned(), value.to_owned()))
    };
    let wrong = |line: &String| {
        let name = line.split(':').next().unwrap_or_default();
        ChannelError(format!(
            "the header `{name}` must be written as `Name: value`"
        ))
    };
    lines
        .iter()
        .map(|line| read(line).ok_or_else(|| wrong(line)))
        .collect()
}
