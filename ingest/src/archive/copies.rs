//! When a message without a usable time was first received.
//!
//! Its receipt stands for its time, so a second copy must be given the receipt of the first: the
//! same device, sequence and payload within a day.

use std::collections::HashMap;

use firemain_domain::Timestamp;
use firemain_domain::report::{Mark, Report};
use firemain_domain::time::DAY_MS;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Remembered in each of two generations, at most.
const MOST: usize = 250_000;

/// First receipts of the last day.
#[derive(Debug, Default)]
pub(super) struct Copies {
    newer: HashMap<u64, Timestamp>,
    older: HashMap<u64, Timestamp>,
}

impl Copies {
    /// The receipt of the first copy of this report: an earlier one, or `received_at`.
    pub(super) fn first_receipt(&mut self, report: &Report, received_at: Timestamp) -> Timestamp {
        let Mark::Sequence(sequence) = report.mark else {
            return received_at;
        };
        let key = xxh3_64_with_seed(
            report.device.as_bytes(),
            sequence ^ report.payload_hash.rotate_left(17),
        );
        let known = self
            .newer
            .get(&key)
            .or_else(|| self.older.get(&key))
            .copied();
        if let Some(first) = known.filter(|first| received_at.since_ms(*first).abs() <= DAY_MS) {
            return first;
        }
        if self.newer.len() >= MOST {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, received_at);
        received_at
    }
}

#[cfg(test)]
mod tests {
    use firemain_domain::time::HOUR_MS;

    use super::*;

    fn report(mark: Mark, payload_hash: u64) -> Report {
        Report {
            device: "D".into(),
            mark,
            payload_hash,
            samples: vec![],
            events: vec![],
            online: None,
            via: None,
            unknown_fields: 0,
        }
    }

    #[test]
    fn a_copy_within_a_day_has_the_receipt_of_the_first() {
        let mut copies = Copies::default();
        let noon = Timestamp::from_ms(1_764_000_000_000);
        let hours = |n: i64| noon.plus_ms(n * HOUR_MS);
        let one = report(Mark::Sequence(1), 7);
        assert_eq!(copies.first_receipt(&one, noon), noon);
        assert_eq!(copies.first_receipt(&one, hours(23)), noon);
        assert_eq!(
            copies.first_receipt(&report(Mark::Sequence(1), 8), hours(1)),
            hours(1)
        );
        assert_eq!(
            copies.first_receipt(&one, hours(25)),
            hours(25),
            "a sequence begun anew"
        );
        let unnumbered = report(Mark::Hash(7), 7);
        assert_eq!(copies.first_receipt(&unnumbered, noon), noon);
        assert_eq!(
            copies.first_receipt(&unnumbered, hours(1)),
            hours(1),
            "measured again"
        );
    }
}
