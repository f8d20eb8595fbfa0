//! What the server answered, for people: what is wrong and what to do.

use std::time::Duration;

use reqwest::StatusCode;

use super::super::ArchiveError;

/// Characters of a reason that are kept: answers echo whole lines.
const REASON_CHARS: usize = 200;

/// The beginning of a text.
pub(super) fn cut(text: &str) -> String {
    text.trim().chars().take(REASON_CHARS).collect()
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

/// What a status that is no success means for us as a whole.
pub(super) fn status(
    url: &str,
    status: StatusCode,
    body: &str,
    retry_after: Option<Duration>,
) -> ArchiveError {
    let says = cut(body);
    match status.as_u16() {
        401 | 403 => refused(format!(
            "VictoriaMetrics at {url} does not let us in: set `[archive] token_file`, or `user` and \
             `password_file` ({says})"
        )),
        404 => refused(format!(
            "VictoriaMetrics at {url} has no such path: a cluster needs `[archive] tenant`, a single \
             node none ({says})"
        )),
        300..=399 => refused(format!(
            "{url} sends us elsewhere ({status}): set `[archive] url` to the database's own address"
        )),
        408 | 425 | 429 | 500..=599 => busy(
            format!("VictoriaMetrics at {url} answers {status}: {says}"),
            retry_after,
        ),
        _ => refused(format!(
            "VictoriaMetrics at {url} does not take our request ({status}: {says}): is `[archive] \
             url` right?"
        )),
    }
}

/// What it means that no answer came.
pub(super) fn no_answer(url: &str, error: &reqwest::Error) -> ArchiveError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let why = cut(&cause.to_string());
    busy(
        if error.is_timeout() {
            format!("VictoriaMetrics at {url} did not answer in time")
        } else if error.is_connect() {
            format!(
                "VictoriaMetrics at {url} cannot be reached ({why}): is it running, is `[archive] \
                 url` right?"
            )
        } else {
            format!("the connection to VictoriaMetrics at {url} broke: {why}")
        },
        None,
    )
}
