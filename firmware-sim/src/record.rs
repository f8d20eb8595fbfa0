//! Recordings: the messages as JSON lines, for `firemain backtest` and for tests.

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine as _;
use firemain_domain::Timestamp;
use firemain_domain::time::MINUTE_MS;
use serde::Serialize;

use crate::{SimMessage, Simulation};

/// So far the simulation is let run before errors of the writer are looked at, ms.
const STEP_MS: i64 = 10 * MINUTE_MS;

#[derive(Serialize)]
struct Line<'a> {
    received_at: Timestamp,
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

/// Lets `simulation` run until `until` and writes its messages, a JSON object a line ordered by
/// `received_at`: `{"received_at","topic","payload"}`, of a payload that is no text
/// `payload_base64`. Returns how many were written. The writer is called once a line: buffer it.
///
/// # Errors
/// Those of the writer; the simulation then stands where it came to.
pub fn write(simulation: &mut Simulation, until: Timestamp, mut to: impl Write) -> io::Result<u64> {
    let mut written = 0;
    while simulation.now() < until {
        let next = simulation.now().plus_ms(STEP_MS).min(until);
        let mut failed = Ok(());
        simulation.advance(next, |message| {
            if failed.is_ok() {
                failed = line(&message, &mut to);
                written += 1;
            }
        });
        failed?;
    }
    to.flush()?;
    Ok(written)
}

fn line(message: &SimMessage, to: &mut impl Write) -> io::Result<()> {
    // Empty is text too, and a DEATH.
    let text = std::str::from_utf8(&message.payload).ok();
    let line = Line {
        received_at: message.at,
        topic: &message.topic,
        payload: text.map(Cow::Borrowed),
        payload_base64: text
            .is_none()
            .then(|| base64::engine::general_purpose::STANDARD.encode(&message.payload)),
    };
    serde_json::to_writer(&mut *to, &line)?;
    to.write_all(b"\n")
}
