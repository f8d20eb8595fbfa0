//! When a message is tried again: later each time, and not all at the same moment.

use firemain_domain::Timestamp;
use sha2::{Digest, Sha256};

const FIRST_MS: i64 = 5_000;
const MOST_MS: i64 = 15 * 60_000;
/// No receiver puts us off for longer.
const MOST_ASKED_MS: i64 = 6 * 3_600_000;

/// When to try again after the `n`-th try failed at `now`; `asked_ms`: how long the receiver asks us
/// to wait. The chance in it is drawn from the message's key, so that a run can be repeated.
pub fn next(key: &str, n: u32, now: Timestamp, asked_ms: Option<i64>) -> Timestamp {
    let doubled = FIRST_MS.saturating_mul(1_i64 << n.saturating_sub(1).min(20));
    let ms = doubled.min(MOST_MS);
    let digest = Sha256::digest(format!("{key}/{n}"));
    let chance = i64::from(u16::from_be_bytes([digest[0], digest[1]]));
    // Four fifths to six fifths.
    let jittered = ms * 4 / 5 + ms * 2 / 5 * chance / 65_536;
    let asked = asked_ms.unwrap_or(0).clamp(0, MOST_ASKED_MS);
    now.plus_ms(jittered.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ_from_message_to_message() {
        let now = Timestamp::from_ms(0);
        let pause = |key: &str, n| next(key, n, now, None).ms();
        assert!((4_000..=6_000).contains(&pause("a", 1)));
        assert!((8_000..=12_000).contains(&pause("a", 2)));
        assert!((720_000..=1_080_000).contains(&pause("a", 40)));
        assert_ne!(pause("a", 5), pause("b", 5));
        assert_eq!(pause("a", 5), pause("a", 5));
    }

    #[test]
    fn what_the_receiver_asks_for_is_waited() {
        let now = Timestamp::from_ms(0);
        assert_eq!(next("a", 1, now, Some(90_000)).ms(), 90_000);
        assert_eq!(next("a", 1, now, Some(i64::MAX)).ms(), MOST_ASKED_MS);
    }
}
