//! The canary: what the receiver says to itself to see that messages come the whole way round.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use firemain_domain::Timestamp;
use firemain_domain::clock::SharedClock;
use firemain_store::journal::CANARY_TOPIC;
use serde::{Deserialize, Serialize};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::status::Counters;
use crate::writer::{Appender, Arrival};

/// So often it sings.
pub(crate) const EVERY_MS: u64 = 10_000;

/// Also on a clock that runs very fast.
const SHORTEST: Duration = Duration::from_millis(10);

#[derive(Serialize, Deserialize)]
struct Song {
    at: i64,
}

/// The topic of the receiver with this client id.
pub(crate) fn topic(client_id: &str) -> String {
    // What has a meaning in topics may stand in a client id.
    format!("{CANARY_TOPIC}{}", client_id.replace(['/', '+', '#'], "_"))
}

/// What it says at `at`.
pub(crate) fn payload(at: Timestamp) -> Vec<u8> {
    format!(r#"{{"at":{}}}"#, at.ms()).into_bytes()
}

/// When a canary was sent; `None` if it is none of ours.
pub(crate) fn sent_at(payload: &[u8]) -> Option<Timestamp> {
    serde_json::from_slice::<Song>(payload)
        .ok()
        .map(|song| Timestamp::from_ms(song.at))
}

/// Where there is no broker: journals a canary every ten seconds, from now on.
pub(crate) async fn sing_to_the_journal(
    client_id: String,
    appender: Appender,
    counters: Arc<Counters>,
    clock: SharedClock,
    cancel: CancellationToken,
) {
    let mut every = tokio::time::interval(clock.real(EVERY_MS).max(SHORTEST));
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let topic: Arc<str> = topic(&client_id).into();
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = every.tick() => {}
        }
        let at = clock.now();
        let song = payload(at);
        let arrival = Arrival::new(Arc::clone(&topic), &song, song.len());
        tokio::select! {
            () = cancel.cancelled() => return,
            written = appender.append(arrival) => match written {
                Ok(()) => counters.canary_ms.store(at.ms(), Ordering::Relaxed),
                Err(_) => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_tells_when_it_was_sent() {
        let at = Timestamp::from_ms(1_764_000_000_123);
        assert_eq!(sent_at(&payload(at)), Some(at));
        assert_eq!(sent_at(b"tweet"), None);
        assert_eq!(topic("a/b#"), "firemain/canary/a_b_");
    }
}
