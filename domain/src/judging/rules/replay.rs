//! REPLAY: a device that says old things again: an old sequence at an old time, the same message over
//! and over, or, of a device that gives neither time nor sequence, payloads that come again in the
//! order in which they came before.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Devices that say old things again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replay {
    /// Old messages in a row, none of them new, that make a replay.
    pub messages: u8,
    /// Messages closer than this are one: a copy, or a backlog sent newest first, s.
    pub spaced_s: u32,
    /// Of messages without time and sequence: payloads in a row, all different, that came in the same
    /// order before.
    pub payloads: u8,
}

impl Default for Replay {
    fn default() -> Self {
        Self {
            messages: 3,
            spaced_s: 20,
            payloads: 5,
        }
    }
}

/// How many payloads are kept in mind: half a day at one in a quarter of an hour.
const KEPT: usize = 48;

/// The newest payloads of a device, as 16 bits each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Payloads(VecDeque<u16>);

impl Payloads {
    /// Takes one more payload by its hash, and returns whether it and those before it repeat what
    /// came earlier, in the same order. The same few values in turn are no replay: a main at rest
    /// says them every day.
    pub fn repeats(&mut self, replay: &Replay, payload_hash: u64) -> bool {
        let short =
            (payload_hash ^ payload_hash >> 16 ^ payload_hash >> 32 ^ payload_hash >> 48) as u16;
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(short);
        let newest_first: Vec<u16> = self.0.iter().rev().copied().collect();
        let needed = usize::from(replay.payloads.max(2));
        (needed..newest_first.len()).any(|lag| {
            let alike = newest_first.iter().zip(&newest_first[lag..]);
            let alike = alike.take_while(|(now, before)| now == before).count();
            is_varied(&newest_first[..alike], needed)
        })
    }
}

/// Whether so many different ones are among them.
fn is_varied(payloads: &[u16], needed: usize) -> bool {
    let mut different: Vec<u16> = payloads.to_vec();
    different.sort_unstable();
    different.dedup();
    different.len() >= needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repeated_at(payloads: impl IntoIterator<Item = u64>) -> Option<usize> {
        let (replay, mut kept) = (Replay::default(), Payloads::default());
        payloads
            .into_iter()
            .position(|hash| kept.repeats(&replay, hash))
    }

    #[test]
    fn five_different_payloads_in_the_order_of_before_are_a_replay() {
        let table: [(&str, Vec<u64>, Option<usize>); 6] = [
            ("new ones", (0..200).collect(), None),
            (
                "eight over and over",
                (0..40).map(|n| n % 8).collect(),
                Some(12),
            ),
            ("the same one", vec![7; 100], None),
            ("two in turn", (0..100).map(|n| n % 2).collect(), None),
            ("four of before", vec![1, 2, 3, 4, 9, 1, 2, 3, 4, 8], None),
            (
                "in another order",
                vec![1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1],
                None,
            ),
        ];
        for (name, payloads, expected) in table {
            assert_eq!(repeated_at(payloads), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_loop_that_fits_into_what_is_kept_is_found_in_its_second_round(period in 5_u64..40) {
            let found = repeated_at((0..120).map(|n| n % period));
            prop_assert_eq!(found, Some(period as usize + 4));
        }

        #[test]
        fn payloads_that_never_come_again_are_no_replay(mut payloads in prop::collection::vec(0_u64..60_000, 0..200)) {
            payloads.sort_unstable();
            payloads.dedup();
            prop_assert_eq!(repeated_at(payloads), None);
        }
    }
}
