//! What the server answered, for people: what is wrong and what to do.

use std::time::Duration;

use reqwest::StatusCode;

use super::super::ArchiveError;
use super::InfluxSettings;

/// Characters of a reason that are kept: InfluxDB echoes whole lines.
const REASON_CHARS: usize = 200;

/// The beginning of a text.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(REASON_CHARS).collect()
}

/// A person must act.
pub(super) fn refused(reason: impl Into<String>) -> ArchiveError {
    ArchiveError::Refused {
        reason: reason.into(),
    }
}

/// To be tried again.
pub(super) fn busy(reason: impl Into<String>, retry_after: Option<Duration>) -> ArchiveError {
    ArchiveError::Busy {
        reason: reason.into(),
        retry_after,
    }
}

/// What an error body says, without its wrapping, cut.
pub(super) fn message(body: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Told {
        message: String,
    }
    match serde_json::from_str::<Told>(body) {
        Ok(told) => cut(&told.message),
        Err(_) => cut(body.trim()),
    }
}

/// What a status that is no success means for us as a whole.
pub(super) fn status(
    settings: &InfluxSettings,
    status: StatusCode,
    body: &str,
    retry_after: Option<Duration>,
) -> ArchiveError {
    let InfluxSettings {
        url, org, bucket, ..
    } = settings;
    let says = message(body);
    match status.as_u16() {
        401 => refused(format!(
            "InfluxDB at {url} does not know the token: set `[archive] token` to one that may read \
             and write the bucket `{bucket}` ({says})"
        )),
        403 => refused(format!(
            "the token may not do this with the bucket `{bucket}` of `{org}`: give it read and write \
             permission ({says})"
        )),
        404 => refused(format!(
            "InfluxDB at {url} has no bucket `{bucket}` in an organisation `{org}` that this token may \
             see: create it, or correct `[archive] bucket` and `org` ({says})"
        )),
        300..=399 => refused(format!(
            "{url} sends us elsewhere ({status}): set `[archive] url` to InfluxDB's own address"
        )),
        408 | 425 | 429 | 500..=599 => busy(
            format!("InfluxDB at {url} answers {status}: {says}"),
            retry_after,
        ),
        _ => refused(format!(
            "InfluxDB at {url} does not take our request ({status}: {says}): is it an InfluxDB 2, and \
             is `[archive] url` right?"
        )),
    }
}

/// What it means that no answer came.
pub(super) fn no_answer(settings: &InfluxSettings, error: &reqwest::Error) -> ArchiveError {
    let url = &settings.url;
    if error.is_timeout() {
        busy(format!("InfluxDB at {url} did not answer in time"), None)
    } else if error.is_connect() {
        let why = cut(&innermost(error));
        busy(
            format!(
                "InfluxDB at {url} cannot be reached ({why}): is it running, is `[archive] url` right?"
            ),
            None,
        )
    } else {
        busy(
            format!(
                "the connection to InfluxDB at {url} broke: {}",
                cut(&innermost(error))
            ),
            None,
        )
    }
}

/// The cause behind all wrappings.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
