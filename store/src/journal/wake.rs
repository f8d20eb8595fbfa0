//! Waking those who wait for something new.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often appends of another process are looked for: half of what is promised.
const POLL: Duration = Duration::from_millis(10);

/// The newest position known, and those who wait for a newer.
pub(super) struct Wake {
    newest: Mutex<u64>,
    newer: Condvar,
}

impl Wake {
    pub(super) fn at(newest: u64) -> Self {
        Self {
            newest: Mutex::new(newest),
            newer: Condvar::new(),
        }
    }

    /// Something up to `newest` is there.
    pub(super) fn tell(&self, newest: u64) {
        let mut known = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        *known = newest.max(*known);
        self.newer.notify_all();
    }

    /// Waits until this process has told of something after `after`.
    pub(super) fn wait(&self, after: u64, at_most: Duration) -> bool {
        let known = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, _) = self
            .newer
            .wait_timeout_while(known, at_most, |newest| *newest <= after)
            .unwrap_or_else(PoisonError::into_inner);
        *known > after
    }

    /// Waits likewise, and looks again and again for what another process has appended.
    pub(super) fn wait_looking<E>(
        &self,
        after: u64,
        at_most: Duration,
        mut look: impl FnMut() -> Result<u64, E>,
    ) -> Result<bool, E> {
        let mut left = at_most;
        loop {
            if look()? > after {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
            let slice = left.min(POLL);
            if self.wait(after, slice) {
                return Ok(true);
            }
            left -= slice;
        }
    }
}
