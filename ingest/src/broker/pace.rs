//! Whether it is worth waiting a little for more messages before a batch goes to disk.
//!
//! Where messages come one by one in quick succession, each would be a batch of its own: an fsync,
//! an acknowledgement and four threads woken, some 100 µs of CPU. A few milliseconds' wait makes them
//! one batch. But a broker with a small window sends nothing more until we acknowledge: there, a wait
//! is in vain, and is not tried again for longer and longer.

use std::time::Duration;

/// A wait is two of these; only what comes in the second tells that more was still coming.
pub(super) const HALF: Duration = Duration::from_millis(2);
/// Batches without a wait after one in vain, at most: a wait in 64 batches costs a broker with a
/// window of 20 a tenth of its rate.
const MOST_SKIPPED: u32 = 64;
/// Batches without a wait after one in which messages came in numbers.
const SKIPPED_OF_MANY: u32 = 16;
/// So few messages are worth a wait; of more, a batch costs little enough for each.
const FEW: usize = 128;

/// What waits were worth.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Batches still to go without a wait.
    skip: u32,
    /// Batches without a wait after the newest one in vain.
    skipped: u32,
}

impl Pace {
    /// Whether to wait for more, where so many messages wait to go to disk.
    pub(super) fn waits(&mut self, messages: usize) -> bool {
        if messages == 0 || is_many(messages) {
            return false;
        }
        match self.skip.checked_sub(1) {
            Some(left) => {
                self.skip = left;
                false
            }
            None => true,
        }
    }

    /// So many messages there were before a wait, after its first half and after its second; that one
    /// is left out where they were many by then.
    pub(super) fn waited(&mut self, [_, first, second]: [usize; 3]) {
        if is_many(first) {
            // They come in numbers: what waits meanwhile is the broker.
            (self.skip, self.skipped) = (SKIPPED_OF_MANY, 0);
            return;
        }
        self.skipped = if second > first {
            0
        } else {
            (self.skipped * 2).clamp(1, MOST_SKIPPED)
        };
        self.skip = self.skipped;
    }
}

/// Whether so many messages need not wait for more.
pub(super) const fn is_many(messages: usize) -> bool {
    messages >= FEW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_go_on_while_they_bring_messages() {
        let mut pace = Pace::default();
        for _ in 0..100 {
            assert!(pace.waits(1));
            pace.waited([1, 4, 7]);
        }
        assert!(!pace.waits(0) && !pace.waits(FEW));
    }

    #[test]
    fn a_broker_that_waits_for_us_is_made_to_wait_once_in_64_batches() {
        let mut pace = Pace::default();
        let mut waits = 0;
        for _ in 0..6_500 {
            if pace.waits(20) {
                waits += 1;
                pace.waited([20, 20, 20]);
            }
        }
        assert!((100..=110).contains(&waits), "{waits}");
        while !pace.waits(1) {}
        pace.waited([1, 1, 2]);
        assert!(pace.waits(1));
    }
}
