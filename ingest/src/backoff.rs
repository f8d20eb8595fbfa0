//! How long to wait before trying again: longer each time, never quite alike.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Waits that double from `first` to `most`, each drawn from three quarters to five quarters of it,
/// so that many receivers do not come back in step.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    tries: u32,
    chance: ChaCha8Rng,
}

impl Backoff {
    pub(crate) fn new(first: Duration, most: Duration, seed: u64) -> Self {
        Self {
            first,
            most,
            tries: 0,
            chance: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// How long to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self
            .first
            .saturating_mul(1 << self.tries.min(20))
            .min(self.most);
        self.tries = self.tries.saturating_add(1);
        wait.mul_f64(self.chance.random_range(0.75..1.25))
    }

    /// It worked: the next wait is the first again.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_are_the_same_for_a_seed() {
        let waits = |seed| {
            let mut backoff =
                Backoff::new(Duration::from_millis(100), Duration::from_secs(30), seed);
            (0..12).map(|_| backoff.next()).collect::<Vec<_>>()
        };
        let some = waits(1);
        for (n, wait) in some.iter().enumerate() {
            let plain = Duration::from_millis(100 << n).min(Duration::from_secs(30));
            assert!(
                (plain.mul_f64(0.75)..plain.mul_f64(1.25)).contains(wait),
                "{n}: {wait:?}"
            );
        }
        assert_eq!(some, waits(1));
        assert_ne!(some, waits(2));
    }
}
