//! A small blocking HTTP client that speaks JSON.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::Value;
use ureq::{Agent, Body, http::Response};

const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// How long a stream is listened to.
const QUIET: Duration = Duration::from_secs(3);

/// A client of one server.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    base: String,
    headers: Vec<(String, String)>,
    agent: Agent,
}

/// What came back, whatever the status.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }

    /// The JSON of an answer that must be a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "status {}: {}",
            self.status,
            self.text
        );
        self.json()
    }
}

impl Http {
    /// A client of the server at `base`, such as `http://127.0.0.1:8080`.
    pub(crate) fn at(base: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWERS_WITHIN))
            .build()
            .into();
        Self {
            base: base.trim_end_matches('/').to_owned(),
            headers: Vec::new(),
            agent,
        }
    }

    /// Sends this header with every request.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.try_get(path)
            .unwrap_or_else(|| panic!("no answer from {}{path}", self.base))
    }

    /// `None` when nobody answers.
    pub(crate) fn try_get(&self, path: &str) -> Option<Answer> {
        let request = self.agent.get(self.url(path));
        let request = self
            .headers
            .iter()
            .fold(request, |request, (n, v)| request.header(n, v));
        answer(request.call())
    }

    /// The server-sent events of a stream, as kind and data, up to the first second without one.
    #[track_caller]
    pub(crate) fn events_until_quiet(&self, path: &str) -> Vec<(String, String)> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_recv_body(Some(QUIET))
            .build()
            .into();
        let response = agent
            .get(self.url(path))
            .call()
            .expect("the stream answers");
        assert_eq!(response.status().as_u16(), 200, "the stream answers");
        let mut events = Vec::new();
        let mut kind = String::new();
        // The time-out of the body ends the reading.
        for line in BufReader::new(response.into_body().into_reader())
            .lines()
            .map_while(Result::ok)
        {
            if let Some(told) = line.strip_prefix("event:") {
                told.trim().clone_into(&mut kind);
            } else if let Some(data) = line.strip_prefix("data:") {
                events.push((kind.clone(), data.trim().to_owned()));
            }
        }
        events
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, "application/json", &body.to_string())
    }

    #[track_caller]
    pub(crate) fn post_text(&self, path: &str, content_type: &str, body: &str) -> Answer {
        let request = self
            .agent
            .post(self.url(path))
            .header("Content-Type", content_type);
        self.send(path, request, body)
    }

    #[track_caller]
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        let request = self
            .agent
            .put(self.url(path))
            .header("Content-Type", "application/json");
        self.send(path, request, &body.to_string())
    }

    #[track_caller]
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        let request = self
            .agent
            .patch(self.url(path))
            .header("Content-Type", "application/json");
        self.send(path, request, &body.to_string())
    }

    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Answer {
        let request = self.agent.delete(self.url(path));
        let request = self
            .headers
            .iter()
            .fold(request, |request, (n, v)| request.header(n, v));
        answer(request.call()).unwrap_or_else(|| panic!("no answer from {}{path}", self.base))
    }

    #[track_caller]
    fn send(
        &self,
        path: &str,
        request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        body: &str,
    ) -> Answer {
        let request = self
            .headers
            .iter()
            .fold(request, |request, (n, v)| request.header(n, v));
        answer(request.send(body)).unwrap_or_else(|| panic!("no answer from {}{path}", self.base))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn answer(response: Result<Response<Body>, ureq::Error>) -> Option<Answer> {
    let mut response = response.ok()?;
    let content_type = response
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    Some(Answer {
        status: response.status().as_u16(),
        content_type,
        text: response
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()
            .ok()?,
    })
}
