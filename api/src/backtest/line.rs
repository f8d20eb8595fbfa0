//! The lines of a recording.

use base64::Engine as _;
use firemain_domain::Timestamp;
use firemain_domain::change::Change;
use serde::Deserialize;

/// One message of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When it was received.
    pub received_at: Timestamp,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
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
    /// `payload_base64` is not base64.
    #[error("`payload_base64` is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Neither payload is there, or both.
    #[error("give either `payload` or `payload_base64`")]
    Payload,
}

#[derive(Deserialize)]
struct Written {
    received_at: Timestamp,
    topic: String,
    payload: Option<Payload>,
    payload_base64: Option<String>,
}

/// A payload as text, or as the JSON it is.
#[derive(Deserialize)]
#[serde(untagged)]
enum Payload {
    Text(String),
    Json(Box<serde_json::value::RawValue>),
}

/// Reads `{"received_at":…,"topic":"…","payload":"…"}`, or with `payload_base64`.
///
/// # Errors
/// When it is not that.
pub fn read_line(text: &str) -> Result<Line, LineError> {
    let written: Written = serde_json::from_str(text)?;
    let payload = match (written.payload, written.payload_base64) {
        (Some(Payload::Text(text)), None) => text.into_bytes(),
        (Some(Payload::Json(json)), None) => json.get().as_bytes().to_vec(),
        (None, Some(text)) => base64::engine::general_purpose::STANDARD.decode(text)?,
        _ => return Err(LineError::Payload),
    };
    Ok(Line { received_at: written.received_at, topic: written.topic, payload })
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
    fn a_payload_comes_as_text_or_as_base64() {
        let text = r#"{"received_at":"2026-11-23T08:00:00Z","topic":"t","payload":"{\"a\":1}"}"#;
        assert_eq!(read_line(text).unwrap().payload, br#"{"a":1}"#);
        let base64 = r#"{"received_at":"2026-11-23T08:00:00Z","topic":"t","payload_base64":"AQI="}"#;
        assert_eq!(read_line(base64).unwrap().payload, [1, 2]);
        assert!(read_line(r#"{"received_at":"2026-11-23T08:00:00Z","topic":"t"}"#).is_err());
        assert!(read_line("no").is_err());
    }

    #[test]
    fn a_change_is_told_by_its_name() {
        let text = r#"{"at":"2026-11-23T08:00:00Z","change":{"change":"incident_ended","id":"x","at":"2026-11-23T07:00:00Z"}}"#;
        let change = read_change(text).unwrap();
        assert!(matches!(change.change, Change::IncidentEnded { ref id, .. } if id == "x"));
    }
}
