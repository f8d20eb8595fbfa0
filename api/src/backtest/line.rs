//! The lines of a recording.

use std::borrow::Cow;

use base64::Engine as _;
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use serde::Deserialize;
use serde_json::value::RawValue;

/// One message of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// When it was received.
    pub received_at: Timestamp,
    /// Its topic.
    pub topic: Cow<'a, str>,
    /// Its payload.
    pub payload: Cow<'a, [u8]>,
}

/// What people changed at some moment of the recording.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TimedChange {
    /// When.
    pub at: Timestamp,
    /// What, as in the register's list of changes.
    pub change: Change,
}

/// Why a line cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Not the JSON object expected.
    #[error("not a line of a recording: {0}")]
    Json(#[from] serde_json::Error),
    /// Its time is neither RFC 3339 nor milliseconds.
    #[error("`received_at` must be RFC 3339 or milliseconds since 1970, not {0}")]
    Time(String),
    /// `payload_base64` is not base64.
    #[error("`payload_base64` is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Neither payload is there, or both.
    #[error("give either `payload` or `payload_base64`")]
    Payload,
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    received_at: &'a RawValue,
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    payload_base64: Option<Cow<'a, str>>,
}

/// A text of JSON, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads `{"received_at":…,"topic":"…","payload":"…"}`, or with `payload_base64`. A payload that is
/// JSON itself, not a text, is taken as it stands.
///
/// # Errors
/// When it is not that.
pub fn read_line(text: &str) -> Result<Line<'_>, LineError> {
    let written: Written<'_> = serde_json::from_str(text)?;
    let payload = match (written.payload, written.payload_base64) {
        (Some(raw), None) if raw.get().starts_with('"') => {
            match serde_json::from_str::<Text<'_>>(raw.get())?.0 {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }
        }
        (Some(json), None) => Cow::Borrowed(json.get().as_bytes()),
        (None, Some(text)) => Cow::Owned(base64::engine::general_purpose::STANDARD.decode(&*text)?),
        _ => return Err(LineError::Payload),
    };
    let received_at = time(written.received_at.get())?;
    Ok(Line {
        received_at,
        topic: written.topic,
        payload,
    })
}

fn time(raw: &str) -> Result<Timestamp, LineError> {
    let text = raw.trim_matches('"');
    let at = if text.len() == raw.len() {
        raw.parse().ok().map(Timestamp::from_ms)
    } else {
        Timestamp::parse(text)
    };
    at.ok_or_else(|| LineError::Time(raw.chars().take(64).collect()))
}

/// Reads `{"at":…,"change":{"change":"incident_opened",…}}`.
///
/// # Errors
/// When it is not that.
pub fn read_change(text: &str) -> Result<TimedChange, LineError> {
    Ok(serde_json::from_str(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_comes_as_text_as_json_or_as_base64() {
        let line = |rest: &str| {
            let text = format!(r#"{{"received_at":"2026-11-23T08:00:00Z","topic":"t"{rest}}}"#);
            read_line(&text).map(|line| line.payload.into_owned())
        };
        assert_eq!(line(r#","payload":"{\"a\":1}""#).unwrap(), br#"{"a":1}"#);
        assert_eq!(line(r#","payload":{"a":1}"#).unwrap(), br#"{"a":1}"#);
        assert_eq!(line(r#","payload_base64":"AQI=""#).unwrap(), [1, 2]);
        assert!(matches!(line(""), Err(LineError::Payload)));
        assert!(read_line("no").is_err());
        let wrong = read_line(r#"{"received_at":"noon","topic":"t","payload":"x"}"#);
        assert!(wrong.unwrap_err().to_string().contains("noon"));
    }

    #[test]
    fn a_time_may_be_milliseconds() {
        let text = r#"{"received_at":1764000000000,"topic":"t","payload":"x"}"#;
        assert_eq!(read_line(text).unwrap().received_at.ms(), 1_764_000_000_000);
    }

    #[test]
    fn a_change_is_told_by_its_name() {
        let text = r#"{"at":"2026-11-23T08:00:00Z","change":{"change":"incident_ended","id":"x","at":"2026-11-23T07:00:00Z"}}"#;
        let change = read_change(text).unwrap();
        assert!(matches!(change.change, Change::IncidentEnded { ref id, .. } if id == "x"));
    }
}
