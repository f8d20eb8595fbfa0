//! What the process before had journalled and may not have been heard to acknowledge.
//!
//! A device whose acknowledgement was lost with that process sends its message again, marked so.
//! The journal tells which messages there were. A device sends again in the order in which it sent
//! first (MQTT 5, 4.6), so with a message found everything before it on its topic is settled.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use firemain_store::journal::{Body, Journal, JournalError, Position};

use crate::writer::fingerprint;

/// Envelopes looked at.
const MOST_READ: u64 = 20_000;
const READ_AT_ONCE: u64 = 4_096;
/// Messages this much older than the newest one are settled.
const LOOKS_BACK_MS: i64 = 15 * 60_000;
/// Devices come back within this time, ms of the monotonic clock.
const REMEMBERED_MS: u64 = 15 * 60_000;

/// Messages that may come again.
#[derive(Debug, Default)]
pub(super) struct Before {
    of_topic: Mutex<HashMap<Arc<str>, VecDeque<u64>>>,
    until_ms: u64,
}

impl Before {
    /// Reads the end of the journal, before the endpoint lets anybody in.
    pub(super) fn from_journal(
        journal: &dyn Journal,
        monotonic_ms: u64,
    ) -> Result<Self, JournalError> {
        let head = journal.head()?;
        let mut after = Position(head.0.saturating_sub(MOST_READ));
        let mut read = Vec::new();
        while after < head {
            let some = journal.read(after, READ_AT_ONCE.min(head.0 - after.0) as usize)?;
            let Some((newest, _)) = some.last() else {
                break;
            };
            after = *newest;
            read.extend(some.into_iter().map(|(_, envelope)| envelope));
        }
        // The newest message, for our own start is in the journal too, or not yet.
        let newest = read.iter().rev().find_map(|envelope| match envelope.body {
            Body::Message(_) => Some(envelope.received_at),
            Body::Control(_) => None,
        });
        let mut of_topic: HashMap<Arc<str>, VecDeque<u64>> = HashMap::new();
        for envelope in read {
            let old = newest.is_some_and(|at| at.since_ms(envelope.received_at) > LOOKS_BACK_MS);
            if let Body::Message(message) = envelope.body
                && !old
                && !message.copy
                && message.first_received_at.is_none()
            {
                let print = fingerprint(&message.topic, &message.payload);
                of_topic.entry(message.topic).or_default().push_back(print);
            }
        }
        Ok(Self {
            of_topic: Mutex::new(of_topic),
            until_ms: monotonic_ms.saturating_add(REMEMBERED_MS),
        })
    }

    /// Whether a message that is marked as sent before was journalled by the process before.
    pub(super) fn is_copy(&self, topic: &str, print: u64, monotonic_ms: u64) -> bool {
        let mut of_topic = self.of_topic.lock().unwrap_or_else(PoisonError::into_inner);
        if monotonic_ms >= self.until_ms {
            *of_topic = HashMap::new();
        }
        let Some(prints) = of_topic.get_mut(topic) else {
            return false;
        };
        let Some(place) = prints.iter().position(|known| *known == print) else {
            return false;
        };
        prints.drain(..=place);
        if prints.is_empty() {
            of_topic.remove(topic);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use firemain_domain::Timestamp;
    use firemain_domain::judging::Control;
    use firemain_store::journal::{Envelope, JournalOptions, Message, SqliteJournal};

    use super::*;

    fn message(minute: i64, topic: &str, payload: &[u8], copy: bool) -> Envelope {
        Envelope {
            received_at: Timestamp::from_ms(minute * 60_000),
            wall_offset_ms: 0,
            body: Body::Message(Message {
                topic: topic.into(),
                payload: payload.into(),
                retained: false,
                copy,
                cut_from: None,
                first_received_at: None,
            }),
        }
    }

    fn started(minute: i64) -> Envelope {
        Envelope {
            body: Body::Control(Control::Started),
            ..message(minute, "", b"", false)
        }
    }

    fn before(envelopes: &[Envelope]) -> Before {
        let folder = tempfile::tempdir().unwrap();
        let options = JournalOptions {
            keep_ms: 0,
            max_bytes: 1 << 30,
        };
        let journal = SqliteJournal::open(&folder.path().join("journal.db"), options).unwrap();
        journal.append(envelopes).unwrap();
        Before::from_journal(&journal, 1_000).unwrap()
    }

    #[test]
    fn what_the_process_before_journalled_is_a_copy_once_and_in_order() {
        let before = before(&[
            started(1),
            message(80, "a", b"old", false),
            message(90, "a", b"1", false),
            message(99, "a", b"2", false),
            message(99, "a", b"2", true),
            message(99, "b", b"1", false),
            message(99, "a", b"3", false),
            started(200),
        ]);
        let copy =
            |topic: &str, payload: &[u8]| before.is_copy(topic, fingerprint(topic, payload), 2_000);
        assert!(!copy("a", b"old"), "too long ago");
        assert!(!copy("a", b"4"), "never came");
        assert!(copy("a", b"2"));
        assert!(!copy("a", b"2"), "once");
        assert!(!copy("a", b"1"), "it was settled, or it had come before");
        assert!(copy("b", b"1"));
        let print = fingerprint("a", b"3");
        assert!(!before.is_copy("a", print, 1_000 + REMEMBERED_MS));
    }
}
