//! What channels over HTTP share: the client, and what answers mean.

use std::sync::Once;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode};

use super::{Answer, ChannelError};
use crate::notify::settings::ChannelSettings;

/// How much of an answer is read and kept.
const ANSWER_BYTES: usize = 4_096;
const KEPT_CHARS: usize = 300;
/// A receiver may ask for a pause of a day, and no more.
const MOST_PAUSE_S: i64 = 86_400;

/// A client by a channel's settings.
pub fn client(settings: &ChannelSettings) -> Result<Client, ChannelError> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Somebody may have chosen one before: then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let mut builder = Client::builder()
        .timeout(Duration::from_secs(u64::from(settings.timeout_s)))
        // A message is for the address that was set, and no other.
        .redirect(Policy::none())
        .user_agent(concat!("firemain/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = &settings.ca_file {
        let unusable = |why: String| ChannelError(format!("`ca_file` {}: {why}", path.display()));
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let certificates =
            Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
        builder = builder.tls_certs_only(certificates);
    }
    builder
        .build()
        .map_err(|error| ChannelError(format!("no client can be made: {error}")))
}

/// An address that a channel may have.
pub fn url(what: &str, text: &str) -> Result<(), ChannelError> {
    let known = reqwest::Url::parse(text).ok();
    let fits = known.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if fits {
        return Ok(());
    }
    Err(ChannelError(format!(
        "`{what}` must be an address such as https://example.org/path"
    )))
}

/// What was answered: status, how long to wait, and the beginning of the body.
pub struct Heard {
    pub status: StatusCode,
    pub after_ms: Option<i64>,
    pub body: String,
}

/// Sends a request and reads the beginning of its answer.
pub async fn send(request: reqwest::RequestBuilder) -> Result<Heard, Answer> {
    let response = request.send().await.map_err(|error| failure(&error))?;
    let status = response.status();
    let after_ms = retry_after_ms(&response);
    let body = beginning(response).await;
    Ok(Heard {
        status,
        after_ms,
        body,
    })
}

/// Why a request failed, without its address: that may hold a token.
fn failure(error: &reqwest::Error) -> Answer {
    let why = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        let mut source = std::error::Error::source(error);
        let mut deepest = None;
        while let Some(inner) = source {
            deepest = Some(inner.to_string());
            source = inner.source();
        }
        let doing = if error.is_connect() {
            "cannot connect"
        } else {
            "broke off"
        };
        deepest.map_or_else(|| doing.to_owned(), |why| format!("{doing}: {why}"))
    };
    Answer::failed(why)
}

async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(ANSWER_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `Retry-After` (RFC 9110, 10.2.3), at most a day.
fn retry_after_ms(response: &Response) -> Option<i64> {
    let header = |name: &str| response.headers().get(name)?.to_str().ok();
    pause_ms(header("retry-after")?, header("date"))
}

/// The pause that is asked for: seconds, or a date. A date is held against the answer's own, for the
/// receiver's clock need not be ours; without one our own pause serves.
fn pause_ms(retry_after: &str, answered: Option<&str>) -> Option<i64> {
    let asked = retry_after.trim();
    let seconds = match asked.parse::<i64>() {
        Ok(seconds) => seconds,
        Err(_) => moment_s(asked)? - moment_s(answered?)?,
    };
    Some(seconds.clamp(0, MOST_PAUSE_S) * 1_000)
}

/// An HTTP date (RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`), seconds since 1970.
fn moment_s(date: &str) -> Option<i64> {
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date.trim());
    parsed.ok().map(jiff::Timestamp::as_second)
}

/// What a status means: success, never, or later.
pub fn answer(heard: &Heard, success: bool) -> Answer {
    let said: String = heard
        .body
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(KEPT_CHARS)
        .collect();
    let said = format!("{} {}", heard.status.as_u16(), said.trim())
        .trim()
        .to_owned();
    if success {
        return Answer::Accepted(said);
    }
    match heard.status.as_u16() {
        // What it does not understand it will not understand tomorrow.
        400 | 405 | 406 | 409..=411 | 413..=417 | 422 | 451 => Answer::Refused(said),
        // A wrong key, a moved address, a limit or a fault of theirs may be put right.
        _ => Answer::Failed {
            why: said,
            after_ms: heard.after_ms,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_a_date_of_the_receivers_own_clock() {
        let answered = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        let cases = [
            ("120", None, Some(120_000)),
            (" 0 ", None, Some(0)),
            ("-5", None, Some(0)),
            ("9999999", None, Some(86_400_000)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", answered, Some(120_000)),
            ("Sun, 06 Nov 1994 08:40:00 GMT", answered, Some(0)),
            ("Mon, 07 Nov 1994 09:49:37 GMT", answered, Some(86_400_000)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", None, None),
            ("soon", answered, None),
        ];
        for (asked, answered, pause) in cases {
            assert_eq!(pause_ms(asked, answered), pause, "{asked} {answered:?}");
        }
    }
}
