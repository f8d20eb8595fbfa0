//! What the receivers hand in.

use std::sync::Arc;

use firemain_domain::Timestamp;
use firemain_store::journal::Message;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A message as a receiver took it in. The writer gives it its time of receipt.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Its topic.
    pub topic: Arc<str>,
    /// Its payload; only the beginning where `cut_from` says so.
    pub payload: Vec<u8>,
    /// The broker had kept it: not news.
    pub retained: bool,
    /// Known for a redelivery of a message handed in before.
    pub copy: bool,
    /// The payload's full length where only its beginning is kept.
    pub cut_from: Option<u32>,
    /// When it was first received, where it is journalled again on adoption.
    pub first_received_at: Option<Timestamp>,
}

/// How much of an oversize payload is kept: what quarantine shows.
pub const KEPT_OF_OVERSIZE_BYTES: usize = 4 * 1024;

/// What tells a message from others, to know it when it is sent again: its topic and its payload.
pub(crate) fn fingerprint(topic: &str, payload: &[u8]) -> u64 {
    xxh3_64_with_seed(payload, xxh3_64_with_seed(topic.as_bytes(), 0))
}

impl Arrival {
    /// A fresh message. A payload longer than `limit` bytes is cut to its beginning and marked so,
    /// for quarantine to show.
    pub fn new(topic: Arc<str>, payload: &[u8], limit: usize) -> Self {
        let (kept, cut_from) = if payload.len() > limit {
            let kept = KEPT_OF_OVERSIZE_BYTES.min(limit);
            (
                &payload[..kept],
                Some(u32::try_from(payload.len()).unwrap_or(u32::MAX)),
            )
        } else {
            (payload, None)
        };
        Self {
            topic,
            payload: kept.to_vec(),
            retained: false,
            copy: false,
            cut_from,
            first_received_at: None,
        }
    }

    /// Bytes of its payload, also where only the beginning is kept.
    pub(crate) fn payload_bytes(&self) -> u64 {
        self.cut_from.map_or(self.payload.len() as u64, u64::from)
    }

    /// Bytes it takes in memory, about.
    pub(crate) fn weight(&self) -> usize {
        self.topic.len() + self.payload.len() + 96
    }

    pub(crate) fn into_message(self) -> Message {
        Message {
            topic: self.topic,
            payload: self.payload,
            retained: self.retained,
            copy: self.copy,
            cut_from: self.cut_from,
            first_received_at: self.first_received_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_over_the_limit_keeps_its_beginning_and_says_how_long_it_was() {
        let within = Arrival::new("t".into(), &[7; 100], 100);
        assert_eq!((within.payload.len(), within.cut_from), (100, None));
        let over = Arrival::new("t".into(), &[7; 9_000], 8_000);
        assert_eq!(
            (over.payload.len(), over.cut_from),
            (KEPT_OF_OVERSIZE_BYTES, Some(9_000))
        );
    }
}
